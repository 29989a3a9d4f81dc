use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use platform::{ApiKey, ApiKeyOrigin, StandaloneAccess, Subject};
use serde::Deserialize;

use super::refuse;
use crate::platform::PlatformState;
use crate::platform::client_form::ScopeChoices;
use crate::platform::person::SignedInPerson;
use crate::platform::told_apart::{named_apart, told_apart};
use crate::shared::page::{Moment, Tone};
use crate::shared::{FormErrors, Layout, Page, Pages, Query};

/// Which company's keys, and what has just happened.
#[derive(Debug, Deserialize)]
pub(super) struct KeysQuery {
    company: Option<String>,
    revoked: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/api_keys.html")]
struct KeysPage {
    layout: Layout,
    errors: FormErrors,
    csrf: String,
    /// Id, name, what tells it from others of that name, and whether it is the one that is shown.
    companies: Vec<(String, String, String, bool)>,
    /// `None` where the person may make no keys at all.
    chosen: Option<Chosen>,
    scopes: ScopeChoices,
    filled: Filled,
}

#[derive(Debug)]
struct Chosen {
    id: String,
    name: String,
    /// What tells it from others of that name.
    detail: String,
    /// Both.
    named: String,
    organisation_wide: bool,
    keys: Vec<Shown>,
}

#[derive(Debug)]
struct Shown {
    id: String,
    name: String,
    tail: String,
    reach: &'static str,
    scope: String,
    created: Moment,
    expires: Option<Moment>,
    last_used: Option<Moment>,
}

/// What was filled in before something was found wrong.
#[derive(Debug, Default, Clone)]
pub(super) struct Filled {
    pub(super) company: Option<String>,
    pub(super) name: String,
    pub(super) expires_at: String,
    pub(super) organisation: bool,
    pub(super) scopes: Vec<String>,
}

impl From<ApiKey> for Shown {
    fn from(key: ApiKey) -> Self {
        let name = match key.origin {
            ApiKeyOrigin::Standalone { name } => name,
            ApiKeyOrigin::Integrated { client_id } => format!("Made by installing {client_id}"),
        };
        Self {
            id: key.id.to_string(),
            name,
            tail: key.last_four,
            reach: if matches!(key.subject, Subject::Company(_)) { "Company" } else { "Organisation" },
            scope: key.scope.to_string(),
            created: Moment(key.created_at),
            expires: key.expires_at.map(Moment),
            last_used: key.last_used_at.map(Moment),
        }
    }
}

/// `GET /settings/api-keys`
pub(super) async fn show(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Query(query, ..): Query<KeysQuery, Pages>,
) -> Response {
    let filled = Filled { company: query.company, ..Filled::default() };
    keys_page(&state, &person, FormErrors::none(), filled, query.revoked.is_some()).await
}

/// The list of a company's keys with the form for a new one.
pub(super) async fn keys_page(
    state: &PlatformState,
    person: &SignedInPerson,
    errors: FormErrors,
    filled: Filled,
    revoked: bool,
) -> Response {
    let accesses = match state.platform.standalone_access(person.session.account.id).await {
        Ok(accesses) => accesses,
        Err(error) => return refuse(error, state),
    };
    let wanted = filled.company.as_deref();
    let index = accesses
        .iter()
        .position(|access| wanted == Some(access.company.id.to_string().as_str()))
        .unwrap_or(0);
    let companies = accesses
        .iter()
        .enumerate()
        .map(|(at, StandaloneAccess { company, .. })| {
            (company.id.to_string(), company.name.clone(), told_apart(company), at == index)
        })
        .collect();
    let chosen = accesses.into_iter().nth(index).map(chosen);
    let mut layout = person.layout(state, "API keys", "/settings/api-keys");
    if revoked {
        layout = layout.notice(Tone::Good, "The key was deleted. It is refused from now on.");
    }
    let scopes = ScopeChoices::ticked(&filled.scopes);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = KeysPage { layout, errors, csrf: person.csrf(), companies, chosen, scopes, filled };
    (status, Page(page)).into_response()
}

fn chosen(access: StandaloneAccess) -> Chosen {
    Chosen {
        id: access.company.id.to_string(),
        detail: told_apart(&access.company),
        named: named_apart(&access.company),
        name: access.company.name,
        organisation_wide: access.organisation_wide,
        keys: access.keys.into_iter().map(Shown::from).collect(),
    }
}
