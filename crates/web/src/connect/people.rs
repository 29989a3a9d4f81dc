//! Pages: the walk of a customer, and what operators see and do.

mod customer;
mod operator;

use axum::Router;

use super::ConnectState;

pub(super) fn router() -> Router<ConnectState> {
    Router::new().merge(customer::router()).merge(operator::router())
}
