use axum::extract::State;
use axum::response::Response;

use super::form::EngineForm;
use super::render::respond;
use crate::platform::PlatformState;
use crate::platform::person::RequestOrigin;

/// `POST /oauth/token/introspect`
pub(super) async fn introspect(
    State(state): State<PlatformState>,
    RequestOrigin(origin): RequestOrigin,
    form: EngineForm,
) -> Response {
    let server = state.platform.authorization_server();
    let reply = server.introspect(form.authorization.as_deref(), &form.body, &origin).await;
    respond(authserver::introspection_response(reply))
}
