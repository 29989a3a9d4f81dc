use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, header};
use serde::Deserialize;

use crate::platform::PlatformState;
use crate::platform::person::{SESSION, SignedInPerson, session_cookie};
use crate::shared::{Form, Pages, Problem, Surface as _};

/// The sign-out form.
#[derive(Debug, Deserialize)]
pub(super) struct LogoutForm {
    csrf: String,
}

/// `POST /logout`
pub(super) async fn logout(
    State(state): State<PlatformState>,
    headers: HeaderMap,
    person: SignedInPerson,
    Form(form, ..): Form<LogoutForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    if let Some(cookie) = session_cookie(&headers, &state)
        && let Err(error) = state.platform.identity().sign_out_from(cookie.expose(), &person.by.origin).await
    {
        return Pages::refuse(Problem::from(error), &state.site);
    }
    let mut response =
        Redirect::to(&format!("{}/login?done=signed-out", state.site.base_path())).into_response();
    response.headers_mut().append(header::SET_COOKIE, state.site.clear_cookie(SESSION));
    response
}
