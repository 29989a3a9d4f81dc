use authserver::ClientId;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use platform::ClientDetails;

use super::register::FormPage;
use super::{here, layout, refuse};
use crate::platform::PlatformState;
use crate::platform::client_form::{ClientForm, ScopeChoices, summary, told};
use crate::platform::person::SignedInPerson;
use crate::shared::{Form, FormErrors, Page, Pages, Path};

/// `GET /developer/clients/{id}/edit`
pub(super) async fn show(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Path(id, ..): Path<String, Pages>,
) -> Response {
    match state.platform.own_client(person.session.account.id, &ClientId::new(id)).await {
        Ok(details) => {
            let form = ClientForm::of(&details.client.spec);
            form_page(&state, &person, &details, form, FormErrors::none())
        }
        Err(error) => refuse(error, &state),
    }
}

fn form_page(
    state: &PlatformState,
    person: &SignedInPerson,
    details: &ClientDetails,
    form: ClientForm,
    errors: FormErrors,
) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let back = here(state, details.client.id());
    let page = FormPage {
        layout: layout(person, state, &format!("Change {}", details.client.spec.name)),
        summary: summary(&errors),
        errors,
        csrf: person.csrf(),
        scopes: ScopeChoices::ticked(&form.scopes),
        form,
        action: format!("{back}/edit"),
        back,
        editing: true,
        approved: details.client.state.serves(),
    };
    (status, Page(page)).into_response()
}

/// `POST /developer/clients/{id}/edit`
pub(super) async fn edit(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<ClientForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let (id, account) = (ClientId::new(id), &person.session.account);
    let before = match state.platform.own_client(account.id, &id).await {
        Ok(details) => details.client,
        Err(error) => return refuse(error, &state),
    };
    match state.platform.edit_own_client(account, &person.by, &id, &form.metadata()).await {
        Ok(ClientDetails { client, .. }) => {
            let same = (&client.spec, client.state) == (&before.spec, before.state);
            let done = if same { "unchanged" } else { "changed" };
            Redirect::to(&format!("{}?done={done}", here(&state, &id))).into_response()
        }
        Err(error) => match told(&error) {
            Some(errors) => match state.platform.own_client(account.id, &id).await {
                Ok(details) => form_page(&state, &person, &details, form, errors),
                Err(error) => refuse(error, &state),
            },
            None => refuse(error, &state),
        },
    }
}
