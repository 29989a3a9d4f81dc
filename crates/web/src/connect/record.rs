//! What operators and backends do, on record. The acts are a table by method and route, so that none is forgotten: a test holds it
//! against the doors there are.

use std::sync::{Arc, OnceLock};

use audit::{Actor, AuditEvent};
use axum::extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{Method, StatusCode};

use super::ConnectState;
use crate::shared::origin_of;

/// An act: the method, the route, and what the record says was done.
pub type Act = (&'static str, &'static str, &'static str);

/// Every act on this side. Lending a token, calling through the proxy and saying that a token was refused are use, not acts; signing
/// in and out is recorded where it is done; the walk of a customer is in the connection's own timeline.
pub const ACTS: [Act; 11] = [
    ("POST", "/v1/connect-sessions", "connect_session.created"),
    ("PATCH", "/v1/connections/{id}", "connection.changed"),
    ("DELETE", "/v1/connections/{id}", "connection.disconnected"),
    ("POST", "/v1/connections/{id}/confirm", "connection.confirmed"),
    ("POST", "/v1/connections/{id}/reauthorise", "sign_in_link.created"),
    ("PUT", "/v1/connections/{id}/{end}/api-key", "api_key.replaced"),
    ("POST", "/connections/{id}/{end}/reauthorise", "sign_in_link.created"),
    ("POST", "/connections/{id}/{end}/api-key", "api_key.replaced"),
    ("POST", "/connections/{id}/disconnect", "connection.disconnected"),
    ("POST", "/settings/tokens", "api_token.created"),
    ("POST", "/settings/tokens/{id}/revoke", "api_token.revoked"),
];

/// Where an extractor leaves who acts, for what comes after the handler.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundActor(Arc<OnceLock<Actor>>);

impl FoundActor {
    /// Leaves it in a request, if that is about an act.
    pub(super) fn leave(parts: &http::request::Parts, actor: impl FnOnce() -> Actor) {
        if let Some(slot) = parts.extensions.get::<Self>() {
            slot.0.get_or_init(actor);
        }
    }
}

fn kind_of(method: &Method, route: &str) -> Option<&'static str> {
    ACTS.iter().find(|(of, at, _)| *of == method.as_str() && *at == route).map(|(_, _, kind)| *kind)
}

/// Around the routes that have acts.
pub(super) async fn record(State(state): State<ConnectState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let base = state.site.base_path();
    let kind = route.as_deref().and_then(|route| {
        kind_of(
            request.method(),
            route.strip_prefix(base).filter(|rest| rest.starts_with('/')).unwrap_or(route),
        )
    });
    let (Some(ledger), Some(kind)) = (state.ledger.clone(), kind) else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let found = FoundActor::default();
    parts.extensions.insert(found.clone());
    let origin = origin_of(&mut parts).await;
    let of_path = RawPathParams::from_request_parts(&mut parts, &()).await.ok();
    let of_path: Vec<(String, String)> =
        of_path.iter().flatten().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let response = next.run(Request::from_parts(parts, body)).await;
    let actor = found.0.get().cloned().unwrap_or(Actor::Unknown);
    let status = response.status();
    let mut event = AuditEvent::new(kind, actor).origin(&origin);
    for (name, value) in of_path {
        event = if name == "id" { event.subject(value) } else { event.with(&name, value) };
    }
    if status.is_success() || status.is_redirection() && event.actor != Actor::Unknown {
        ledger.done(event).await;
    } else if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        let refused = AuditEvent { kind: "act.refused", ..event };
        ledger.refused(refused.with("act", kind).with("status", status.as_u16())).await;
    }
    response
}
