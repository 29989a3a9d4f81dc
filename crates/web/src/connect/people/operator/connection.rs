use ::connect::{ConnectionId, End, EndState, EventType, FoundConnection, NumberedEvent, StateKind};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::{StoreError, Timestamp};
use http::StatusCode;
use refresh::{AttemptOutcome, AttemptRecord, CredentialKind};
use serde::Deserialize;
use std::time::Duration;

use super::operator_session::Operator;
use super::overview::badge;
use crate::connect::ConnectState;
use crate::connect::pages::{Chart, ConnectionPage, Day, EndView, Fact, Found, Happening};
use crate::connect::people::customer::detail;
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{FormErrors, Page, Pages, Path, Problem, Query, Surface as _};

/// Events of one page of the timeline.
const EVENTS: u32 = 50;
/// Days of the chart.
const DAYS: u64 = 30;
/// Attempts that are looked at for it, of each end.
const ATTEMPTS: u32 = 3_000;

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    before: Option<u64>,
}

/// `GET /connections/{id}`
pub(super) async fn show(
    State(state): State<ConnectState>,
    operator: Operator,
    Path(id, _): Path<ConnectionId, Pages>,
    Query(wanted, _): Query<Wanted, Pages>,
) -> Response {
    let shown = Shown { before: wanted.before, ..Shown::default() };
    page(&state, &operator, id, shown).await
}

/// What the page shows beside the connection itself.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Events below this position.
    pub(super) before: Option<u64>,
    /// What is wrong with a key that was sent for an end.
    pub(super) errors: Option<(End, FormErrors)>,
    /// What has just happened.
    pub(super) notice: Option<(Tone, String)>,
}

pub(super) async fn page(
    state: &ConnectState,
    operator: &Operator,
    id: ConnectionId,
    shown: Shown,
) -> Response {
    let status = if shown.errors.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let built = async {
        let Some(found) = state.connect.connection(id).await? else { return Ok(None) };
        build(state, operator, found, shown).await.map(Some)
    };
    match built.await {
        Ok(Some(page)) => (status, Page(page)).into_response(),
        Ok(None) => Pages::refuse(Problem::not_found(), &state.site),
        Err(error) => Pages::refuse(Problem::from(error), &state.site),
    }
}

async fn build(
    state: &ConnectState,
    operator: &Operator,
    found: FoundConnection,
    shown: Shown,
) -> Result<ConnectionPage, StoreError> {
    let base = format!("{}/connections/{}", state.site.base_path(), found.connection.id);
    let mut events = state.connect.timeline(found.connection.id, shown.before, EVENTS + 1).await?;
    let more = events.len() > EVENTS as usize;
    events.truncate(EVENTS as usize);
    let earlier = events.last().filter(|_| more).map(|last| format!("{base}?before={}", last.position));
    let attempts = state.connect.attempts(&found.connection, ATTEMPTS).await?;
    let errors = |end: End| match &shown.errors {
        Some((at, errors)) if *at == end => errors.clone(),
        _ => FormErrors::none(),
    };
    let kind = found.connection.state();
    let title =
        format!("{} – {}", found.connection.platform.company.name, found.connection.accounting.company.name);
    let mut layout = operator.layout(&state.site, title, "");
    if let Some((tone, text)) = shown.notice {
        layout = layout.notice(tone, text);
    }
    Ok(ConnectionPage {
        layout,
        id: found.connection.id.to_string(),
        reference: found.connection.reference.clone().unwrap_or_default(),
        badge: badge(kind),
        reason: found.reason.as_ref().map(|reason| reason.sentence.clone()),
        line: match kind {
            StateKind::Active | StateKind::Degraded => "joined",
            StateKind::Pending => "waiting",
            StateKind::Attention | StateKind::Disconnected => "broken",
        },
        platform: end_view(state, &found, End::Platform, &base, errors(End::Platform)),
        accounting: end_view(state, &found, End::Accounting, &base, errors(End::Accounting)),
        created_at: Moment(found.connection.created_at),
        chart: chart(&attempts, state.site.clock.now()),
        timeline: events.iter().map(happening).collect(),
        earlier,
        disconnect: (kind != StateKind::Disconnected).then(|| format!("{base}/disconnect")),
        csrf: operator.csrf(),
    })
}

fn end_view(
    state: &ConnectState,
    found: &FoundConnection,
    end: End,
    base: &str,
    errors: FormErrors,
) -> EndView {
    let connection = &found.connection;
    let side = connection.side(end);
    let system = state.connect.directory().name(&side.provider).to_owned();
    let takes_keys =
        state.connect.provider_of(connection, end).is_some_and(|access| access.provider.api_key.is_some());
    EndView {
        found: Found { system, company: side.company.name.clone(), detail: detail(&side.company) },
        badge: end_badge(side.state()),
        reason: found.side_reason(end).map(|reason| reason.sentence.clone()),
        facts: facts(found, end),
        sign_in_again: connection.is_live().then(|| format!("{base}/{end}/reauthorise")),
        replace_key: (connection.is_live() && takes_keys).then(|| format!("{base}/{end}/api-key")),
        errors,
    }
}

