use ::connect::{ConnectionFilter, ConnectionId, FoundConnection, StateKind};
use axum::extract::State;
use axum::response::Response;
use base::StoreError;
use serde::Deserialize;

use super::operator_session::Operator;
use crate::connect::ConnectState;
use crate::connect::pages::{Attention, ConnectionRow, Count, OverviewPage, Pair};
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{Page, Pages, Query};

/// Rows of one page of the list.
const ROWS: u32 = 50;
/// How many of those that need a person are shown on top.
const MOST_ATTENTION: u32 = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    text: Option<String>,
    state: Option<String>,
    after: Option<String>,
}

/// `GET /`: all connections, what needs a person first.
pub(super) async fn overview(
    State(state): State<ConnectState>,
    operator: Operator,
    Query(wanted, _): Query<Wanted, Pages>,
) -> Response {
    Page::or_refusal(page(&state, &operator, &wanted).await, &state.site)
}

async fn page(
    state: &ConnectState,
    operator: &Operator,
    wanted: &Wanted,
) -> Result<OverviewPage, StoreError> {
    let base = state.site.base_path();
    let text = wanted.text.clone().unwrap_or_default();
    let told: Option<StateKind> = wanted.state.as_deref().and_then(|state| state.parse().ok());
    let after: Option<ConnectionId> = wanted.after.as_deref().and_then(|after| after.parse().ok());
    let filter = ConnectionFilter {
        state: told,
        text: Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        after,
        limit: ROWS + 1,
        ..ConnectionFilter::default()
    };
    let mut found = state.connect.connections(&filter).await?;
    let more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let next = found.last().filter(|_| more).map(|last| address(base, &text, told, Some(last.connection.id)));
    let filter = ConnectionFilter {
        state: Some(StateKind::Attention),
        limit: MOST_ATTENTION,
        ..ConnectionFilter::default()
    };
    let attention = state.connect.connections(&filter).await?;
    let counts = state.connect.connection_counts().await?;
    let count = |kind: StateKind| Count {
        state: kind.as_str(),
        badge: badge(kind),
        number: counts.iter().find(|(state, _)| *state == kind).map_or(0, |(_, number)| *number),
        href: address(base, "", Some(kind), None),
        current: told == Some(kind),
    };
    Ok(OverviewPage {
        layout: operator.layout(&state.site, "Connections", "/"),
        counts: [
            StateKind::Attention,
            StateKind::Degraded,
            StateKind::Active,
            StateKind::Pending,
            StateKind::Disconnected,
        ]
        .map(count)
        .to_vec(),
        attention: attention
            .iter()
            .map(|found| Attention {
                pair: pair(state, found),
                badge: badge(found.connection.state()),
                sentence: reason(found),
            })
            .collect(),
        rows: found.iter().map(|found| row(state, found)).collect(),
        first: after.map(|_| address(base, &text, told, None)),
        next,
        text,
        state: told.map_or_else(String::new, |state| state.as_str().to_owned()),
    })
}

fn row(state: &ConnectState, found: &FoundConnection) -> ConnectionRow {
    let connection = &found.connection;
    ConnectionRow {
        pair: pair(state, found),
        reference: connection.reference.clone().unwrap_or_default(),
        badge: badge(connection.state()),
        reason: reason(found),
        proven_at: Moment(connection.platform.facts.proven_at.min(connection.accounting.facts.proven_at)),
    }
}

fn reason(found: &FoundConnection) -> String {
    found.reason.as_ref().map_or_else(String::new, |reason| reason.sentence.clone())
}

fn pair(state: &ConnectState, found: &FoundConnection) -> Pair {
    let connection = &found.connection;
    Pair {
        href: format!("{}/connections/{}", state.site.base_path(), connection.id),
        platform: connection.platform.company.name.clone(),
        accounting: connection.accounting.company.name.clone(),
        system: state.connect.directory().name(&connection.accounting.provider).to_owned(),
    }
}

fn address(base: &str, text: &str, state: Option<StateKind>, after: Option<ConnectionId>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if !text.is_empty() {
        query.append_pair("text", text);
    }
    if let Some(state) = state {
        query.append_pair("state", state.as_str());
    }
    if let Some(after) = after {
        query.append_pair("after", &after.to_string());
    }
    let query = query.finish();
    if query.is_empty() { format!("{base}/") } else { format!("{base}/?{query}") }
}

/// A connection's state as a word and a mark.
pub(super) fn badge(state: StateKind) -> Badge {
    match state {
        StateKind::Pending => Badge::new(Tone::Plain, "Pending"),
        StateKind::Active => Badge::new(Tone::Good, "Active"),
        StateKind::Degraded => Badge::new(Tone::Warning, "Degraded"),
        StateKind::Attention => Badge::new(Tone::Bad, "Needs attention"),
        StateKind::Disconnected => Badge::new(Tone::Plain, "Disconnected"),
    }
}
