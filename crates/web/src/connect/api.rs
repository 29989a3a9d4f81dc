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

use ::connect::Need;
use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, any, on};

use super::ConnectState;
use super::record::{ACTS, record};

pub(super) use refusal::Backends;

/// One door of the API. The routes are made of these, so that what is tested and told of them holds for every one there is.
#[derive(Debug)]
pub struct Door {
    /// The method; `ANY` where each is passed on.
    pub method: &'static str,
    /// The address as a pattern, such as `/v1/connections/{id}`.
    pub path: &'static str,
    /// What a caller's role has to allow. The handler asks for it; a test tries every door with every role.
    pub need: Need,
    answers: MethodRouter<ConnectState>,
}

/// Every door below `/v1`.
pub fn doors() -> Vec<Door> {
    const CONNECTION: &str = "/v1/connections/{id}";
    vec![
        door("POST", "/v1/connect-sessions", Need::Connections, sessions::create),
        door("GET", "/v1/connections", Need::Connections, connections::list),
        door("GET", CONNECTION, Need::Connections, connections::show),
        door("PATCH", CONNECTION, Need::Connections, connections::change),
        door("DELETE", CONNECTION, Need::Connections, connections::disconnect),
        door("POST", "/v1/connections/{id}/confirm", Need::Connections, confirm::confirm),
        door("POST", "/v1/connections/{id}/reauthorise", Need::Connections, reauthorise::reauthorise),
        door("GET", "/v1/connections/{id}/timeline", Need::Connections, timeline::timeline),
        door("PUT", "/v1/connections/{id}/{end}/api-key", Need::Connections, api_key::replace),
        door("GET", "/v1/connections/{id}/{end}/token", Need::Token, token::token),
        door("POST", "/v1/connections/{id}/{end}/rejected", Need::Rejected, rejected::rejected),
        door("ANY", "/v1/connections/{id}/{end}/proxy", Need::Proxy, proxy::proxy),
        door("ANY", "/v1/connections/{id}/{end}/proxy/", Need::Proxy, proxy::proxy),
        door("ANY", "/v1/connections/{id}/{end}/proxy/{*path}", Need::Proxy, proxy::proxy),
        door("GET", "/v1/events", Need::Connections, events::events),
        door("GET", "/v1/providers", Need::Connections, providers::list),
    ]
}

fn door<H, T>(method: &'static str, path: &'static str, need: Need, handler: H) -> Door
where
    H: Handler<T, ConnectState>,
    T: 'static,
{
    let answers = match method {
        "GET" => on(MethodFilter::GET, handler),
        "POST" => on(MethodFilter::POST, handler),
        "PUT" => on(MethodFilter::PUT, handler),
        "PATCH" => on(MethodFilter::PATCH, handler),
        "DELETE" => on(MethodFilter::DELETE, handler),
        _ => any(handler),
    };
    Door { method, path, need, answers }
}

/// The routes below `/v1`.
pub(super) fn router(state: &ConnectState) -> Router<ConnectState> {
    doors().into_iter().fold(Router::new(), |router, door| {
        let is_act = ACTS.iter().any(|(method, path, _)| *method == door.method && *path == door.path);
        // The others, lending and the proxy among them, pass without it.
        let answers =
            if is_act { door.answers.layer(from_fn_with_state(state.clone(), record)) } else { door.answers };
        router.route(door.path, answers)
    })
}