fn facts(found: &FoundConnection, end: End) -> Vec<Fact> {
    let side = found.connection.side(end);
    let facts = &side.facts;
    let mut shown = vec![Fact::text(
        "Credential",
        match facts.kind {
            CredentialKind::OAuth => "OAuth sign-in",
            CredentialKind::ApiKey => "API key",
        },
    )];
    if let Some(scope) = &facts.scope {
        shown.push(Fact::text("Scopes", scope.to_string()));
    }
    shown.push(Fact::text("Generation", side.generation().to_string()));
    shown.push(Fact::moment("Last proven good", Moment(facts.proven_at)));
    if side.state() == EndState::Ended {
        return shown;
    }
    if let Some(at) = facts.expires_at {
        let name = if facts.kind == CredentialKind::ApiKey { "Key expires" } else { "Access token expires" };
        shown.push(Fact::moment(name, Moment(at)));
    }
    if let Some(at) = facts.next_action_at.filter(|_| facts.kind == CredentialKind::OAuth) {
        shown.push(Fact::moment("Looked at next", Moment(at)));
    }
    shown.push(match (found.ends_at(end), facts.refresh_token_expires_at) {
        (Some(at), _) => Fact { moment: Some(Moment(at)), ..Fact::text("Ends for certain", "") },
        (None, Some(at)) => {
            Fact { moment: Some(Moment(at)), ..Fact::text("Ends", "unless it is refreshed before") }
        }
        (None, None) => Fact::text("Ends", "not known beforehand; it is refreshed in time"),
    });
    shown
}

fn end_badge(state: EndState) -> Badge {
    match state {
        EndState::Active => Badge::new(Tone::Good, "Active"),
        EndState::Refreshing => Badge::new(Tone::Good, "Refreshing"),
        EndState::Degraded => Badge::new(Tone::Warning, "Degraded"),
        EndState::Unknown => Badge::new(Tone::Warning, "Unknown"),
        EndState::Ended => Badge::new(Tone::Bad, "Ended"),
    }
}

fn chart(attempts: &[AttemptRecord], now: Timestamp) -> Chart {
    const DAY: Duration = Duration::from_hours(24);
    let days = (0..DAYS).rev().map(|back| {
        let back = u32::try_from(back).unwrap_or(0);
        let (from, to) = (now - DAY * (back + 1), now - DAY * back);
        let mut day = Day { at: to, refreshed: 0, refused: 0, failed: 0 };
        for attempt in
            attempts.iter().filter(|attempt| attempt.finished_at > from && attempt.finished_at <= to)
        {
            match attempt.outcome {
                AttemptOutcome::Advanced => day.refreshed += 1,
                AttemptOutcome::Refused | AttemptOutcome::KnownExpired | AttemptOutcome::FoundDead => {
                    day.refused += 1;
                }
                // An outage, an answer nobody has, a wait for the operator: nothing was refused.
                _ => day.failed += 1,
            }
        }
        day
    });
    Chart::new(days.collect())
}

fn happening(numbered: &NumberedEvent) -> Happening {
    let event = &numbered.event;
    let (tone, title) = match event.kind {
        EventType::Activated => (Tone::Good, "Connected"),
        EventType::Degraded => (Tone::Warning, "Degraded"),
        EventType::Recovered => (Tone::Good, "Recovered"),
        EventType::AttentionRequired => (Tone::Bad, "Needs a person"),
        EventType::Reauthorised => (Tone::Good, "Signed in again"),
        EventType::Expiring => (Tone::Warning, "Ends soon"),
        EventType::CompanyMismatch => (Tone::Bad, "Another company was refused"),
        EventType::Disconnected => (Tone::Plain, "Disconnected"),
        EventType::CredentialRefreshed => (Tone::Good, "Refreshed"),
        EventType::CredentialRefreshFailed => (Tone::Warning, "Refresh failed"),
        EventType::AwaitingConfirmation => (Tone::Plain, "Waits for confirmation"),
        EventType::LinkMade => (Tone::Plain, "Link made"),
        EventType::KeyReplaced => (Tone::Good, "API key replaced"),
        EventType::SettingsChanged => (Tone::Plain, "Settings changed"),
        EventType::SignInShared => (Tone::Good, "New sign-in shared"),
    };
    Happening { tone, title: title.to_owned(), sentence: event.sentence.clone(), at: Moment(event.at) }
}
