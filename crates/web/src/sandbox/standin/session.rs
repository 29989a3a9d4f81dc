use std::marker::PhantomData;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use base::Secret;
use http::{HeaderMap, StatusCode, header};
use identity::{PreSession, Session, SignInError};
use sandbox::{Asked, Standin};
use serde::Deserialize;

use super::authorize::refuse;
use super::{layout, prefix};
use crate::shared::{
    ClientAddress, CookieLife, Form, FormErrors, Layout, Page, Pages, Problem, Site, Surface as _,
};

/// The names of a stand-in's cookies: each has its own, since all of them are on one host.
fn session_cookie(standin: &Standin) -> String {
    format!("session_{}", standin.system().kind)
}

fn visit_cookie(standin: &Standin) -> String {
    format!("visit_{}", standin.system().kind)
}

/// Who is signed in at this stand-in.
pub(super) async fn signed_in(
    site: &Site,
    standin: &Standin,
    headers: &HeaderMap,
) -> Result<Option<Session>, Problem> {
    match site.cookie(headers, &session_cookie(standin)) {
        Some(cookie) => Ok(standin.identity().session(cookie.expose()).await?),
        None => Ok(None),
    }
}

#[derive(Template)]
#[template(path = "sandbox/sign_in.html")]
struct SignInPage {
    layout: Layout,
    prefix: String,
    system: &'static str,
    client: String,
    request: String,
    csrf: String,
    email: String,
    errors: FormErrors,
}

/// The page that asks who is there.
pub(super) fn sign_in_page(
    site: &Site,
    standin: &Standin,
    headers: &HeaderMap,
    asked: &Asked,
    request: &str,
    failed: Option<(&str, StatusCode, FormErrors)>,
) -> Response {
    let known = site
        .cookie(headers, &visit_cookie(standin))
        .and_then(|cookie| standin.identity().pre_session(cookie.expose()));
    let is_new = known.is_none();
    let visit: PreSession = known.unwrap_or_else(|| standin.identity().begin_pre_session());
    let (email, status, errors) = failed.unwrap_or(("", StatusCode::OK, FormErrors::none()));
    let page = SignInPage {
        layout: layout(site, standin, format!("Sign in to {}", standin.system().name)),
        prefix: prefix(site, standin),
        system: standin.system().name,
        client: asked.client_name().to_owned(),
        request: request.to_owned(),
        csrf: visit.csrf.expose().clone(),
        email: email.to_owned(),
        errors,
    };
    let mut response = (status, Page(page)).into_response();
    if is_new {
        let cookie = site.set_cookie(&visit_cookie(standin), visit.cookie.expose(), CookieLife::Session);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    csrf: String,
    request: String,
    email: String,
    password: Secret<String>,
}

/// Where the browser goes on with a request.
pub(super) fn resume(site: &Site, standin: &Standin, request: &str) -> Redirect {
    Redirect::to(&format!("{}{}?{request}", prefix(site, standin), standin.system().authorize_paths[0]))
}

pub(super) fn stale_form() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "stale-form", "This form is no longer good").detail(
        "It was opened in another browser or too long ago. Go back to where you came from and start again.",
    )
}

pub(super) async fn sign_in(
    State(standin): State<Arc<Standin>>,
    Extension(site): Extension<Arc<Site>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Form(form, _): Form<SignIn, Pages>,
) -> Response {
    let visit = site
        .cookie(&headers, &visit_cookie(&standin))
        .and_then(|cookie| standin.identity().pre_session(cookie.expose()));
    if !visit.is_some_and(|visit| visit.csrf_matches(&form.csrf)) {
        return Pages::refuse(stale_form(), &site);
    }
    let asked = match standin.ask(&form.request).await {
        Ok(asked) => asked,
        Err(error) => return refuse(&site, error),
    };
    let error = match standin.identity().sign_in(&form.email, &form.password, &source(address)).await {
        Ok(signed_in) => {
            let cookie =
                site.set_cookie(&session_cookie(&standin), signed_in.token.expose(), CookieLife::Session);
            return (AppendHeaders([(header::SET_COOKIE, cookie)]), resume(&site, &standin, &form.request))
                .into_response();
        }
        Err(SignInError::Store(error)) => return Pages::refuse(error.into(), &site),
        Err(error) => error,
    };
    let status = match error {
        SignInError::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
        SignInError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        SignInError::Refused | SignInError::Store(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let errors = FormErrors::one("password", sentence(&error.to_string()));
    sign_in_page(&site, &standin, &headers, &asked, &form.request, Some((&form.email, status, errors)))
}

/// The source of attempts: IPv6 by its /64, which one person has.
fn source(address: std::net::IpAddr) -> String {
    match address {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

pub(super) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}

#[derive(Deserialize)]
pub(super) struct SignOut {
    csrf: String,
    request: String,
}

pub(super) async fn sign_out(
    State(standin): State<Arc<Standin>>,
    Extension(site): Extension<Arc<Site>>,
    headers: HeaderMap,
    Form(form, PhantomData): Form<SignOut, Pages>,
) -> Response {
    let Some(cookie) = site.cookie(&headers, &session_cookie(&standin)) else {
        return resume(&site, &standin, &form.request).into_response();
    };
    let ended = async {
        if let Some(session) = standin.identity().session(cookie.expose()).await? {
            if !session.csrf_matches(&form.csrf) {
                return Err(stale_form());
            }
            standin.identity().sign_out(cookie.expose()).await?;
        }
        Ok(())
    };
    match ended.await {
        Ok(()) => {
            let cookie = site.clear_cookie(&session_cookie(&standin));
            (AppendHeaders([(header::SET_COOKIE, cookie)]), resume(&site, &standin, &form.request))
                .into_response()
        }
        Err(problem) => Pages::refuse(problem, &site),
    }
}
