use audit::Actor;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::request::Parts;
use http::{Method, StatusCode};
use identity::Session;

use crate::connect::ConnectState;
use crate::connect::record::FoundActor;
use crate::shared::page::NavigationItem;
use crate::shared::{Layout, Pages, Problem, Site, Surface as _};

/// The cookie of an operator's session, and the one before it.
pub(super) const SESSION: &str = "session";
pub(super) const PRE_SESSION: &str = "pre_session";

/// An operator who is signed in. Who is not is sent to sign in.
#[derive(Debug)]
pub(super) struct Operator(pub(super) Session);

impl FromRequestParts<ConnectState> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ConnectState) -> Result<Self, Response> {
        let site = &state.site;
        let session = match site.cookie(&parts.headers, SESSION) {
            Some(cookie) => state.identity.session(cookie.expose()).await,
            None => Ok(None),
        };
        match session {
            Ok(Some(session)) => {
                FoundActor::leave(parts, || Actor::Operator(session.account.id.to_string()));
                Ok(Self(session))
            }
            Ok(None) => {
                let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                // What was posted is not repeated after signing in, and the person is told so. Whoever signs out has what they want.
                let posted = parts.method != Method::GET;
                let next = if posted { "/" } else { path };
                let next =
                    next.strip_prefix(site.base_path()).filter(|rest| rest.starts_with('/')).unwrap_or(next);
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("next", next);
                if posted && !path.ends_with("/logout") {
                    query.append_pair("unsent", "yes");
                }
                let query = query.finish();
                Err(Redirect::to(&format!("{}/login?{query}", site.base_path())).into_response())
            }
            Err(error) => Err(Pages::refuse(Problem::from(error), site)),
        }
    }
}

impl Operator {
    /// The value for the forms' hidden field.
    pub(super) fn csrf(&self) -> String {
        self.0.csrf.expose().clone()
    }

    /// The refusal of a form that is not of this session.
    pub(super) fn refusal(&self, csrf: &str, site: &Site) -> Option<Response> {
        if self.0.csrf_matches(csrf) {
            return None;
        }
        let problem = Problem::new(StatusCode::FORBIDDEN, "stale-form", "This page was open too long")
            .detail("Open the page again and repeat the step. Nothing was changed.");
        Some(Pages::refuse(problem, site))
    }

    /// The frame of an operator's page; `at` is the navigation's entry one is at.
    pub(super) fn layout(&self, site: &Site, title: impl Into<String>, at: &str) -> Layout {
        let item = |label, path| NavigationItem { label, path, current: path == at };
        Layout::new(site, title)
            .navigation(vec![item("Connections", "/"), item("Settings", "/settings")])
            .person(self.0.account.name.clone(), self.csrf())
            .wide()
    }
}
