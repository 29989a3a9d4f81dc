use axum::Json;
use axum::extract::State;
use platform::{ApiError, JobStatus};
use serde_json::Value;

use super::{Answer, id_parameter, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::paging::{PageRequest, list as words};
use crate::platform::refusal::ResourceApi;
use crate::shared::RawQuery;

/// `GET /v3/export-jobs?company_id=&statuses=`, newest first. Ids are made in the order of time, so `createdAt` sorts by them.
pub(super) async fn list(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    RawQuery(pairs, ..): RawQuery<ResourceApi>,
) -> Answer<Json<Value>> {
    let request = PageRequest::read(&pairs, &["id", "createdAt"], true)?;
    let company = id_parameter(&pairs, "company_id")?;
    let statuses = words(&pairs, "statuses")
        .iter()
        .map(|word| word.parse::<JobStatus>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| {
            ApiError::parameter(
                "statuses holds pending, in_progress, failed, completed, completed_with_errors",
            )
        })?;
    let page = state.platform.list_export_jobs(&caller, company, statuses, &request.query).await?;
    Ok(Json(request.envelope(page, |row| row.id.to_string(), |row| show::export_job(&row))))
}
