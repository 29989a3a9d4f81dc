use std::sync::Arc;

use audit::Origin;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, header};
use sandbox::Standin;

use crate::shared::{ClientAddress, current_request};

fn authorization(headers: &HeaderMap) -> Option<&str> {
    // A header that is no text is one that cannot be read as Basic: the engine says so.
    headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or("unreadable"))
}

fn origin(address: ClientAddress) -> Origin {
    Origin { source: Some(address.0.to_string()), request_id: current_request().map(|id| id.to_string()) }
}

pub(super) async fn token(
    State(standin): State<Arc<Standin>>,
    address: ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    standin.token(authorization(&headers), &body, &origin(address)).await.map(Body::from)
}

pub(super) async fn revoke(
    State(standin): State<Arc<Standin>>,
    address: ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    standin.revoke(authorization(&headers), is_json, &body, &origin(address)).await.map(Body::from)
}
