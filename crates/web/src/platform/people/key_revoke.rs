use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::ApiKeyId;
use serde::Deserialize;

use super::refuse;
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::shared::{Form, Pages, Problem, Surface as _};

/// The form that deletes a key.
#[derive(Debug, Deserialize)]
pub(super) struct RevokeForm {
    csrf: String,
    id: String,
}

/// `POST /settings/api-keys/revoke`
pub(super) async fn revoke(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Form(form, ..): Form<RevokeForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state) {
        return refusal;
    }
    let Ok(id) = form.id.parse::<ApiKeyId>() else { return Pages::refuse(Problem::not_found(), &state.site) };
    match state.platform.revoke_api_key(&person.session.account, &person.by, id).await {
        Ok(()) => {
            Redirect::to(&format!("{}/settings/api-keys?revoked=yes", state.site.base_path())).into_response()
        }
        Err(error) => refuse(error, &state),
    }
}
