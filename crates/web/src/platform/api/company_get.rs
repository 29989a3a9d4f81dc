use axum::Json;
use axum::extract::State;
use platform::CompanyId;
use serde_json::{Value, json};

use super::{Answer, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::refusal::ResourceApi;
use crate::shared::Path;

/// `GET /v1/companies/{id}`
pub(super) async fn get(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    Path(id, ..): Path<CompanyId, ResourceApi>,
) -> Answer<Json<Value>> {
    let found = state.platform.get_company(&caller, id).await?;
    Ok(Json(json!({ "data": show::company(&found) })))
}
