//! The doors of the platform side: the OAuth endpoints, sign-in and consent, people's settings, and the resource APIs.

mod api;
mod credential;
mod oauth_endpoints;
mod paging;
mod people;
mod person;
mod refusal;

use std::fmt;
use std::sync::Arc;

use ::sandbox::Endpoint;
use axum::Router;
use http::Method;
use platform::Platform;

use crate::shared::{Manner, Site};
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
        .merge(api::router())
        .with_state(state)
}

/// Which shape refusals have, by path: resource APIs as Pleo's, OAuth endpoints as RFC 6749 section 5.2, the rest as usual.
pub fn manner_of(path: &str) -> Manner {
    let below =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if ["/v1", "/v2", "/v3"].into_iter().any(below) {
        Manner::of::<ResourceApi>()
    } else if ["/oauth/token", "/oauth/revoke", "/.well-known"].into_iter().any(below) {
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
