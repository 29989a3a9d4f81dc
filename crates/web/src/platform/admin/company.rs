use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::{CompanyId, CompanyView, ConnectedApp, Employee, Subject};
use serde::Deserialize;

use super::companies::badge;
use super::user::{ActForm, company_detail, in_words};
use super::{Administrator, address, refuse};
use crate::platform::PlatformState;
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{Form, Layout, Page, Pages, Path, Problem, Query, Surface as _};

/// What has just been done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/company.html")]
struct CompanyPage {
    layout: Layout,
    csrf: String,
    id: String,
    name: String,
    detail: String,
    organisation_id: String,
    standalone_api_keys: bool,
    badge: Badge,
    suspended_at: Option<Moment>,
    staff: Vec<StaffRow>,
    apps: Vec<AppRow>,
    here: String,
    audit: String,
}

#[derive(Debug)]
struct StaffRow {
    href: String,
    name: String,
    email: String,
    role: &'static str,
}

#[derive(Debug)]
struct AppRow {
    href: String,
    name: String,
    may: String,
    since: Moment,
    last_used: Option<Moment>,
    live: bool,
}

/// `GET /admin/companies/{id}`
pub(super) async fn show(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<CompanyId, Pages>,
    Query(done, ..): Query<Done, Pages>,
) -> Response {
    match state.platform.company_view(id).await {
        Ok(Some(view)) => Page(page(&state, &administrator, view, done.done.as_deref())).into_response(),
        Ok(None) => Pages::refuse(Problem::not_found(), &state.site),
        Err(error) => refuse(error, &state),
    }
}

fn page(
    state: &PlatformState,
    administrator: &Administrator,
    view: CompanyView,
    done: Option<&str>,
) -> CompanyPage {
    let base = state.site.base_path();
    let CompanyView { listed, staff, apps } = view;
    let company = listed.company;
    let mut layout = administrator.layout(state, &company.name, "/admin/companies");
    match done {
        Some("suspended") => {
            layout = layout.notice(Tone::Good, "Every token and key of this company is refused from now on.");
        }
        Some("resumed") => {
            layout = layout.notice(Tone::Good, "What was not revoked meanwhile works again.");
        }
        _ => {}
    }
    let id = company.id.to_string();
    CompanyPage {
        layout,
        csrf: administrator.0.csrf(),
        detail: company_detail(&company, &listed.organisation_name),
        organisation_id: company.organisation.to_string(),
        standalone_api_keys: company.standalone_api_keys,
        badge: badge(&company),
        suspended_at: company.suspended_at.map(Moment),
        staff: staff.into_iter().map(|employee| staff_row(base, employee)).collect(),
        apps: apps.into_iter().map(|app| app_row(base, app)).collect(),
        here: address::of(base, "/admin/companies", &id),
        audit: address::list(base, "/admin/audit", &[("subject", &Subject::Company(company.id).to_string())]),
        name: company.name,
        id,
    }
}

fn staff_row(base: &str, employee: Employee) -> StaffRow {
    StaffRow {
        href: address::of(base, "/admin/users", &employee.account.to_string()),
        name: format!("{} {}", employee.first_name, employee.last_name).trim().to_owned(),
        email: employee.email,
        role: employee.role.as_str(),
    }
}

fn app_row(base: &str, app: ConnectedApp) -> AppRow {
    AppRow {
        href: address::of(base, "/admin/clients", &app.application.client_id),
        name: app.application.name,
        may: in_words(&app.scope),
        since: Moment(app.since),
        last_used: app.last_used_at.map(Moment),
        live: app.live,
    }
}

/// `POST /admin/companies/{id}/suspend`
pub(super) async fn suspend(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<CompanyId, Pages>,
    Form(form, ..): Form<ActForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state) {
        return refusal;
    }
    match state.platform.suspend_company(&administrator.0.by, id).await {
        Ok(()) => back(&state, id, "suspended"),
        Err(error) => refuse(error, &state),
    }
}

/// `POST /admin/companies/{id}/resume`
pub(super) async fn resume(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<CompanyId, Pages>,
    Form(form, ..): Form<ActForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state) {
        return refusal;
    }
    match state.platform.resume_company(&administrator.0.by, id).await {
        Ok(()) => back(&state, id, "resumed"),
        Err(error) => refuse(error, &state),
    }
}

fn back(state: &PlatformState, id: CompanyId, done: &str) -> Response {
    let here = address::of(state.site.base_path(), "/admin/companies", &id.to_string());
    Redirect::to(&format!("{here}?done={done}")).into_response()
}
