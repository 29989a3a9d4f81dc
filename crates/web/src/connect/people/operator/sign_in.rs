use std::net::IpAddr;

use audit::Origin;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use base::Secret;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity::SignInError;
use serde::Deserialize;

use super::operator_session::{Operator, PRE_SESSION, SESSION};
use crate::connect::ConnectState;
use crate::connect::pages::SignInPage;
use crate::shared::page::Tone;
use crate::shared::{
    ClientAddress, CookieLife, Form, FormErrors, Layout, Page, Pages, Problem, Query, Surface as _,
    current_request,
};

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    next: Option<String>,
    unsent: Option<String>,
}

/// A path of this side, or the overview. Browsers drop tabs and line breaks from an address and take a backslash for a slash, so that
/// `/<tab>/elsewhere` would lead to another site: nothing but what stands in an address as it is passes.
fn local(next: Option<&str>) -> &str {
    next.filter(|next| {
        next.starts_with('/')
            && !next.starts_with("//")
            && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    })
    .unwrap_or("/")
}

/// `GET /login`
pub(super) async fn show(
    State(state): State<ConnectState>,
    headers: HeaderMap,
    Query(wanted, _): Query<Wanted, Pages>,
) -> Response {
    let mut layout = Layout::new(&state.site, "Sign in");
    if wanted.unsent.is_some() {
        let sentence =
            "You were signed out meanwhile, and nothing was done. Sign in and send the form again.";
        layout = layout.notice(Tone::Warning, sentence);
    }
    let next = local(wanted.next.as_deref());
    framed(&state, &headers, layout, StatusCode::OK, next, String::new(), FormErrors::none())
}

fn page(
    state: &ConnectState,
    headers: &HeaderMap,
    status: StatusCode,
    next: &str,
    email: String,
    errors: FormErrors,
) -> Response {
    framed(state, headers, Layout::new(&state.site, "Sign in"), status, next, email, errors)
}

fn framed(
    state: &ConnectState,
    headers: &HeaderMap,
    layout: Layout,
    status: StatusCode,
    next: &str,
    email: String,
    errors: FormErrors,
) -> Response {
    let site = &state.site;
    let known =
        site.cookie(headers, PRE_SESSION).and_then(|cookie| state.identity.pre_session(cookie.expose()));
    let is_new = known.is_none();
    let pre_session = known.unwrap_or_else(|| state.identity.begin_pre_session());
    let page = SignInPage {
        layout,
        email,
        errors,
        action: format!("{}/login", site.base_path()),
        csrf: pre_session.csrf.expose().clone(),
        next: next.to_owned(),
    };
    let mut response = (status, Page(page)).into_response();
    if is_new {
        let cookie = site.set_cookie(PRE_SESSION, pre_session.cookie.expose(), CookieLife::Session);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

#[derive(Debug, Deserialize)]
pub(super) struct SignInForm {
    csrf: String,
    email: Option<String>,
    password: Option<Secret<String>>,
    next: Option<String>,
}

/// For the audit log.
fn origin(address: IpAddr) -> Origin {
    Origin { source: Some(address.to_string()), request_id: current_request().map(|id| id.to_string()) }
}

/// `POST /login`
pub(super) async fn sign_in(
    State(state): State<ConnectState>,
    headers: HeaderMap,
    ClientAddress(address): ClientAddress,
    Form(form, _): Form<SignInForm, Pages>,
) -> Response {
    let (site, identity) = (&state.site, &state.identity);
    let next = local(form.next.as_deref());
    let email = form.email.unwrap_or_default();
    let pre_session =
        site.cookie(&headers, PRE_SESSION).and_then(|cookie| identity.pre_session(cookie.expose()));
    if !pre_session.is_some_and(|pre_session| pre_session.csrf_matches(&form.csrf)) {
        let errors = FormErrors::one("email", "This page was open too long. Please sign in once more.");
        return page(&state, &headers, StatusCode::FORBIDDEN, next, email, errors);
    }
    let password = form.password.unwrap_or_else(|| Secret::new(String::new()));
    match identity.sign_in_from(&email, &password, &origin(address)).await {
        Ok(signed_in) => {
            let mut response = Redirect::to(&format!("{}{next}", site.base_path())).into_response();
            let headers = response.headers_mut();
            headers.append(
                header::SET_COOKIE,
                site.set_cookie(SESSION, signed_in.token.expose(), CookieLife::Session),
            );
            headers.append(header::SET_COOKIE, site.clear_cookie(PRE_SESSION));
            response
        }
        Err(SignInError::Store(error)) => Pages::refuse(Problem::from(error), site),
        Err(error) => refused(&state, &headers, next, email, &error),
    }
}

fn refused(
    state: &ConnectState,
    headers: &HeaderMap,
    next: &str,
    email: String,
    error: &SignInError,
) -> Response {
    let (status, wait, sentence) = match error {
        SignInError::TooManyAttempts { retry_after } => {
            let seconds = retry_after.as_secs().max(1);
            (
                StatusCode::TOO_MANY_REQUESTS,
                Some(seconds),
                format!("Too many attempts. The next one is possible in {seconds} seconds."),
            )
        }
        SignInError::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            Some(5),
            "Many people are signing in right now. Try again in a few seconds.".to_owned(),
        ),
        SignInError::Refused | SignInError::Store(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            None,
            "This email address and password do not fit together.".to_owned(),
        ),
    };
    let mut response = page(state, headers, status, next, email, FormErrors::one("email", sentence));
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[derive(Debug, Deserialize)]
pub(super) struct SignOutForm {
    csrf: String,
}

/// `POST /logout`
pub(super) async fn sign_out(
    State(state): State<ConnectState>,
    operator: Operator,
    headers: HeaderMap,
    ClientAddress(address): ClientAddress,
    Form(form, _): Form<SignOutForm, Pages>,
) -> Response {
    let site = &state.site;
    if let Some(response) = operator.refusal(&form.csrf, site) {
        return response;
    }
    if let Some(cookie) = site.cookie(&headers, SESSION)
        && let Err(error) = state.identity.sign_out_from(cookie.expose(), &origin(address)).await
    {
        return Pages::refuse(Problem::from(error), site);
    }
    let mut response = Redirect::to(&format!("{}/login", site.base_path())).into_response();
    response.headers_mut().append(header::SET_COOKIE, site.clear_cookie(SESSION));
    response
}
