//! Who is in front of the browser.

use std::convert::Infallible;

use audit::{Actor, Origin};
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Redirect, Response};
use base::Secret;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use identity::Session;
use platform::By;

use super::PlatformState;
use crate::shared::page::NavigationItem;
use crate::shared::{Layout, Pages, Problem, Surface as _, door_of, origin_of};

/// The cookie of a session.
pub(super) const SESSION: &str = "session";
/// The cookie that binds the sign-in form to a browser without a session.
pub(super) const PRE_SESSION: &str = "sign_in";

/// Where a request comes from, for the audit log and for throttling.
#[derive(Debug, Clone)]
pub(super) struct RequestOrigin(pub(super) Origin);

impl<S: Send + Sync> FromRequestParts<S> for RequestOrigin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(origin_of(parts).await))
    }
}

/// The live session of a browser, if it has one.
#[derive(Debug)]
pub(super) struct MaybePerson(pub(super) Option<Session>);

impl FromRequestParts<PlatformState> for MaybePerson {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &PlatformState) -> Result<Self, Response> {
        let Some(cookie) = session_cookie(&parts.headers, state) else { return Ok(Self(None)) };
        let session = state.platform.identity().session(cookie.expose()).await;
        session.map(Self).map_err(|error| Pages::refuse(Problem::from(error), &state.site))
    }
}

/// The value of the session cookie.
pub(super) fn session_cookie(headers: &HeaderMap, state: &PlatformState) -> Option<Secret<String>> {
    state.site.cookie(headers, SESSION)
}

/// Somebody who is signed in. Anybody else is sent to sign in, or told to where a form was posted.
#[derive(Debug)]
pub(super) struct SignedInPerson {
    pub(super) session: Session,
    pub(super) by: By,
    /// Whether they administer the platform, and so have pages for that.
    pub(super) platform_admin: bool,
    /// Where they knocked, for the audit log.
    door: String,
}

impl FromRequestParts<PlatformState> for SignedInPerson {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &PlatformState) -> Result<Self, Response> {
        let MaybePerson(session) = MaybePerson::from_request_parts(parts, state).await?;
        let Some(session) = session else {
            if parts.method == http::Method::GET {
                let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                let here = here.strip_prefix(state.site.base_path()).unwrap_or(here);
                let next = oauth::parameters::encode(here).to_string();
                return Err(
                    Redirect::to(&format!("{}/login?next={next}", state.site.base_path())).into_response()
                );
            }
            let nobody = By { actor: Actor::Unknown, origin: origin_of(parts).await };
            let door = door_of(parts);
            state.platform.tell_act_refused(&nobody, &door, (None, None), "not signed in").await;
            return Err(Pages::refuse(signed_out(), &state.site));
        };
        let origin = origin_of(parts).await;
        let by = By::person(&session.account, origin);
        let platform_admin = state.platform.is_platform_admin(session.account.id).await;
        let platform_admin =
            platform_admin.map_err(|error| Pages::refuse(Problem::from(error), &state.site))?;
        Ok(Self { session, by, platform_admin, door: door_of(parts) })
    }
}

/// The problem of a form that came without a session.
pub(super) fn signed_out() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "signed-out", "You are not signed in any more")
        .detail("Nothing was done. Go back, sign in, and send the form again.")
}

/// The problem of a form whose hidden field is not of this session.
pub(super) fn foreign_form() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "form-expired", "This page was open too long")
        .detail("Nothing was done. Open the page again and send the form from there.")
}

impl SignedInPerson {
    /// The refusal of a form that was not made for this session.
    pub(super) async fn foreign(&self, csrf: &str, state: &PlatformState) -> Option<Response> {
        if self.session.csrf_matches(csrf) {
            return None;
        }
        self.tell_refused("the form is not of this session", state).await;
        Some(Pages::refuse(foreign_form(), &state.site))
    }

    /// Puts on record that they were refused at this door.
    pub(super) async fn tell_refused(&self, reason: &str, state: &PlatformState) {
        state.platform.tell_act_refused(&self.by, &self.door, (None, None), reason).await;
    }

    /// The value for the hidden field of this session's forms.
    pub(super) fn csrf(&self) -> String {
        self.session.csrf.expose().clone()
    }

    /// The frame of a settings page.
    pub(super) fn layout(&self, state: &PlatformState, title: &str, path: &str) -> Layout {
        const PAGES: [(&str, &str); 5] = [
            ("Connected apps", "/settings/apps"),
            ("Accounting", "/settings/accounting"),
            ("API keys", "/settings/api-keys"),
            ("Developer", "/developer"),
            ("Account", "/settings/account"),
        ];
        let admin = self.platform_admin.then_some(("Admin", "/admin"));
        self.framed(state, title, path, PAGES.into_iter().chain(admin))
    }

    /// The frame of a page among these others.
    pub(super) fn framed(
        &self,
        state: &PlatformState,
        title: &str,
        path: &str,
        pages: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Layout {
        let items =
            pages.into_iter().map(|(label, to)| NavigationItem { label, path: to, current: to == path });
        Layout::new(&state.site, title)
            .navigation(items.collect())
            .person(self.session.account.name.clone(), self.csrf())
    }
}
