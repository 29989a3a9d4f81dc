use askama::Template;
use authserver::{AuthorizationRefusal, ValidatedRequest};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, header};
use serde::Deserialize;
use url::Url;

use crate::platform::PlatformState;
use crate::platform::person::{MaybePerson, PRE_SESSION};
use crate::shared::page::Tone;
use crate::shared::{CookieLife, FormErrors, FormTargets, Layout, Page, Pages, Query};

/// What `GET /login` may be told.
#[derive(Debug, Deserialize)]
pub(super) struct LoginQuery {
    next: Option<String>,
    /// Somebody is signed in and wants to be somebody else.
    switch: Option<String>,
    /// What has just been done.
    done: Option<String>,
}

/// Where people go who did not come for something.
const HOME: &str = "/settings/apps";

#[derive(Debug, Template)]
#[template(path = "platform/login.html")]
struct LoginPage {
    layout: Layout,
    errors: FormErrors,
    csrf: String,
    next: String,
    /// The application that waits behind this sign-in.
    application: Option<String>,
    email: String,
}

/// What a sign-in leads on to. Its redirects can go on to the client at once, where its request is no good, so that the policy of the
/// page must name the client's origin, or browsers stop there.
#[derive(Debug, Default)]
pub(in crate::platform) struct Waiting {
    application: Option<String>,
    targets: FormTargets,
}

impl Waiting {
    /// A good authorization request.
    pub(in crate::platform) fn request(request: &ValidatedRequest) -> Self {
        let application = Some(request.client.spec.name.clone());
        Self { application, ..Self::redirect(request.redirect_uri.as_str()) }
    }

    /// Something that the client is to be told, by this redirect.
    pub(in crate::platform) fn redirect(location: &str) -> Self {
        let targets =
            Url::parse(location).map_or_else(|_| FormTargets::default(), |url| FormTargets::to(&url));
        Self { application: None, targets }
    }

    /// What lies at `next`.
    pub(super) async fn at(state: &PlatformState, next: &str) -> Self {
        let Some(query) = next.strip_prefix("/oauth/authorize?") else { return Self::default() };
        match state.platform.authorization_server().validate_authorization(query).await {
            Ok(request) => Self::request(&request),
            Err(AuthorizationRefusal::Redirect(location)) => Self::redirect(&location),
            Err(_) => Self::default(),
        }
    }
}

/// `GET /login`
pub(super) async fn show(
    State(state): State<PlatformState>,
    MaybePerson(session): MaybePerson,
    headers: HeaderMap,
    Query(query, ..): Query<LoginQuery, Pages>,
) -> Response {
    let next = local(query.next.as_deref());
    if session.is_some() && query.switch.is_none() {
        return Redirect::to(&format!("{}{next}", state.site.base_path())).into_response();
    }
    let waiting = Waiting::at(&state, next).await;
    let mut layout = layout(&state);
    if query.done.as_deref() == Some("signed-out") {
        layout = layout.notice(Tone::Good, "You are signed out.");
    }
    page(&state, layout, &headers, next, waiting, FormErrors::none(), "")
}

fn layout(state: &PlatformState) -> Layout {
    Layout::new(&state.site, "Sign in")
}

/// The sign-in form. It is bound to the browser by a cookie that is set here unless it is there.
pub(in crate::platform) fn sign_in_page(
    state: &PlatformState,
    headers: &HeaderMap,
    next: &str,
    waiting: Waiting,
    errors: FormErrors,
    email: &str,
) -> Response {
    page(state, layout(state), headers, next, waiting, errors, email)
}

fn page(
    state: &PlatformState,
    layout: Layout,
    headers: &HeaderMap,
    next: &str,
    waiting: Waiting,
    errors: FormErrors,
    email: &str,
) -> Response {
    let identity = state.platform.identity();
    let sent =
        state.site.cookie(headers, PRE_SESSION).and_then(|cookie| identity.pre_session(cookie.expose()));
    let is_new = sent.is_none();
    let pre_session = sent.unwrap_or_else(|| identity.begin_pre_session());
    let page = LoginPage {
        layout,
        errors,
        csrf: pre_session.csrf.expose().clone(),
        next: next.to_owned(),
        application: waiting.application,
        email: email.to_owned(),
    };
    let mut response = (Extension(waiting.targets), Page(page)).into_response();
    if is_new {
        let cookie = state.site.set_cookie(PRE_SESSION, pre_session.cookie.expose(), CookieLife::Session);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A path on this server, below the public URL. Anything that a browser could take for another place becomes the home page.
pub(super) fn local(next: Option<&str>) -> &str {
    let good = |next: &&str| {
        let path = next.split('?').next().unwrap_or_default();
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && path != "/login"
            && next.bytes().all(|b| b.is_ascii_graphic())
    };
    next.filter(good).unwrap_or(HOME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_returned_to() {
        assert_eq!(local(Some("/oauth/authorize?a=b%20c")), "/oauth/authorize?a=b%20c");
        for next in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "evil",
            "/login?next=/",
            "/a\\b",
        ] {
            assert_eq!(local(Some(next)), HOME, "{next:?}");
        }
        assert_eq!(local(Some("/oauth/authorize?state=a\\b")), "/oauth/authorize?state=a\\b");
        assert_eq!(local(None), HOME);
    }
}
