use axum::extract::State;
use axum::response::Response;

use super::form::EngineForm;
use super::render::respond;
use crate::platform::PlatformState;
use crate::platform::person::RequestOrigin;

/// `POST /oauth/token`
pub(super) async fn token(
    State(state): State<PlatformState>,
    RequestOrigin(origin): RequestOrigin,
    form: EngineForm,
) -> Response {
    let reply = state.platform.token(form.authorization.as_deref(), &form.body, &origin).await;
    respond(authserver::token_response(reply))
}
