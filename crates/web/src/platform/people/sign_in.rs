use audit::Actor;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use base::Secret;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity::SignInError;
use platform::By;
use serde::Deserialize;

use super::login::{Waiting, local, sign_in_page};
use crate::platform::PlatformState;
use crate::platform::person::{PRE_SESSION, RequestOrigin, SESSION, foreign_form, session_cookie};
use crate::shared::{CookieLife, Form, FormErrors, Pages, Problem, Surface as _};

/// The sign-in form.
#[derive(Debug, Deserialize)]
pub(super) struct SignInForm {
    email: Option<String>,
    password: Option<Secret<String>>,
    csrf: String,
    next: Option<String>,
}

/// `POST /login`
pub(super) async fn sign_in(
    State(state): State<PlatformState>,
    headers: HeaderMap,
    RequestOrigin(origin): RequestOrigin,
    Form(form, ..): Form<SignInForm, Pages>,
) -> Response {
    let identity = state.platform.identity();
    let pre_session =
        state.site.cookie(&headers, PRE_SESSION).and_then(|cookie| identity.pre_session(cookie.expose()));
    if !pre_session.is_some_and(|pre_session| pre_session.csrf_matches(&form.csrf)) {
        let nobody = By { actor: Actor::Unknown, origin };
        let reason = "the form is not of this browser";
        state.platform.tell_act_refused(&nobody, "POST /login", (None, None), reason).await;
        return Pages::refuse(foreign_form(), &state.site);
    }
    let next = local(form.next.as_deref());
    let (email, password) =
        (form.email.unwrap_or_default(), form.password.unwrap_or_else(|| String::new().into()));
    let signed_in = match identity.sign_in_from(&email, &password, &origin).await {
        Ok(signed_in) => signed_in,
        Err(error) => return refused(&error, &state, &headers, next, &email).await,
    };
    // Whoever was signed in before in this browser is not any more.
    if let Some(old) = session_cookie(&headers, &state)
        && let Err(error) = identity.sign_out_from(old.expose(), &origin).await
    {
        return Pages::refuse(Problem::from(error), &state.site);
    }
    let mut response = Redirect::to(&format!("{}{next}", state.site.base_path())).into_response();
    let cookie = state.site.set_cookie(SESSION, signed_in.token.expose(), CookieLife::Session);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response.headers_mut().append(header::SET_COOKIE, state.site.clear_cookie(PRE_SESSION));
    response
}

async fn refused(
    error: &SignInError,
    state: &PlatformState,
    headers: &HeaderMap,
    next: &str,
    email: &str,
) -> Response {
    let (status, message) = match error {
        SignInError::Refused => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "This email address and password do not fit together.".to_owned(),
        ),
        SignInError::TooManyAttempts { retry_after } => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many attempts. The next one is possible in {} seconds.", retry_after.as_secs()),
        ),
        SignInError::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Many people are signing in right now. Try again in a few seconds.".to_owned(),
        ),
        SignInError::Store(error) => return Pages::refuse(Problem::from(error.clone()), &state.site),
    };
    let waiting = Waiting::at(state, next).await;
    let mut response = sign_in_page(state, headers, next, waiting, FormErrors::one("email", message), email);
    *response.status_mut() = status;
    let pause = match error {
        SignInError::TooManyAttempts { retry_after } => Some(retry_after.as_secs().max(1)),
        SignInError::Busy => Some(5),
        SignInError::Refused | SignInError::Store(_) => None,
    };
    if let Some(seconds) = pause {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
