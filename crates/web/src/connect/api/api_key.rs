use ::connect::{ConnectionId, End, Need};
use axum::extract::State;
use base::Secret;
use serde::Deserialize;
use serde_json::Value;

use super::super::ConnectState;
use super::super::json::connection_json;
use super::backend::Backend;
use super::refusal::{Backends, Refusal};
use crate::shared::{Json, Path, Problem};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offered {
    api_key: Secret<String>,
}

pub(super) async fn replace(
    State(state): State<ConnectState>,
    backend: Backend,
    Path((id, end), _): Path<(ConnectionId, End), Backends>,
    Json(offered, _): Json<Offered, Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Connections)?;
    state.connect.replace_key(id, end, &offered.api_key).await?;
    let found = state.connect.connection(id).await?.ok_or_else(Problem::not_found)?;
    Ok(axum::Json(connection_json(&found)))
}
