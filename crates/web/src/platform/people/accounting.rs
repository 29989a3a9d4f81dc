use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use platform::{Application, explain};

use super::{logo_of, refuse};
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::shared::{Layout, Page};

#[derive(Debug, Template)]
#[template(path = "platform/accounting.html")]
struct AccountingPage {
    layout: Layout,
    csrf: String,
    companies: Vec<(String, String)>,
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
    let companies = memberships
        .into_iter()
        .filter(|membership| membership.role.may_consent() && !membership.company.is_suspended())
        .map(|membership| (membership.company.id.to_string(), membership.company.name))
        .collect();
    let logos = state.platform.logo_paths(&applications).await?;
    let listed = |application: Application| {
        let logo = logo_of(&logos, &application, state);
        let explained = explain(&application.scope);
        let with_key = connected
            .iter()
            .filter(|app| app.has_api_key && app.application.client_id == application.client_id);
        Listed {
            installed: with_key.map(|app| app.subject_name.clone()).collect(),
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
    Ok(AccountingPage {
        layout: person.layout(state, "Accounting", "/settings/accounting"),
        csrf: person.csrf(),
        companies,
        applications: applications.into_iter().map(listed).collect(),
    })
}
