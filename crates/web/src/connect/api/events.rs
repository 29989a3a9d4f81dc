use std::time::Duration;

use ::connect::Need;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;

use super::super::ConnectState;
use super::super::json::event_json;
use super::backend::Backend;
use super::paging;
use super::refusal::{Backends, Refusal};
use crate::shared::{Problem, Query};

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    after: Option<u64>,
    wait: Option<u64>,
    limit: Option<u32>,
}

/// The longest time a reader may wait, in seconds.
const LONGEST_WAIT: u64 = 60;

/// `next` is always there: it is where the reader goes on, also when nothing was new.
pub(super) async fn events(
    State(state): State<ConnectState>,
    backend: Backend,
    Query(wanted, _): Query<Wanted, Backends>,
) -> Result<axum::Json<Value>, Refusal> {
    backend.need(Need::Connections)?;
    let limit = paging::limit(wanted.limit)?;
    let wait = wanted.wait.unwrap_or(0);
    if wait > LONGEST_WAIT {
        return Err(
            Problem::bad_request(format!("`wait` is a number of seconds up to {LONGEST_WAIT}.")).into()
        );
    }
    let after = wanted.after.unwrap_or(0);
    let events = state.connect.events(after, limit, Duration::from_secs(wait)).await?;
    let next = events.last().map_or(after, |event| event.position);
    Ok(axum::Json(paging::list(&events.iter().map(event_json).collect::<Vec<_>>(), Some(&next.to_string()))))
}
