use ::connect::proxy::Call;
use ::connect::{ConnectionId, End, Need};
use axum::body::Body;
use axum::extract::{OriginalUri, Request, State};
use axum::response::Response;
use serde::Deserialize;

use super::super::ConnectState;
use super::backend::Backend;
use super::refusal::{Backends, Refusal};
use crate::shared::{Path, Problem};

#[derive(Debug, Deserialize)]
pub(super) struct Target {
    id: ConnectionId,
    end: End,
}

pub(super) async fn proxy(
    State(state): State<ConnectState>,
    backend: Backend,
    Path(Target { id, end }, _): Path<Target, Backends>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Result<Response, Refusal> {
    let caller = backend.need(Need::Proxy)?;
    let may_disconnect = caller.may(Need::Connections);
    // As it was sent: decoding and encoding again would change it.
    let sent = uri.path_and_query().map_or_else(|| uri.path(), |sent| sent.as_str());
    let path_and_query = after_proxy(sent, id, end)
        .ok_or_else(|| Problem::bad_request("The path cannot be read."))?
        .to_owned();
    let (parts, body) = request.into_parts();
    let call = Call {
        method: parts.method,
        path_and_query,
        headers: parts.headers,
        body: outbound::Body::wrap(body),
        may_disconnect,
    };
    let answer = state.connect.proxy(id, end, call).await?;
    Ok(answer.map(Body::new))
}

/// What follows `/{id}/{end}/proxy`.
fn after_proxy(sent: &str, id: ConnectionId, end: End) -> Option<&str> {
    let before = format!("/{id}/{end}/proxy");
    sent.find(&before).map(|at| &sent[at + before.len()..])
}
