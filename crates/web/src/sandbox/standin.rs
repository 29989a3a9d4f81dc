use std::sync::Arc;

use askama::Template;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::Method;
use sandbox::{Endpoint, Standin, StandinKind, Switches, System};

use super::switches::admit;
use super::with_switches;
use crate::shared::{Api, Layout, Manner, Page, Pages, Site};

mod api;
mod authorize;
mod books;
mod endpoints;
mod session;

/// A stand-in and its switches.
#[derive(Debug, Clone)]
pub struct StandinDoors {
    /// The stand-in.
    pub standin: Arc<Standin>,
    /// Its switches.
    pub switches: Arc<Switches>,
}

impl FromRef<StandinDoors> for Arc<Standin> {
    fn from_ref(doors: &StandinDoors) -> Self {
        Self::clone(&doors.standin)
    }
}

const SIGN_IN: &str = "/sign-in";
const CONSENT: &str = "/consent";
const SIGN_OUT: &str = "/sign-out";

/// All stand-ins, each under its name, and a page that lists them.
pub fn standins_router(all: Vec<StandinDoors>) -> Router {
    let systems: Vec<&'static System> = all.iter().map(|doors| doors.standin.system()).collect();
    let index = move |Extension(site): Extension<Arc<Site>>| async move { list(&site, &systems) };
    all.into_iter().fold(Router::new().route("/", get(index)), |router, doors| {
        let prefix = format!("/{}", doors.standin.system().kind);
        router.nest(&prefix, standin_router(doors))
    })
}

/// One stand-in, without its prefix.
pub fn standin_router(doors: StandinDoors) -> Router {
    let system = doors.standin.system();
    let mut router = Router::new()
        .route(SIGN_IN, post(session::sign_in))
        .route(SIGN_OUT, post(session::sign_out))
        .route(CONSENT, post(authorize::consent));
    for path in system.authorize_paths {
        router = router.route(path, get(authorize::authorize));
    }
    if let Some(path) = system.token_path {
        router = router.route(path, post(endpoints::token));
    }
    if let Some(path) = system.revoke_path {
        router = router.route(path, post(endpoints::revoke));
    }
    let router = router.fallback(api::call).with_state(doors.clone());
    let books = Router::new()
        .route("/sandbox/booked", get(books::booked))
        .layer(from_fn_with_state(Arc::clone(&doors.switches), admit))
        .with_state(doors.clone());
    let classify = move |method: &Method, path: &str| classify(system, method, path);
    with_switches(router, doors.switches, classify).merge(books)
}

/// What kind of door a path of a system is; `None` for pages.
fn classify(system: &System, method: &Method, path: &str) -> Option<Endpoint> {
    if system.authorize_paths.contains(&path) {
        return (*method == Method::GET).then_some(Endpoint::Authorize);
    }
    match Some(path) {
        token if token == system.token_path => Some(Endpoint::Token),
        revoke if revoke == system.revoke_path => Some(Endpoint::Revoke),
        _ if [SIGN_IN, CONSENT, SIGN_OUT].contains(&path) => None,
        _ => Some(Endpoint::Api),
    }
}

/// For [`Site::manner_of`] of the server on which stand-ins are: pages for people, everything else for machines.
pub fn manner(path: &str) -> Manner {
    let (prefix, rest) = path.trim_start_matches('/').split_once('/').unwrap_or(("", path));
    match prefix.parse::<StandinKind>() {
        Ok(kind)
            if rest.starts_with("sandbox/")
                || classify(System::of(kind), &Method::POST, &format!("/{rest}")).is_some() =>
        {
            Manner::of::<Api>()
        }
        Ok(_) => Manner::of::<Pages>(),
        Err(_) => Manner::by_path(path),
    }
}

/// The path under which a stand-in's pages lie, as a browser sees it.
fn prefix(site: &Site, standin: &Standin) -> String {
    format!("{}/{}", site.base_path(), standin.system().kind)
}

/// The frame of a stand-in's page.
fn layout(site: &Site, standin: &Standin, title: impl Into<String>) -> Layout {
    Layout::new(site, title).side(format!("{} (stand-in)", standin.system().name))
}

struct Listed {
    name: &'static str,
    id: &'static str,
}

#[derive(Template)]
#[template(path = "sandbox/index.html")]
struct Index {
    layout: Layout,
    systems: Vec<Listed>,
}

fn list(site: &Site, systems: &[&'static System]) -> Response {
    let systems = systems.iter().map(|system| Listed { name: system.name, id: system.kind.id() }).collect();
    Page(Index { layout: Layout::new(site, "Accounting systems to try out"), systems }).into_response()
}
