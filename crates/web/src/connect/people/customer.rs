//! The walk of a customer: from the link to the pair.

mod begin;
mod browser;
mod callback;
mod link;
mod show;
mod stopped;
mod walk;

pub(super) use show::detail;

use axum::Router;
use axum::routing::get;

use super::super::ConnectState;

pub(super) fn router() -> Router<ConnectState> {
    Router::new()
        .route("/connect", get(begin::offer).post(begin::begin))
        .route("/connect/{token}", get(link::look).post(link::start))
        .route("/connect/session/{id}", get(walk::show).post(walk::step))
        .route("/callback/{provider}", get(callback::callback))
}
