use ::connect::{ConnectionFilter, ConnectionId, Need, StateKind};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::ConnectState;
use super::super::json::{connection_json, disconnected_json};
use super::backend::Backend;
use super::paging;
use super::refusal::{Backends, Refusal};
use crate::shared::{Json, Path, Problem, Query};

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    reference: Option<String>,
    state: Option<String>,
    provider: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

pub(super) async fn list(
    State(state): State<ConnectState>,
    backend: Backend,
    Query(wanted, _): Query<Wanted, Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Connections)?;
    let limit = paging::limit(wanted.limit)?;
    let told: Option<StateKind> = wanted
        .state
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error| Problem::bad_request(format!("`state` is not accepted: {error}.")))?;
    let after: Option<ConnectionId> = wanted
        .after
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|_| Problem::bad_request("`after` is not a cursor of this list."))?;
    // One more than asked for tells whether the list goes on.
    let filter = ConnectionFilter {
        reference: wanted.reference,
        state: told,
        provider: wanted.provider,
        text: None,
        after,
        limit: limit + 1,
    };
    let mut found = state.connect.connections(&filter).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|found| found.connection.id.to_string());
    Ok(axum::Json(paging::list(&found.iter().map(connection_json).collect::<Vec<_>>(), next.as_deref())))
}

pub(super) async fn show(
    State(state): State<ConnectState>,
    backend: Backend,
    Path(id, _): Path<ConnectionId, Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Connections)?;
    let found = state.connect.connection(id).await?.ok_or_else(Problem::not_found)?;
    Ok(axum::Json(connection_json(&found)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Changes {
    reference: Option<String>,
    settings: Option<Map<String, Value>>,
}

pub(super) async fn change(
    State(state): State<ConnectState>,
    backend: Backend,
    Path(id, _): Path<ConnectionId, Backends>,
    Json(changes, _): Json<Changes, Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Connections)?;
    let settings = changes.settings.unwrap_or_default();
    let found = state.connect.change_settings(id, changes.reference.as_deref(), &settings).await?;
    Ok(axum::Json(connection_json(&found)))
}

pub(super) async fn disconnect(
    State(state): State<ConnectState>,
    backend: Backend,
    Path(id, _): Path<ConnectionId, Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Connections)?;
    let done = state.connect.disconnect(id).await?;
    Ok(axum::Json(disconnected_json(&done)))
}
