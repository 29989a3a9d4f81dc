use ::connect::{ConnectionId, End, Need};
use axum::extract::State;
use refresh::CredentialKind;
use serde_json::{Value, json};

use super::super::ConnectState;
use super::backend::Backend;
use super::refusal::{Backends, Refusal};
use crate::shared::Path;

pub(super) async fn token(
    State(state): State<ConnectState>,
    backend: Backend,
    Path((id, end), _): Path<(ConnectionId, End), Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Token)?;
    let lent = state.connect.token(id, end).await?;
    let token_type = match lent.kind {
        CredentialKind::OAuth => "Bearer",
        CredentialKind::ApiKey => "api_key",
    };
    Ok(axum::Json(json!({
        "access_token": lent.access_token.expose(),
        "token_type": token_type,
        "expires_at": lent.expires_at,
        "generation": lent.generation,
    })))
}
