//! The API for the integration's backends.

mod api_key;
mod backend;
mod confirm;
mod connections;
mod events;
mod paging;
mod providers;
mod proxy;
mod reauthorise;
mod refusal;
mod rejected;
mod sessions;
mod timeline;
mod token;

use axum::Router;
use axum::routing::{any, get, post, put};

use super::ConnectState;

pub(super) use refusal::Backends;

/// The routes below `/v1`.
pub(super) fn router() -> Router<ConnectState> {
    Router::new()
        .route("/v1/connect-sessions", post(sessions::create))
        .route("/v1/connections", get(connections::list))
        .route(
            "/v1/connections/{id}",
            get(connections::show).patch(connections::change).delete(connections::disconnect),
        )
        .route("/v1/connections/{id}/confirm", post(confirm::confirm))
        .route("/v1/connections/{id}/reauthorise", post(reauthorise::reauthorise))
        .route("/v1/connections/{id}/timeline", get(timeline::timeline))
        .route("/v1/connections/{id}/{end}/api-key", put(api_key::replace))
        .route("/v1/connections/{id}/{end}/token", get(token::token))
        .route("/v1/connections/{id}/{end}/rejected", post(rejected::rejected))
        .route("/v1/connections/{id}/{end}/proxy", any(proxy::proxy))
        .route("/v1/connections/{id}/{end}/proxy/", any(proxy::proxy))
        .route("/v1/connections/{id}/{end}/proxy/{*path}", any(proxy::proxy))
        .route("/v1/events", get(events::events))
        .route("/v1/providers", get(providers::list))
}
