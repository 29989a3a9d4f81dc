use ::connect::{ConnectionId, Need};
use axum::extract::State;
use serde_json::Value;

use super::super::ConnectState;
use super::super::json::connection_json;
use super::backend::Backend;
use super::refusal::{Backends, Refusal};
use crate::shared::Path;

pub(super) async fn confirm(
    State(state): State<ConnectState>,
    backend: Backend,
    Path(id, _): Path<ConnectionId, Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Connections)?;
    let found = state.connect.confirm_pair(id).await?;
    Ok(axum::Json(connection_json(&found)))
}
