use axum::extract::State;
use platform::{InstallationChange, InstallationErrorCode, InstallationStatus};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::refusal::ResourceApi;
use crate::shared::Json;

/// The body; `status` is required.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    status: InstallationStatus,
    metadata: Option<Value>,
    error_code: Option<InstallationErrorCode>,
}

/// `PUT /v1/installations/me`
pub(super) async fn put(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    Json(body, ..): Json<Body, ResourceApi>,
) -> Answer<axum::Json<Value>> {
    let change =
        InstallationChange { status: body.status, error_code: body.error_code, metadata: body.metadata };
    let installation = state.platform.change_installation(&caller, &change).await?;
    Ok(axum::Json(json!({ "data": show::installation(&installation) })))
}
