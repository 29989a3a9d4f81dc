use authserver::ClientId;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::refuse;
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::shared::{Form, Pages, Path};

/// The form that removes a client.
#[derive(Debug, Deserialize)]
pub(super) struct RemoveForm {
    csrf: String,
}

/// `POST /developer/clients/{id}/remove`
pub(super) async fn remove(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<RemoveForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let id = ClientId::new(id);
    if let Err(error) = state.platform.own_client(person.session.account.id, &id).await {
        return refuse(error, &state);
    }
    match state.platform.remove_client(&person.by, &id).await {
        Ok(()) => Redirect::to(&format!("{}/developer?removed=yes", state.site.base_path())).into_response(),
        Err(error) => refuse(error, &state),
    }
}
