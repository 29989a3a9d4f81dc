use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::StoreError;
use identity::{Account, AccountSelection, Email};

use super::list::{List, Wanted};
use super::{Administrator, ROWS, address};
use crate::platform::PlatformState;
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{Layout, Page, Pages, Query};

const PATH: &str = "/admin/users";

#[derive(Debug, Template)]
#[template(path = "platform/admin/users.html")]
struct UsersPage {
    layout: Layout,
    list: List,
    rows: Vec<Row>,
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
    Page::or_refusal(page(&state, &administrator, &wanted).await, &state.site)
}

async fn page(
    state: &PlatformState,
    administrator: &Administrator,
    wanted: &Wanted,
) -> Result<UsersPage, StoreError> {
    let base = state.site.base_path();
    let states = ("Everybody", &[("disabled", "Disabled")][..]);
    let mut list = List::new((base, PATH), "Name or email", states, wanted);
    let selection =
        if list.chosen() == "disabled" { AccountSelection::Disabled } else { AccountSelection::All };
    let after: Option<Email> = wanted.after.as_deref().and_then(|after| after.parse().ok());
    let found = state.platform.find_people(&list.text, selection, after.as_ref(), ROWS + 1).await?;
    let found = list.cut(found, wanted, |account| account.email.to_string());
    let row = |account: Account| Row {
        href: address::of(base, PATH, &account.id.to_string()),
        badge: badge(&account),
        created_at: Moment(account.created_at),
        email: account.email.to_string(),
        name: account.name,
    };
    let rows = found.into_iter().map(row).collect();
    Ok(UsersPage { layout: administrator.layout(state, "Users", PATH), list, rows })
}
