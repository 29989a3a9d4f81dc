use axum::Json;
use axum::extract::State;
use platform::EmployeeId;
use serde_json::{Value, json};

use super::{Answer, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::refusal::ResourceApi;
use crate::shared::Path;

/// `GET /v2/employees/{id}`
pub(super) async fn get(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    Path(id, ..): Path<EmployeeId, ResourceApi>,
) -> Answer<Json<Value>> {
    let found = state.platform.get_employee(&caller, id).await?;
    Ok(Json(json!({ "data": show::employee(&found) })))
}
