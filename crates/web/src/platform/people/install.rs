use askama::Template;
use authserver::ClientId;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::Secret;
use platform::{Application, CompanyId};
use serde::Deserialize;

use super::refuse;
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::platform::told_apart::named_apart;
use crate::shared::{Form, Layout, Page, Pages, Problem, Surface as _};

/// The form that installs an integration.
#[derive(Debug, Deserialize)]
pub(super) struct InstallForm {
    csrf: String,
    client_id: String,
    company: String,
}

#[derive(Debug, Template)]
#[template(path = "platform/key.html")]
pub(super) struct KeyPage {
    pub(super) layout: Layout,
    pub(super) lead: String,
    pub(super) key: Secret<String>,
    /// The name and address of the integration into which the key is to be pasted.
    pub(super) paste: Option<(String, Option<String>)>,
    pub(super) back: String,
}

/// `POST /settings/accounting`: makes the integrated key and shows it, this once.
pub(super) async fn install(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Form(form, ..): Form<InstallForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let Ok(company) = form.company.parse::<CompanyId>() else {
        return Pages::refuse(Problem::unprocessable("Choose the company."), &state.site);
    };
    let client_id = ClientId::new(form.client_id);
    let account = &person.session.account;
    let created = match state.platform.create_integrated_key(account, &person.by, &client_id, company).await {
        Ok(created) => created,
        Err(error) => return refuse(error, &state),
    };
    let company = match state.platform.memberships(account.id).await {
        Ok(memberships) => memberships.into_iter().find(|membership| membership.company.id == company),
        Err(error) => return Pages::refuse(Problem::from(error), &state.site),
    };
    let application = match state.platform.authorization_server().client(&client_id).await {
        Ok(client) => client.as_ref().map(Application::from),
        Err(error) => return Pages::refuse(Problem::from(error), &state.site),
    };
    let name =
        application.as_ref().map_or_else(|| client_id.to_string(), |application| application.name.clone());
    let address = application.and_then(|application| {
        let links = application.presentation;
        links.initiation_uri.or(links.settings_uri).or(links.client_uri)
    });
    let company =
        company.map_or_else(|| "this company".to_owned(), |membership| named_apart(&membership.company));
    Page(KeyPage {
        layout: person.layout(&state, "Your API key", "/settings/accounting"),
        lead: format!("{name} may now work with {company}. Copy the key and paste it there."),
        key: created.text,
        paste: Some((name, address)),
        back: "/settings/accounting".to_owned(),
    })
    .into_response()
}
