use axum::Json;
use axum::extract::State;
use platform::ApiError;
use serde_json::Value;

use super::{Answer, id_parameter, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::paging::PageRequest;
use crate::platform::refusal::ResourceApi;
use crate::shared::RawQuery;

/// `GET /v3/export-items?job_id=`
pub(super) async fn list(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    RawQuery(pairs, ..): RawQuery<ResourceApi>,
) -> Answer<Json<Value>> {
    let request = PageRequest::read(&pairs, &["accountingEntryId"], false)?;
    let job = id_parameter(&pairs, "job_id")?.ok_or_else(|| ApiError::parameter("job_id is missing"))?;
    let page = state.platform.list_export_items(&caller, job, &request.query).await?;
    Ok(Json(request.envelope(page, |row| row.id.to_string(), |row| show::export_item(&row))))
}
