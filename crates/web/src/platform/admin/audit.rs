use std::collections::BTreeMap;

use ::audit::{Actor, AuditId, AuditRecord, Filter};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::StoreError;
use platform::{CompanyId, Subject};
use serde::Deserialize;

use super::{Administrator, ROWS, address};
use crate::platform::PlatformState;
use crate::shared::page::Moment;
use crate::shared::{Layout, Page, Pages, Query};

const PATH: &str = "/admin/audit";

/// Which records are wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    kind: Option<String>,
    client: Option<String>,
    /// A company's id.
    company: Option<String>,
    /// Whose affair it is, as the record has it: a URN, the id of a user; or a user's address.
    subject: Option<String>,
    /// Who did it, as the record has it; or a user's address.
    actor: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/audit.html")]
struct AuditPage {
    layout: Layout,
    kind: String,
    client: String,
    subject: String,
    actor: String,
    filtered: bool,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Debug)]
struct Row {
    at: Moment,
    kind: String,
    of_kind: String,
    data: String,
    actor: (String, String),
    client: Option<(String, String)>,
    subject: Option<(String, String)>,
    source: String,
    request_id: String,
}

/// `GET /admin/audit`
pub(super) async fn show(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Query(wanted, ..): Query<Wanted, Pages>,
) -> Response {
    Page::or_refusal(page(&state, &administrator, wanted).await, &state.site)
}

async fn page(
    state: &PlatformState,
    administrator: &Administrator,
    wanted: Wanted,
) -> Result<AuditPage, StoreError> {
    let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).unwrap_or_default();
    let kind = given(wanted.kind);
    let client = given(wanted.client);
    let subject = given(wanted.subject.or(wanted.company));
    let actor = given(wanted.actor);
    let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let before: Option<AuditId> = wanted.after.as_deref().and_then(|after| after.parse().ok());
    let filter = Filter {
        subject: subject_of(state, &subject).await?,
        client: filled(&client),
        kind: filled(&kind),
        actor: actor_of(state, &actor).await?,
        before,
    };
    let mut found = state.platform.audit_records(filter, ROWS + 1).await?;
    let more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let here = |after: &str| {
        let parameters = [
            ("kind", kind.as_str()),
            ("client", &client),
            ("subject", &subject),
            ("actor", &actor),
            ("after", after),
        ];
        address::list(state.site.base_path(), PATH, &parameters)
    };
    let next = found.last().filter(|_| more).map(|last| here(&last.id.to_string()));
    let first = before.map(|_| here(""));
    let rows = rows(state, found).await?;
    let filtered = [&kind, &client, &subject, &actor].into_iter().any(|text| !text.is_empty());
    let layout = administrator.layout(state, "Audit", PATH);
    Ok(AuditPage { layout, kind, client, subject, actor, filtered, rows, first, next })
}

/// What stands in the records for what was typed.
async fn subject_of(state: &PlatformState, typed: &str) -> Result<Option<String>, StoreError> {
    if typed.is_empty() {
        return Ok(None);
    }
    if let Ok(company) = typed.parse::<CompanyId>() {
        return Ok(Some(Subject::Company(company).to_string()));
    }
    let account = state.platform.identity().account_by_email(typed).await?;
    Ok(Some(account.map_or_else(|| typed.to_owned(), |account| account.id.to_string())))
}

/// What stands in the records for who was typed.
async fn actor_of(state: &PlatformState, typed: &str) -> Result<Option<String>, StoreError> {
    if typed.is_empty() {
        return Ok(None);
    }
    let account = state.platform.identity().account_by_email(typed).await?;
    let user = account.map(|account| Actor::User(account.id.to_string()).to_string());
    Ok(Some(user.unwrap_or_else(|| typed.to_owned())))
}

/// Records as rows, with names for the ids that have one.
pub(super) async fn named(
    state: &PlatformState,
    records: &[AuditRecord],
) -> Result<BTreeMap<String, String>, StoreError> {
    let actors = records.iter().map(|record| record.actor.as_str());
    let subjects = records.iter().filter_map(|record| record.subject.as_deref());
    let companies = records.iter().filter_map(|record| record.data.get("company")).map(String::as_str);
    let clients = records.iter().filter_map(|record| record.client.as_deref());
    state.platform.names_of(actors.chain(subjects).chain(companies), clients).await
}

async fn rows(state: &PlatformState, records: Vec<AuditRecord>) -> Result<Vec<Row>, StoreError> {
    let names = named(state, &records).await?;
    let base = state.site.base_path();
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let linked = |parameter: &str, id: &String| (name(id), address::list(base, PATH, &[(parameter, id)]));
    Ok(records
        .into_iter()
        .map(|record| Row {
            at: Moment(record.at),
            of_kind: address::list(base, PATH, &[("kind", &record.kind)]),
            data: in_line(&record.data, &names),
            actor: linked("actor", &record.actor),
            client: record.client.as_ref().map(|id| linked("client", id)),
            subject: record.subject.as_ref().map(|id| linked("subject", id)),
            kind: record.kind,
            source: record.source.unwrap_or_default(),
            request_id: record.request_id.unwrap_or_default(),
        })
        .collect())
}

/// The details of a record in one line, with names for the ids that have one.
pub(super) fn in_line(data: &BTreeMap<String, String>, names: &BTreeMap<String, String>) -> String {
    let part = |(name, value): (&String, &String)| {
        format!("{}: {}", name.replace('_', " "), names.get(value).unwrap_or(value))
    };
    data.iter().map(part).collect::<Vec<_>>().join(" · ")
}
