use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use platform::{Application, Company, Subject, explain};

use super::{logo_of, refuse};
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::platform::told_apart::{named_apart, told_apart};
use crate::shared::{Layout, Page};

#[derive(Debug, Template)]
#[template(path = "platform/accounting.html")]
struct AccountingPage {
    layout: Layout,
    csrf: String,
    /// Id, name, and what tells it from others of that name.
    companies: Vec<(String, String, String)>,
    applications: Vec<Listed>,
}

#[derive(Debug)]
struct Listed {
    client_id: String,
    name: String,
    home: Option<String>,
    /// Where its logo is; empty for none.
    logo: String,
    /// Whether allowing it makes an API key.
    by_key: bool,
    /// Where people begin otherwise.
    begin: Option<String>,
    see: Vec<String>,
    change: Vec<String>,
    /// Names of companies where it has a key, which a new one replaces.
    installed: Vec<String>,
}

/// `GET /settings/accounting`: the directory of integrations.
pub(super) async fn show(State(state): State<PlatformState>, person: SignedInPerson) -> Response {
    match page(&state, &person).await {
        Ok(page) => Page(page).into_response(),
        Err(error) => refuse(error, &state),
    }
}

async fn page(state: &PlatformState, person: &SignedInPerson) -> Result<AccountingPage, platform::ActError> {
    let account = person.session.account.id;
    let applications = state.platform.directory().await?;
    let connected = state.platform.connected_apps(account).await?;
    let memberships = state.platform.memberships(account).await?;
    let companies: Vec<Company> = memberships
        .into_iter()
        .filter(|membership| membership.role.may_consent() && !membership.company.is_suspended())
        .map(|membership| membership.company)
        .collect();
    let logos = state.platform.logo_paths(&applications).await?;
    let listed = |application: Application| {
        let logo = logo_of(&logos, &application, state);
        let explained = explain(&application.scope);
        let has_key = |company: &&Company| {
            connected.iter().any(|app| {
                app.has_api_key
                    && app.application.client_id == application.client_id
                    && app.subject == Subject::Company(company.id)
            })
        };
        Listed {
            installed: companies.iter().filter(has_key).map(named_apart).collect(),
            client_id: application.client_id,
            name: application.name,
            home: application.presentation.client_uri,
            logo,
            by_key: application.integrated_api_keys,
            begin: application.presentation.initiation_uri,
            see: explained.see,
            change: explained.change,
        }
    };
    let applications = applications.into_iter().map(listed).collect();
    let choice = |company: Company| (company.id.to_string(), company.name.clone(), told_apart(&company));
    Ok(AccountingPage {
        layout: person.layout(state, "Accounting", "/settings/accounting"),
        csrf: person.csrf(),
        companies: companies.into_iter().map(choice).collect(),
        applications,
    })
}
