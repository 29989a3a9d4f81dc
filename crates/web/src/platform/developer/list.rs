use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use platform::ClientDetails;
use serde::Deserialize;

use super::{here, layout, refuse};
use crate::platform::PlatformState;
use crate::platform::client_view::badge;
use crate::platform::person::SignedInPerson;
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{Layout, Page, Pages, Query};

/// What has just been done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    removed: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/developer/list.html")]
struct ListPage {
    layout: Layout,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    client_id: String,
    badge: Badge,
    since: Moment,
    /// Why it was declined, if it was.
    reason: Option<String>,
}

/// `GET /developer`
pub(super) async fn show(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Query(done, ..): Query<Done, Pages>,
) -> Response {
    let clients = match state.platform.own_clients(person.session.account.id).await {
        Ok(clients) => clients,
        Err(error) => return refuse(error, &state),
    };
    let mut layout = layout(&person, &state, "Your clients");
    if done.removed.is_some() {
        layout = layout.notice(Tone::Good, "The client was removed. Everything it held has ended.");
    }
    let mut rows: Vec<Row> = clients.into_iter().map(|details| row(&state, details)).collect();
    rows.sort_by_cached_key(|row| row.name.to_lowercase());
    Page(ListPage { layout, rows }).into_response()
}

fn row(state: &PlatformState, details: ClientDetails) -> Row {
    let ClientDetails { client, registration, .. } = details;
    Row {
        href: here(state, client.id()),
        badge: badge(client.state),
        since: Moment(client.created_at),
        client_id: client.id().to_string(),
        reason: registration.review.filter(|review| !review.approved).and_then(|review| review.reason),
        name: client.spec.name,
    }
}
