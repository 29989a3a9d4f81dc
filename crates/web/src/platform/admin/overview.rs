use ::audit::{AuditRecord, Filter};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::StoreError;
use platform::Counts;

use super::audit::{in_line, named};
use super::{Administrator, address};
use crate::platform::PlatformState;
use crate::shared::page::Moment;
use crate::shared::{Layout, Page};

/// How many of the last records are shown.
const LAST: u32 = 10;

#[derive(Debug, Template)]
#[template(path = "platform/admin/overview.html")]
struct OverviewPage {
    layout: Layout,
    lead: String,
    /// Where clients that wait are reviewed, if any do.
    review: Option<String>,
    counts: Vec<Count>,
    last: Vec<Happening>,
}

#[derive(Debug)]
struct Count {
    number: u64,
    label: &'static str,
    href: String,
}

#[derive(Debug)]
struct Happening {
    at: Moment,
    kind: String,
    sentence: String,
}

/// `GET /admin`
pub(super) async fn show(State(state): State<PlatformState>, administrator: Administrator) -> Response {
    Page::or_refusal(page(&state, &administrator).await, &state.site)
}

async fn page(state: &PlatformState, administrator: &Administrator) -> Result<OverviewPage, StoreError> {
    const UNTIL_THEN: &str = "Until then nothing can be granted to it.";
    let base = state.site.base_path();
    let counts = state.platform.counts().await?;
    let records = state.platform.audit_records(Filter::default(), LAST).await?;
    let names = named(state, &records).await?;
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let happening = |record: AuditRecord| {
        let concerned = [record.client.as_deref(), record.subject.as_deref()];
        let concerned = concerned.into_iter().flatten().map(name);
        let parts = concerned.chain(Some(in_line(&record.data, &names)).filter(|data| !data.is_empty()));
        let about = parts.collect::<Vec<_>>().join(" · ");
        let by = name(&record.actor);
        Happening {
            at: Moment(record.at),
            kind: record.kind,
            sentence: if about.is_empty() { format!("By {by}.") } else { format!("By {by}: {about}") },
        }
    };
    Ok(OverviewPage {
        layout: administrator.layout(state, "Administration", "/admin"),
        lead: match counts.waiting_clients {
            0 => "No client waits for review.".to_owned(),
            1 => format!("One client waits for review. {UNTIL_THEN}"),
            more => format!("{more} clients wait for review. {UNTIL_THEN}"),
        },
        review: (counts.waiting_clients > 0)
            .then(|| address::list(base, "/admin/clients", &[("state", "awaiting_review")])),
        counts: numbers(base, counts),
        last: records.into_iter().map(happening).collect(),
    })
}

fn numbers(base: &str, counts: Counts) -> Vec<Count> {
    let count = |number, label, path, state| Count {
        number,
        label,
        href: address::list(base, path, &[("state", state)]),
    };
    vec![
        count(counts.waiting_clients, "Clients waiting for review", "/admin/clients", "awaiting_review"),
        count(counts.approved_clients, "Clients in use", "/admin/clients", "approved"),
        count(counts.users, "Users", "/admin/users", ""),
        count(counts.disabled_users, "Disabled users", "/admin/users", "disabled"),
        count(counts.companies, "Companies", "/admin/companies", ""),
        count(counts.suspended_companies, "Suspended companies", "/admin/companies", "suspended"),
    ]
}
