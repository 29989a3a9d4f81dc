use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::StoreError;
use identity::{Account, Email};
use serde::Deserialize;

use super::{Administrator, ROWS, address};
use crate::platform::PlatformState;
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{Layout, Page, Pages, Problem, Query, Surface as _};

/// Who is looked for.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    text: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/users.html")]
struct UsersPage {
    layout: Layout,
    text: String,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    email: String,
    badge: Badge,
    created_at: Moment,
}

/// How an account stands, as a word and a mark.
pub(super) fn badge(account: &Account) -> Badge {
    if account.disabled_at.is_some() {
        Badge::new(Tone::Bad, "Disabled")
    } else {
        Badge::new(Tone::Good, "Active")
    }
}

/// `GET /admin/users`
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
) -> Result<UsersPage, StoreError> {
    const PATH: &str = "/admin/users";
    let base = state.site.base_path();
    let text = wanted.text.as_deref().unwrap_or_default().trim().to_owned();
    let after: Option<Email> = wanted.after.as_deref().and_then(|after| after.parse().ok());
    let mut found = state.platform.find_people(&text, after.as_ref(), ROWS + 1).await?;
    let more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let last = found.last().filter(|_| more);
    let next = last
        .map(|last| address::list(base, PATH, &[("text", text.as_str()), ("after", last.email.as_str())]));
    let rows = found.into_iter().map(|account| Row {
        href: address::of(base, PATH, &account.id.to_string()),
        badge: badge(&account),
        created_at: Moment(account.created_at),
        email: account.email.to_string(),
        name: account.name,
    });
    Ok(UsersPage {
        layout: administrator.layout(state, "Users", PATH),
        rows: rows.collect(),
        first: after.map(|_| address::list(base, PATH, &[("text", &text)])),
        next,
        text,
    })
}
