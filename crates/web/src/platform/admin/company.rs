use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use platform::{CompanyId, CompanyView, ConnectedApp, Employee, Subject};
use serde::Deserialize;

use super::companies::badge;
use super::posted::Posted;
use super::roles::RoleForm;
use super::user::{company_detail, in_words};
use super::{Administrator, address, refuse};
use crate::platform::PlatformState;
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{FormErrors, Layout, Page, Pages, Path, Problem, Query, Surface as _};

/// What has just been done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/company.html")]
struct CompanyPage {
    layout: Layout,
    errors: FormErrors,
    csrf: String,
    id: String,
    name: String,
    detail: String,
    organisation: String,
    organisation_id: String,
    standalone_api_keys: bool,
    badge: Badge,
    suspended_at: Option<Moment>,
    staff: Vec<StaffRow>,
    /// What was filled in for a role to be given, before something was found wrong.
    filled: RoleForm,
    apps: Vec<AppRow>,
    own_keys: usize,
    organisation_keys: usize,
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
    for_organisation: bool,
}

/// `GET /admin/companies/{id}`
pub(super) async fn show(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<CompanyId, Pages>,
    Query(done, ..): Query<Done, Pages>,
) -> Response {
    let (none, filled) = (FormErrors::none(), RoleForm::default());
    company_page(&state, &administrator, id, done.done.as_deref(), none, &filled).await
}

/// The page of a company, with what is wrong with a role that was to be given.
pub(super) async fn company_page(
    state: &PlatformState,
    administrator: &Administrator,
    id: CompanyId,
    done: Option<&str>,
    errors: FormErrors,
    filled: &RoleForm,
) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    match state.platform.company_view(id).await {
        Ok(Some(view)) => {
            (status, Page(page(state, administrator, view, done, errors, filled))).into_response()
        }
        Ok(None) => Pages::refuse(Problem::not_found(), &state.site),
        Err(error) => refuse(error, state),
    }
}

fn notice(done: Option<&str>) -> Option<&'static str> {
    Some(match done? {
        "suspended" => "Every token and key of this company is refused from now on.",
        "resumed" => "What was not revoked meanwhile works again.",
        "role-given" => "They have this role from now on.",
        _ => return None,
    })
}

fn page(
    state: &PlatformState,
    administrator: &Administrator,
    view: CompanyView,
    done: Option<&str>,
    errors: FormErrors,
    filled: &RoleForm,
) -> CompanyPage {
    let base = state.site.base_path();
    let CompanyView { listed, staff, apps, own_keys, organisation_keys } = view;
    let company = listed.company;
    let mut layout = administrator.layout(state, &company.name, "/admin/companies");
    if let Some(text) = notice(done) {
        layout = layout.notice(Tone::Good, text);
    }
    let id = company.id.to_string();
    CompanyPage {
        layout,
        errors,
        csrf: administrator.0.csrf(),
        detail: company_detail(&company, &listed.organisation_name),
        organisation: listed.organisation_name,
        organisation_id: company.organisation.to_string(),
        standalone_api_keys: company.standalone_api_keys,
        badge: badge(&company),
        suspended_at: company.suspended_at.map(Moment),
        staff: staff.into_iter().map(|employee| staff_row(base, employee)).collect(),
        filled: filled.clone(),
        apps: apps.into_iter().map(|app| app_row(base, app)).collect(),
        own_keys,
        organisation_keys,
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
        for_organisation: matches!(app.subject, Subject::Organisation(_)),
    }
}

/// `POST /admin/companies/{id}/suspend`
pub(super) async fn suspend(State(state): State<PlatformState>, posted: Posted<CompanyId>) -> Response {
    let outcome = state.platform.suspend_company(&posted.administrator.0.by, posted.id).await;
    posted.back(&state, outcome, "suspended")
}

/// `POST /admin/companies/{id}/resume`
pub(super) async fn resume(State(state): State<PlatformState>, posted: Posted<CompanyId>) -> Response {
    let outcome = state.platform.resume_company(&posted.administrator.0.by, posted.id).await;
    posted.back(&state, outcome, "resumed")
}
