use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::StoreError;
use platform::{Company, CompanyId, CompanySelection, ListedCompany};

use super::list::{List, Wanted};
use super::user::company_detail;
use super::{Administrator, ROWS, address};
use crate::platform::PlatformState;
use crate::shared::page::{Badge, Tone};
use crate::shared::{Layout, Page, Pages, Query};

const PATH: &str = "/admin/companies";

#[derive(Debug, Template)]
#[template(path = "platform/admin/companies.html")]
struct CompaniesPage {
    layout: Layout,
    list: List,
    rows: Vec<Row>,
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
    Page::or_refusal(page(&state, &administrator, &wanted).await, &state.site)
}

async fn page(
    state: &PlatformState,
    administrator: &Administrator,
    wanted: &Wanted,
) -> Result<CompaniesPage, StoreError> {
    let base = state.site.base_path();
    let states = ("All companies", &[("suspended", "Suspended")][..]);
    let mut list = List::new((base, PATH), "Name, number, organisation or id", states, wanted);
    let selection =
        if list.chosen() == "suspended" { CompanySelection::Suspended } else { CompanySelection::All };
    let after: Option<CompanyId> = wanted.after.as_deref().and_then(|after| after.parse().ok());
    let found = state.platform.find_companies(&list.text, selection, after, ROWS + 1).await?;
    let found = list.cut(found, wanted, |listed| listed.company.id.to_string());
    let row = |ListedCompany { company, organisation_name }: ListedCompany| Row {
        href: address::of(base, PATH, &company.id.to_string()),
        detail: company_detail(&company, &organisation_name),
        badge: badge(&company),
        name: company.name,
    };
    let rows = found.into_iter().map(row).collect();
    Ok(CompaniesPage { layout: administrator.layout(state, "Companies", PATH), list, rows })
}
