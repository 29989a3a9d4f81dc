//! What operators see and do.

mod actions;
mod connection;
mod operator_session;
mod overview;
mod settings;
mod sign_in;

use axum::Router;
use axum::routing::{get, post};

use super::super::ConnectState;

pub(super) fn router() -> Router<ConnectState> {
    Router::new()
        .route("/", get(overview::overview))
        .route("/login", get(sign_in::show).post(sign_in::sign_in))
        .route("/logout", post(sign_in::sign_out))
        .route("/connections/{id}", get(connection::show))
        .route("/connections/{id}/{end}/reauthorise", post(actions::reauthorise))
        .route("/connections/{id}/{end}/api-key", post(actions::replace_key))
        .route("/connections/{id}/disconnect", post(actions::disconnect))
        .route("/settings", get(settings::show))
        .route("/settings/tokens", post(settings::create_token))
        .route("/settings/tokens/{id}/revoke", post(settings::revoke_token))
}
