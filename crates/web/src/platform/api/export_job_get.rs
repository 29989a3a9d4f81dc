use axum::Json;
use axum::extract::State;
use platform::ExportJobId;
use serde_json::{Value, json};

use super::{Answer, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::refusal::ResourceApi;
use crate::shared::Path;

/// `GET /v3/export-jobs/{id}`
pub(super) async fn get(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    Path(id, ..): Path<ExportJobId, ResourceApi>,
) -> Answer<Json<Value>> {
    let found = state.platform.get_export_job(&caller, id).await?;
    Ok(Json(json!({ "data": show::export_job(&found) })))
}
