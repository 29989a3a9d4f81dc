use axum::extract::State;
use http::StatusCode;
use platform::By;

use super::Answer;
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::person::RequestOrigin;

/// `DELETE /v1/installations/me`: uninstalls, and ends every token of the client for this subject.
pub(super) async fn delete(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    RequestOrigin(origin): RequestOrigin,
) -> Answer<StatusCode> {
    let by = By::caller(&caller, origin);
    state.platform.remove_installation(&caller, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}
