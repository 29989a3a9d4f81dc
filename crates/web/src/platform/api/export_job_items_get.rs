use axum::Json;
use axum::extract::State;
use platform::{ApiError, ExportJobId};
use serde_json::Value;

use super::{Answer, parameter, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::paging::PageRequest;
use crate::platform::refusal::ResourceApi;
use crate::shared::{Path, RawQuery};

/// `GET /v3/export-jobs/{id}/items?status=`
pub(super) async fn get(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    Path(id, ..): Path<ExportJobId, ResourceApi>,
    RawQuery(pairs, ..): RawQuery<ResourceApi>,
) -> Answer<Json<Value>> {
    let request = PageRequest::read(&pairs, &["accountingEntryId"], false)?;
    let status = parameter(&pairs, "status")?.map(str::parse).transpose().map_err(|_| {
        ApiError::parameter("status is pending, in_progress, failed, successful or abandoned")
    })?;
    let page = state.platform.list_export_job_items(&caller, id, status, &request.query).await?;
    Ok(Json(request.envelope(page, |row| row.expense.to_string(), |row| show::export_job_item(&row))))
}
