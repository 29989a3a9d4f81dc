use askama::Template;
use authserver::ValidatedRequest;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, header};
use serde::Deserialize;

use crate::platform::PlatformState;
use crate::platform::oauth_endpoints::targets;
use crate::platform::person::{MaybePerson, PRE_SESSION};
use crate::shared::{CookieLife, FormErrors, FormTargets, Layout, Page, Pages, Query};

/// What `GET /login` may be told.
#[derive(Debug, Deserialize)]
pub(super) struct LoginQuery {
    next: Option<String>,
    /// Somebody is signed in and wants to be somebody else.
    switch: Option<String>,
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
    let waiting = waiting_request(&state, next).await;
    sign_in_page(&state, &headers, next, waiting.as_ref(), FormErrors::none(), "")
}

/// The sign-in form. It is bound to the browser by a cookie that is set here unless it is there.
pub(in crate::platform) fn sign_in_page(
    state: &PlatformState,
    headers: &HeaderMap,
    next: &str,
    waiting: Option<&ValidatedRequest>,
    errors: FormErrors,
    email: &str,
) -> Response {
    let identity = state.platform.identity();
    let sent =
        state.site.cookie(headers, PRE_SESSION).and_then(|cookie| identity.pre_session(cookie.expose()));
    let is_new = sent.is_none();
    let pre_session = sent.unwrap_or_else(|| identity.begin_pre_session());
    let page = LoginPage {
        layout: Layout::new(&state.site, "Sign in"),
        errors,
        csrf: pre_session.csrf.expose().clone(),
        next: next.to_owned(),
        application: waiting.map(|request| request.client.spec.name.clone()),
        email: email.to_owned(),
    };
    // The redirects after a sign-in can lead on to the client at once, where its request is no longer good.
    let targets = waiting.map_or_else(FormTargets::default, targets);
    let mut response = (Extension(targets), Page(page)).into_response();
    if is_new {
        let cookie = state.site.set_cookie(PRE_SESSION, pre_session.cookie.expose(), CookieLife::Session);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The authorization request that a sign-in leads on to, if it does and the request is good.
pub(super) async fn waiting_request(state: &PlatformState, next: &str) -> Option<ValidatedRequest> {
    let query = next.strip_prefix("/oauth/authorize?")?;
    state.platform.authorization_server().validate_authorization(query).await.ok()
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
