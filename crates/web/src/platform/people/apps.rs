use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use platform::{ConnectedApp, Subject, explain};
use serde::Deserialize;

use super::{logo_of, refuse};
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
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
    see: Vec<String>,
    change: Vec<String>,
    since: Moment,
    last_used: Option<Moment>,
    by_key: bool,
    live: bool,
    for_organisation: bool,
}

impl Shown {
    fn new(app: ConnectedApp, logo: String) -> Self {
        let explained = explain(&app.scope);
        Self {
            client_id: app.application.client_id,
            name: app.application.name,
            logo,
            home: app.application.presentation.client_uri,
            settings: app.application.presentation.settings_uri,
            company: app.subject.id_text(),
            company_name: app.subject_name,
            see: explained.see,
            change: explained.change,
            since: Moment(app.since),
            last_used: app.last_used_at.map(Moment),
            by_key: app.has_api_key,
            live: app.live,
            for_organisation: matches!(app.subject, Subject::Organisation(_)),
        }
    }
}

/// `GET /settings/apps`: what has access to my companies.
pub(super) async fn show(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Query(query, ..): Query<AppsQuery, Pages>,
) -> Response {
    let apps = match state.platform.connected_apps(person.session.account.id).await {
        Ok(apps) => apps,
        Err(error) => return refuse(error, &state),
    };
    let mut layout = person.layout(&state, "Connected apps", "/settings/apps");
    if query.withdrawn.is_some() {
        layout = layout.notice(Tone::Good, "Access was withdrawn. The application is refused from now on.");
    }
    let logos = match state.platform.logo_paths(apps.iter().map(|app| &app.application)).await {
        Ok(logos) => logos,
        Err(error) => return refuse(error.into(), &state),
    };
    let shown = |app: ConnectedApp| {
        let logo = logo_of(&logos, &app.application, &state);
        Shown::new(app, logo)
    };
    let apps = apps.into_iter().map(shown).collect();
    Page(AppsPage { layout, csrf: person.csrf(), apps }).into_response()
}
