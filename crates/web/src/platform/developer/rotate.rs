use authserver::ClientId;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::register::CredentialsPage;
use super::{here, layout, refuse};
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::shared::{Form, Page, Pages, Path};

/// The form that asks for a new secret.
#[derive(Debug, Deserialize)]
pub(super) struct RotateForm {
    csrf: String,
    compromised: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Yes,
    No,
}

/// `POST /developer/clients/{id}/rotate`: makes a new secret and shows it, this once.
pub(super) async fn rotate(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<RotateForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let (id, compromised) = (ClientId::new(id), form.compromised == Answer::Yes);
    if let Err(error) = state.platform.own_client(person.session.account.id, &id).await {
        return refuse(error, &state);
    }
    match state.platform.rotate_client_secret(&person.by, &id, compromised).await {
        Ok(secret) => Page(CredentialsPage {
            layout: layout(&person, &state, "Your new secret"),
            lead: if compromised {
                "The earlier secret is refused from now on, and every access that people gave to this client has ended: they must \
                 agree again."
            } else {
                "The earlier secret works for another 24 hours, so that your servers can change over one by one."
            }
            .to_owned(),
            client_id: id.to_string(),
            secret: Some(secret),
            back: here(&state, &id),
        })
        .into_response(),
        Err(error) => refuse(error, &state),
    }
}
