use axum::Json;
use axum::extract::State;
use platform::{InstallationChange, InstallationStatus};
use serde_json::{Value, json};

use super::{Answer, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;

/// `POST /v1/installations/me:activate`: the integration has set things up. Whatever body comes is not read.
pub(super) async fn activate(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
) -> Answer<Json<Value>> {
    let change =
        InstallationChange { status: InstallationStatus::Activated, error_code: None, metadata: None };
    let installation = state.platform.change_installation(&caller, &change).await?;
    Ok(Json(json!({ "data": show::installation(&installation) })))
}
