//! The doors of the connect side: the API for backends, the pages customers walk through, the pages of operators.

mod api;
mod json;
pub mod pages;
mod people;
mod record;

use std::fmt;
use std::sync::Arc;

use ::connect::Connect;
use audit::Ledger;
use axum::Router;
use axum::middleware::from_fn_with_state;
use identity::Identity;

use crate::shared::{Manner, Site};

pub use api::{Door, doors};
pub use json::{connection_json, disconnected_json, event_json};
pub use record::{ACTS, Act};

/// What the connect side's doors open on.
#[derive(Clone)]
pub struct ConnectState {
    /// The integration's side.
    pub connect: Connect,
    /// The operators.
    pub identity: Arc<Identity>,
    /// Takes the records of what is done here; None where nothing is recorded.
    pub ledger: Option<Arc<Ledger>>,
    /// The server itself; the same that the router is framed with.
    pub site: Arc<Site>,
}

impl fmt::Debug for ConnectState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectState").field("site", &self.site).finish_non_exhaustive()
    }
}

/// All routes of the connect side. To be put into [`frame`](crate::shared::frame) with a site whose `manner_of` is [`manner_of`].
pub fn router(state: ConnectState) -> Router {
    let record = from_fn_with_state(state.clone(), record::record);
    let people = people::router().route_layer(record);
    Router::new().merge(api::router(&state)).merge(people).with_state(state)
}

/// Which shape refusals have, by path: the API's are marked as ours, so that they are told from a provider's answer.
pub fn manner_of(path: &str) -> Manner {
    if path == "/v1" || path.starts_with("/v1/") {
        Manner::of::<api::Backends>()
    } else {
        Manner::by_path(path)
    }
}
