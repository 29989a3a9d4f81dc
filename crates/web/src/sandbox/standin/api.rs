use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::Secret;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use sandbox::{Call, Standin};
use serde_json::Value;

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)
}

/// Every path that is no page and no OAuth endpoint.
pub(super) async fn call(
    State(standin): State<Arc<Standin>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let static_tokens = text(&headers, "x-appsecrettoken").zip(text(&headers, "x-agreementgranttoken"));
    let call = Call {
        method: method.to_string(),
        path: uri.path().to_owned(),
        bearer: text(&headers, header::AUTHORIZATION.as_str()).and_then(|value| oauth::bearer::read(&value)),
        static_tokens: static_tokens.map(|(secret, token)| (Secret::new(secret), Secret::new(token))),
        company_header: standin.company_header().and_then(|name| text(&headers, name)),
        body: serde_json::from_slice(&body).ok(),
    };
    let answer = standin.call(&call).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match answer.body {
        Value::Null => status.into_response(),
        body => (status, Json(body)).into_response(),
    }
}
