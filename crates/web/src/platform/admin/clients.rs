use std::collections::BTreeMap;

use askama::Template;
use authserver::{Client, ClientId, ClientState, RotationPolicy};
use axum::extract::State;
use axum::response::Response;
use base::StoreError;
use platform::{ClientUsage, Tally};

use super::list::{List, Wanted};
use super::{Administrator, ROWS, address};
use crate::platform::PlatformState;
use crate::platform::client_view::badge;
use crate::shared::page::{Badge, Moment};
use crate::shared::{Layout, Page, Pages, Query};

const PATH: &str = "/admin/clients";

/// The states by which the list is filtered, as the address has them.
const STATES: [(&str, &str); 5] = [
    (ClientState::AwaitingReview.as_str(), "Waiting for review"),
    (ClientState::Approved.as_str(), "Approved"),
    (ClientState::Declined.as_str(), "Declined"),
    (ClientState::Suspended.as_str(), "Suspended"),
    (ClientState::Removed.as_str(), "Removed"),
];

#[derive(Debug, Template)]
#[template(path = "platform/admin/clients.html")]
struct ClientsPage {
    layout: Layout,
    list: List,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    client_id: String,
    badge: Badge,
    rotation: String,
    authorisations: Tally,
    api_keys: Tally,
    last_used: Option<Moment>,
}

/// `GET /admin/clients`
pub(super) async fn show(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Query(wanted, ..): Query<Wanted, Pages>,
) -> Response {
    Page::or_refusal(page(&state, &administrator, &wanted).await, &state.site)
}

async fn page(
    state: &PlatformState,
    administrator: &Administrator,
    wanted: &Wanted,
) -> Result<ClientsPage, StoreError> {
    let base = state.site.base_path();
    let mut list = List::new((base, PATH), "Name or client id", ("All but removed", &STATES), wanted);
    let found = state.platform.find_clients(&list.text, ClientState::from_text(list.chosen())).await?;
    let (number, size) = (wanted.page.unwrap_or(1).max(1), ROWS as usize);
    let at = |number: usize| {
        let page = number.to_string();
        list.at(("page", if number == 1 { "" } else { &page }))
    };
    let previous = (number > 1).then(|| at(number - 1));
    let next = (found.len() > number.saturating_mul(size)).then(|| at(number + 1));
    let clients: Vec<Client> = found.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
    let ids: Vec<ClientId> = clients.iter().map(|client| client.id().clone()).collect();
    let usage = state.platform.client_usage(&ids).await?.into_iter();
    let usage: BTreeMap<ClientId, ClientUsage> =
        usage.map(|usage| (usage.client_id.clone(), usage)).collect();
    let rows = clients.into_iter().map(|client| row(base, &client, usage.get(client.id()))).collect();
    (list.previous, list.next) = (previous, next);
    Ok(ClientsPage { layout: administrator.layout(state, "Clients", PATH), list, rows })
}

fn row(base: &str, client: &Client, usage: Option<&ClientUsage>) -> Row {
    Row {
        href: address::of(base, PATH, client.id().as_str()),
        name: client.spec.name.clone(),
        client_id: client.id().to_string(),
        badge: badge(client.state),
        rotation: rotation(client.spec.rotation.policy),
        authorisations: usage.map_or(Tally::NONE, |usage| usage.authorisations),
        api_keys: usage.map_or(Tally::NONE, |usage| usage.api_keys),
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
