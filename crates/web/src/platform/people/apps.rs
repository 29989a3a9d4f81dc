use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use platform::{ActError, ConnectedApp, OwnKeys, Subject, SubjectType, explain_for};
use serde::Deserialize;

use super::{logo_of, refuse};
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::platform::told_apart::told_apart;
use crate::shared::page::{Moment, Tone};
use crate::shared::{Layout, Page, Pages, Query};

/// What has just happened, if something has.
#[derive(Debug, Deserialize)]
pub(super) struct AppsQuery {
    withdrawn: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/apps.html")]
struct AppsPage {
    layout: Layout,
    csrf: String,
    apps: Vec<Shown>,
    /// Live API keys that no application holds.
    own_keys: OwnKeys,
}

#[derive(Debug)]
struct Shown {
    client_id: String,
    name: String,
    /// Where its logo is; empty for none.
    logo: String,
    home: Option<String>,
    settings: Option<String>,
    company: String,
    company_name: String,
    /// What tells a company from others of its name; `None` for an organisation.
    detail: Option<String>,
    see: Vec<String>,
    change: Vec<String>,
    since: Moment,
    last_used: Option<Moment>,
    by_key: bool,
    live: bool,
    may_withdraw: bool,
}

impl Shown {
    fn new(app: ConnectedApp, logo: String, detail: Option<String>) -> Self {
        let subject_type = match app.subject {
            Subject::Company(_) => SubjectType::Company,
            Subject::Organisation(_) => SubjectType::Organisation,
        };
        let explained = explain_for(&app.scope, subject_type);
        Self {
            client_id: app.application.client_id,
            name: app.application.name,
            logo,
            home: app.application.presentation.client_uri,
            settings: app.application.presentation.settings_uri,
            company: app.subject.id_text(),
            company_name: app.subject_name,
            detail,
            see: explained.see,
            change: explained.change,
            since: Moment(app.since),
            last_used: app.last_used_at.map(Moment),
            by_key: app.has_api_key,
            live: app.live,
            may_withdraw: app.may_withdraw,
        }
    }
}

/// `GET /settings/apps`: what has access to my companies.
pub(super) async fn show(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Query(query, ..): Query<AppsQuery, Pages>,
) -> Response {
    match page(&state, &person, query.withdrawn.is_some()).await {
        Ok(page) => Page(page).into_response(),
        Err(error) => refuse(error, &state),
    }
}

async fn page(state: &PlatformState, person: &SignedInPerson, withdrawn: bool) -> Result<AppsPage, ActError> {
    let account = person.session.account.id;
    let apps = state.platform.connected_apps(account).await?;
    let own_keys = state.platform.own_keys(account).await?;
    let details: BTreeMap<Subject, String> = state
        .platform
        .memberships(account)
        .await?
        .into_iter()
        .map(|membership| (Subject::Company(membership.company.id), told_apart(&membership.company)))
        .collect();
    let logos = state.platform.logo_paths(apps.iter().map(|app| &app.application)).await?;
    let mut layout = person.layout(state, "Connected apps", "/settings/apps");
    if withdrawn {
        layout = layout.notice(Tone::Good, "Access was withdrawn. The application is refused from now on.");
    }
    let shown = |app: ConnectedApp| {
        let logo = logo_of(&logos, &app.application, state);
        let detail = details.get(&app.subject).cloned();
        Shown::new(app, logo, detail)
    };
    let apps = apps.into_iter().map(shown).collect();
    Ok(AppsPage { layout, csrf: person.csrf(), apps, own_keys })
}
