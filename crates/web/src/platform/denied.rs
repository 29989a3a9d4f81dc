//! A call of a resource API that is denied although its credential is good, on record.

use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use platform::Caller;

use super::PlatformState;
use crate::shared::origin_of;

/// Where the extractor of a credential leaves whose it is, for what comes after the handler.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundCaller(pub(super) Arc<OnceLock<Caller>>);

/// Around every route of the resource APIs.
pub(super) async fn record(State(state): State<PlatformState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let found = FoundCaller::default();
    parts.extensions.insert(found.clone());
    let origin = origin_of(&mut parts).await;
    let route = parts.extensions.get::<MatchedPath>().cloned();
    let method = parts.method.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status() == StatusCode::FORBIDDEN
        && let Some(caller) = found.0.get()
    {
        let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
        let reason = format!("may not {method} {route}");
        state.platform.tell_denied_call(caller, &reason, &origin).await;
    }
    response
}
