use authserver::ClientId;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::{here, refuse};
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::shared::{Form, Pages, Path};

/// The form that has the logo fetched.
#[derive(Debug, Deserialize)]
pub(super) struct LogoForm {
    csrf: String,
}

/// `POST /developer/clients/{id}/logo`: fetches it anew.
pub(super) async fn logo(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<LogoForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let id = ClientId::new(id);
    match state.platform.fetch_own_logo(person.session.account.id, &id).await {
        Ok(_) => Redirect::to(&format!("{}?done=logo", here(&state, &id))).into_response(),
        Err(error) => refuse(error, &state),
    }
}
