use ::connect::{ConnectionId, End, Need};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::Timestamp;
use refresh::CredentialKind;
use serde::Serialize;

use super::super::ConnectState;
use super::backend::Backend;
use super::refusal::{Backends, Refusal};
use crate::shared::Path;

/// The answer. A type of its own and no JSON value, since this is read more often than anything else.
#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    expires_at: Option<Timestamp>,
    generation: u64,
    token_type: &'static str,
}

pub(super) async fn token(
    State(state): State<ConnectState>,
    backend: Backend,
    Path((id, end), _): Path<(ConnectionId, End), Backends>,
) -> Result<Response, Refusal> {
    backend.need(Need::Token)?;
    let lent = state.connect.token(id, end).await?;
    let token_type = match lent.kind {
        CredentialKind::OAuth => "Bearer",
        CredentialKind::ApiKey => "api_key",
    };
    let answer = Answer {
        access_token: lent.access_token.expose(),
        expires_at: lent.expires_at,
        generation: lent.generation,
        token_type,
    };
    Ok(axum::Json(answer).into_response())
}
