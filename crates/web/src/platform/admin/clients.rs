use std::collections::BTreeMap;

use askama::Template;
use authserver::{Client, ClientId, ClientState, RotationPolicy};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::StoreError;
use platform::ClientUsage;
use serde::Deserialize;

use super::{Administrator, ROWS, address};
use crate::platform::PlatformState;
use crate::platform::client_view::badge;
use crate::shared::page::{Badge, Moment};
use crate::shared::{Layout, Page, Pages, Problem, Query, Surface as _};

const PATH: &str = "/admin/clients";

/// The states by which the list is filtered, as the address has them.
const STATES: [(ClientState, &str); 5] = [
    (ClientState::AwaitingReview, "Waiting for review"),
    (ClientState::Approved, "Approved"),
    (ClientState::Declined, "Declined"),
    (ClientState::Suspended, "Suspended"),
    (ClientState::Removed, "Removed"),
];

/// Which ones are looked for.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    text: Option<String>,
    state: Option<String>,
    page: Option<usize>,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/clients.html")]
struct ClientsPage {
    layout: Layout,
    text: String,
    /// Word, label and whether it is chosen.
    states: Vec<(&'static str, &'static str, bool)>,
    filtered: bool,
    rows: Vec<Row>,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    client_id: String,
    badge: Badge,
    rotation: String,
    authorisations: u64,
    api_keys: u64,
    last_used: Option<Moment>,
}

/// `GET /admin/clients`
pub(super) async fn show(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Query(wanted, ..): Query<Wanted, Pages>,
) -> Response {
    match page(&state, &administrator, &wanted).await {
        Ok(page) => Page(page).into_response(),
        Err(error) => Pages::refuse(Problem::from(error), &state.site),
    }
}

async fn page(
    state: &PlatformState,
    administrator: &Administrator,
    wanted: &Wanted,
) -> Result<ClientsPage, StoreError> {
    let text = wanted.text.as_deref().unwrap_or_default().trim().to_owned();
    let chosen = wanted.state.as_deref().and_then(ClientState::from_text);
    let number = wanted.page.unwrap_or(1).max(1);
    let found = state.platform.find_clients(&text, chosen).await?;
    let size = ROWS as usize;
    let more = found.len() > number.saturating_mul(size);
    let clients: Vec<Client> = found.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
    let ids: Vec<ClientId> = clients.iter().map(|client| client.id().clone()).collect();
    let usage: BTreeMap<ClientId, ClientUsage> = state
        .platform
        .client_usage(&ids)
        .await?
        .into_iter()
        .map(|usage| (usage.client_id.clone(), usage))
        .collect();
    let base = state.site.base_path();
    let word = chosen.map_or("", ClientState::as_str);
    let at = |number: usize| {
        let page = number.to_string();
        let page = if number == 1 { "" } else { page.as_str() };
        address::list(base, PATH, &[("text", &text), ("state", word), ("page", page)])
    };
    Ok(ClientsPage {
        layout: administrator.layout(state, "Clients", PATH),
        states: STATES
            .iter()
            .map(|(state, label)| (state.as_str(), *label, chosen == Some(*state)))
            .collect(),
        filtered: chosen.is_some() || !text.is_empty(),
        previous: (number > 1).then(|| at(number - 1)),
        next: more.then(|| at(number + 1)),
        rows: clients.into_iter().map(|client| row(base, &client, usage.get(client.id()))).collect(),
        text,
    })
}

fn row(base: &str, client: &Client, usage: Option<&ClientUsage>) -> Row {
    Row {
        href: address::of(base, PATH, client.id().as_str()),
        name: client.spec.name.clone(),
        client_id: client.id().to_string(),
        badge: badge(client.state),
        rotation: rotation(client.spec.rotation.policy),
        authorisations: usage.map_or(0, |usage| usage.authorisations),
        api_keys: usage.map_or(0, |usage| usage.api_keys),
        last_used: usage.and_then(|usage| usage.last_used_at).map(Moment),
    }
}

/// The policy's name.
fn rotation(policy: RotationPolicy) -> String {
    match policy {
        RotationPolicy::Strict => "strict".to_owned(),
        RotationPolicy::RetryWindow { seconds } => format!("retry window of {seconds} s"),
        RotationPolicy::GracePeriod { seconds } => format!("grace period of {seconds} s"),
        RotationPolicy::OldDiesWhenNewIsUsed => "old one dies when the new one is used".to_owned(),
        RotationPolicy::OldLives => "none in effect: old ones live".to_owned(),
        RotationPolicy::ChangesDaily => "once a day".to_owned(),
    }
}
