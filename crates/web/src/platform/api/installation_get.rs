use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{Answer, id_parameter, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::refusal::ResourceApi;
use crate::shared::RawQuery;

/// `GET /v1/installations/me?company_id=`
pub(super) async fn get(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    RawQuery(pairs, ..): RawQuery<ResourceApi>,
) -> Answer<Json<Value>> {
    let installation = state.platform.get_installation(&caller, id_parameter(&pairs, "company_id")?).await?;
    Ok(Json(json!({ "data": show::installation(&installation) })))
}
