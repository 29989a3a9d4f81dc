use ::connect::Need;
use axum::extract::State;
use serde_json::{Value, json};

use super::super::ConnectState;
use super::backend::Backend;
use super::paging;
use super::refusal::Refusal;

/// What this deployment knows of each provider, and whether it has a client there.
pub(super) async fn list(
    State(state): State<ConnectState>,
    backend: Backend,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Connections)?;
    let clients = state.connect.clients().await?;
    let rows: Vec<_> = state
        .connect
        .directory()
        .iter()
        .map(|access| {
            let provider = &access.provider;
            let client = clients.iter().find(|client| {
                client.provider == provider.id.as_str() && client.environment == access.endpoints.environment
            });
            json!({
                "id": provider.id,
                "name": provider.name,
                "side": provider.side,
                "environment": access.endpoints.environment,
                "oauth": provider.oauth.is_some(),
                "api_key": provider.api_key.is_some(),
                "client_id": client.map(|client| client.client_id.as_str()),
                "scopes": provider.oauth.as_ref().map(|oauth| oauth.scopes.clone()),
                "grant_per": provider.grant_per,
                "rate_limits": provider.rate_limits,
            })
        })
        .collect();
    Ok(axum::Json(paging::list(&rows, None)))
}
