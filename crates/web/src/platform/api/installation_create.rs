use axum::Json;
use axum::extract::State;
use platform::{By, InstallationStatus, NewInstallation};
use serde::Deserialize;
use serde_json::{Value, json};

use super::optional_json::OptionalJson;
use super::{Answer, show};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::person::RequestOrigin;

/// The body; all of it may be left out.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Body {
    metadata: Option<Value>,
    status: Option<InstallationStatus>,
}

/// `POST /v1/installations/me`
pub(super) async fn create(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    RequestOrigin(origin): RequestOrigin,
    OptionalJson(body): OptionalJson<Body>,
) -> Answer<Json<Value>> {
    let by = By::caller(&caller, origin);
    let new = NewInstallation { metadata: body.metadata, status: body.status };
    let installation = state.platform.create_installation(&caller, &by, new).await?;
    Ok(Json(json!({ "data": show::installation(&installation) })))
}
