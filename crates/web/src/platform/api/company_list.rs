use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::{Answer, id_parameter, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::paging::PageRequest;
use crate::platform::refusal::ResourceApi;
use crate::shared::RawQuery;

/// `GET /v1/companies?organization_id=`
pub(super) async fn list(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    RawQuery(pairs, ..): RawQuery<ResourceApi>,
) -> Answer<Json<Value>> {
    let request = PageRequest::read(&pairs, &["id"], false)?;
    let organisation = id_parameter(&pairs, "organization_id")?;
    let page = state.platform.list_companies(&caller, organisation, &request.query).await?;
    Ok(Json(request.envelope(page, |row| row.id.to_string(), |row| show::company(&row))))
}
