use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::StoreError;
use platform::{Company, CompanyId, ListedCompany};
use serde::Deserialize;

use super::user::company_detail;
use super::{Administrator, ROWS, address};
use crate::platform::PlatformState;
use crate::shared::page::{Badge, Tone};
use crate::shared::{Layout, Page, Pages, Problem, Query, Surface as _};

/// Which ones are looked for.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    text: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/companies.html")]
struct CompaniesPage {
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
    detail: String,
    badge: Badge,
}

/// How a company stands, as a word and a mark.
pub(super) fn badge(company: &Company) -> Badge {
    if company.is_suspended() { Badge::new(Tone::Bad, "Suspended") } else { Badge::new(Tone::Good, "Active") }
}

/// `GET /admin/companies`
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
) -> Result<CompaniesPage, StoreError> {
    const PATH: &str = "/admin/companies";
    let base = state.site.base_path();
    let text = wanted.text.as_deref().unwrap_or_default().trim().to_owned();
    let after: Option<CompanyId> = wanted.after.as_deref().and_then(|after| after.parse().ok());
    let mut found = state.platform.find_companies(&text, after, ROWS + 1).await?;
    let more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let last = found.last().filter(|_| more).map(|last| last.company.id.to_string());
    let next = last.map(|last| address::list(base, PATH, &[("text", &text), ("after", &last)]));
    let row = |ListedCompany { company, organisation_name }: ListedCompany| Row {
        href: address::of(base, PATH, &company.id.to_string()),
        detail: company_detail(&company, &organisation_name),
        badge: badge(&company),
        name: company.name,
    };
    Ok(CompaniesPage {
        layout: administrator.layout(state, "Companies", PATH),
        rows: found.into_iter().map(row).collect(),
        first: after.map(|_| address::list(base, PATH, &[("text", &text)])),
        next,
        text,
    })
}
