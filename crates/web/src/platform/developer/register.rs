use askama::Template;
use authserver::ClientId;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::Secret;
use http::StatusCode;
use platform::{ActError, ClientDetails, LogoState, NewApplication};

use super::{here, layout, refuse};
use crate::platform::PlatformState;
use crate::platform::client_form::{ClientForm, ScopeChoices, summary, told};
use crate::platform::person::SignedInPerson;
use crate::shared::{Form, FormErrors, Layout, Page, Pages};

#[derive(Debug, Template)]
#[template(path = "platform/developer/form.html")]
pub(super) struct FormPage {
    pub(super) layout: Layout,
    /// What is wrong, beside the fields and, with their labels, on top.
    pub(super) errors: FormErrors,
    pub(super) summary: FormErrors,
    pub(super) csrf: String,
    pub(super) form: ClientForm,
    pub(super) scopes: ScopeChoices,
    /// Where the form leads.
    pub(super) action: String,
    /// Where "Cancel" leads.
    pub(super) back: String,
    /// Whether a client that exists is changed.
    pub(super) editing: bool,
    /// Whether the change of an approved client is reviewed before anything new is granted.
    pub(super) approved: bool,
}

#[derive(Debug, Template)]
#[template(path = "platform/developer/credentials.html")]
pub(super) struct CredentialsPage {
    pub(super) layout: Layout,
    pub(super) lead: String,
    pub(super) client_id: String,
    /// A public client has none.
    pub(super) secret: Option<Secret<String>>,
    pub(super) back: String,
}

/// `GET /developer/register`
pub(super) async fn show(State(state): State<PlatformState>, person: SignedInPerson) -> Response {
    let form = ClientForm {
        kind: "confidential".to_owned(),
        subject_type: "company".to_owned(),
        ..ClientForm::default()
    };
    form_page(&state, &person, form, FormErrors::none())
}

fn form_page(
    state: &PlatformState,
    person: &SignedInPerson,
    form: ClientForm,
    errors: FormErrors,
) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let base = state.site.base_path();
    let page = FormPage {
        layout: layout(person, state, "Register a client"),
        summary: summary(&errors),
        errors,
        csrf: person.csrf(),
        scopes: ScopeChoices::ticked(&form.scopes),
        form,
        action: format!("{base}/developer/register"),
        back: format!("{base}/developer"),
        editing: false,
        approved: false,
    };
    (status, Page(page)).into_response()
}

/// `POST /developer/register`: makes the client and shows its credentials, this once.
pub(super) async fn register(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Form(form, ..): Form<ClientForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let new = NewApplication {
        metadata: form.metadata(),
        owner: Some(person.session.account.id),
        ..NewApplication::default()
    };
    match state.platform.register_client(&person.by, new).await {
        Ok(registered) => Page(CredentialsPage {
            layout: layout(&person, &state, "Your new client"),
            lead: format!(
                "{} is registered and waits for review. You can look at its state at any time.{}",
                registered.client.spec.name,
                logo_missing(&state, &person, registered.client.id()).await
            ),
            client_id: registered.client.id().to_string(),
            secret: registered.client_secret,
            back: here(&state, registered.client.id()),
        })
        .into_response(),
        Err(error) => again(&state, &person, form, error),
    }
}

/// A sentence on the logo, if it could not be taken. The client is registered all the same, and its page tells it too.
async fn logo_missing(state: &PlatformState, person: &SignedInPerson, id: &ClientId) -> String {
    match state.platform.own_client(person.session.account.id, id).await {
        Ok(ClientDetails { logo: LogoState::Missing(why), .. }) => {
            format!(" Its logo is not shown: {why}. You can have it fetched again there.")
        }
        Ok(_) => String::new(),
        Err(error) => {
            tracing::error!(%error, "whether the logo of a new client was taken could not be found out");
            String::new()
        }
    }
}

fn again(state: &PlatformState, person: &SignedInPerson, form: ClientForm, error: ActError) -> Response {
    match told(&error) {
        Some(errors) => form_page(state, person, form, errors),
        None => refuse(error, state),
    }
}
