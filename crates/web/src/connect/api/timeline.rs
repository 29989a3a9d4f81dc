use ::connect::{ConnectionId, Need};
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;

use super::super::ConnectState;
use super::super::json::event_json;
use super::backend::Backend;
use super::paging;
use super::refusal::{Backends, Refusal};
use crate::shared::{Path, Problem, Query};

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    after: Option<u64>,
    limit: Option<u32>,
}

pub(super) async fn timeline(
    State(state): State<ConnectState>,
    backend: Backend,
    Path(id, _): Path<ConnectionId, Backends>,
    Query(wanted, _): Query<Wanted, Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Connections)?;
    let limit = paging::limit(wanted.limit)?;
    state.connect.connection(id).await?.ok_or_else(Problem::not_found)?;
    let mut events = state.connect.timeline(id, wanted.after, limit + 1).await?;
    let more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let next = events.last().filter(|_| more).map(|event| event.position.to_string());
    Ok(axum::Json(paging::list(&events.iter().map(event_json).collect::<Vec<_>>(), next.as_deref())))
}
