use axum::extract::State;
use http::StatusCode;
use platform::{CompanyId, EmployeeId, ExpenseId, NewExportJob};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::refusal::ResourceApi;
use crate::shared::Json;

/// The body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    company_id: CompanyId,
    accounting_entry_ids: Vec<ExpenseId>,
    employee_id: Option<EmployeeId>,
    is_interactive: Option<bool>,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    vendor_based_bookkeeping: bool,
}

/// `POST /v3/export-jobs`
pub(super) async fn create(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    Json(body, ..): Json<Body, ResourceApi>,
) -> Answer<(StatusCode, axum::Json<Value>)> {
    let new = NewExportJob {
        company: body.company_id,
        entries: body.accounting_entry_ids,
        employee: body.employee_id,
        is_interactive: body.is_interactive.unwrap_or(true),
        vendor_based_bookkeeping: body.options.vendor_based_bookkeeping,
    };
    let job = state.platform.create_export_job(&caller, new).await?;
    Ok((StatusCode::CREATED, axum::Json(json!({ "data": show::export_job(&job) }))))
}
