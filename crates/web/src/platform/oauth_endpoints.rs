//! `/oauth/…` and the metadata. The engine decides; here is only what HTTP adds.

mod authorize;
mod decide;
mod form;
mod introspect;
mod metadata;
mod register;
mod registered;
mod render;
mod revoke;
mod token;

use authserver::{Endpoint, REGISTRATION_PATH, describe};
use axum::Router;
use axum::routing::{get, post};

use super::PlatformState;
use crate::shared::Site;

/// The routes. The metadata lie before the issuer's own path (RFC 8414 section 3.1, RFC 9728 section 3.1), and nowhere else.
pub(super) fn router(site: &Site) -> Router<PlatformState> {
    let path = |endpoint| describe(endpoint).path;
    Router::new()
        .route(path(Endpoint::Authorize), get(authorize::show).post(decide::decide))
        .route(path(Endpoint::Token), post(token::token))
        .route(path(Endpoint::Introspect), post(introspect::introspect))
        .route(path(Endpoint::Revoke), post(revoke::revoke))
        .route(REGISTRATION_PATH, post(register::register))
        .route(
            &format!("{REGISTRATION_PATH}/{{client_id}}"),
            get(registered::show).put(registered::replace).delete(registered::remove),
        )
        .route(&oauth::metadata::path_for(site.base_path()), get(metadata::show))
        .route(&oauth::metadata::resource_path_for(site.base_path()), get(metadata::show_resource))
}
