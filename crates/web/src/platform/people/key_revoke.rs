use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::{ApiKeyId, CompanyId};
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
    /// The company on whose page it was, to which the answer leads back.
    company: Option<String>,
}

/// `POST /settings/api-keys/revoke`
pub(super) async fn revoke(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Form(form, ..): Form<RevokeForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let Ok(id) = form.id.parse::<ApiKeyId>() else { return Pages::refuse(Problem::not_found(), &state.site) };
    match state.platform.revoke_api_key(&person.session.account, &person.by, id).await {
        Ok(()) => {
            let company = form.company.and_then(|id| id.parse::<CompanyId>().ok());
            let company = company.map(|id| format!("&company={id}")).unwrap_or_default();
            let base = state.site.base_path();
            Redirect::to(&format!("{base}/settings/api-keys?revoked=yes{company}")).into_response()
        }
        Err(error) => refuse(error, &state),
    }
}
