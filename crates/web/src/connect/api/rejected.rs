use ::connect::{ConnectionId, End, Need};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::ConnectState;
use super::backend::Backend;
use super::refusal::{Backends, Refusal};
use crate::shared::{Json, Path};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refused {
    generation: u64,
}

pub(super) async fn rejected(
    State(state): State<ConnectState>,
    backend: Backend,
    Path((id, end), _): Path<(ConnectionId, End), Backends>,
    Json(refused, _): Json<Refused, Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Rejected)?;
    let answer = state.connect.rejected(id, end, refused.generation).await?;
    Ok(axum::Json(json!({ "generation": answer.generation, "refreshed": answer.refreshed })))
}
