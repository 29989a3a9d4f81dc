//! The doors of the platform side: the OAuth endpoints, sign-in and consent, people's settings, and the resource APIs.

mod admin;
mod api;
mod challenge;
mod client_form;
mod client_view;
mod credential;
mod denied;
mod developer;
mod logos;
mod oauth_endpoints;
mod paging;
mod people;
mod person;
mod refusal;
mod told_apart;

use std::fmt;
use std::sync::Arc;

use ::sandbox::Endpoint;
use authserver::{ENDPOINTS, REGISTRATION_PATH};
use axum::Router;
use http::Method;
use platform::Platform;

use crate::shared::{Manner, Problem, Site, Standstill};
use refusal::{OAuthEndpoint, ResourceApi};

/// What the platform's doors open on.
#[derive(Clone)]
pub struct PlatformState {
    /// Pleo's side, with its people and its authorization server.
    pub platform: Arc<Platform>,
    /// The server itself; the same that the router is framed with.
    pub site: Arc<Site>,
}

impl fmt::Debug for PlatformState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformState").field("site", &self.site).finish_non_exhaustive()
    }
}

/// All routes of the platform side. To be put into [`frame`](crate::shared::frame) with a site whose `manner_of` is [`manner_of`].
pub fn router(state: PlatformState) -> Router {
    Router::new()
        .merge(oauth_endpoints::router(&state.site))
        .merge(people::router())
        .merge(admin::router())
        .merge(logos::router())
        .merge(developer::router())
        .merge(api::router(&state))
        .with_state(state)
}

/// For the [`Site`] of this side: nothing is served while the database looks restored from a backup and nobody has accepted it.
pub fn standstill(platform: &Arc<Platform>) -> Standstill {
    let platform = Arc::clone(platform);
    Arc::new(move || {
        platform.doubt().map(|_| {
            Problem::unavailable(60)
                .detail("The operator has to look at the database first. Nothing was changed.")
        })
    })
}

/// Which shape refusals have, by path: resource APIs as Pleo's, OAuth endpoints as RFC 6749 section 5.2, the rest as usual.
pub fn manner_of(path: &str) -> Manner {
    let below =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if ["/v1", "/v2", "/v3"].into_iter().any(below) {
        Manner::of::<ResourceApi>()
    } else if ENDPOINTS.iter().any(|row| row.method == "POST" && below(row.path))
        || [REGISTRATION_PATH, "/.well-known"].into_iter().any(below)
    {
        Manner::of::<OAuthEndpoint>()
    } else {
        Manner::by_path(path)
    }
}

/// Which kind of door a request is for, for the sandbox's faults and journal; `None` for pages and all that is no client's.
pub fn endpoint_of(method: &Method, path: &str) -> Option<Endpoint> {
    let of_api = ["/v1/", "/v2/", "/v3/"].into_iter().any(|version| path.starts_with(version));
    match path {
        "/oauth/authorize" if method == Method::GET => Some(Endpoint::Authorize),
        "/oauth/token" => Some(Endpoint::Token),
        "/oauth/token/introspect" => Some(Endpoint::Introspect),
        "/oauth/revoke" => Some(Endpoint::Revoke),
        _ => of_api.then_some(Endpoint::Api),
    }
}
