use authserver::{managed_client_response, registration_refusal_response};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::form::EngineJson;
use super::render::plain;
use crate::platform::PlatformState;
use crate::platform::person::RequestOrigin;

/// `POST /oauth/register`
pub(super) async fn register(
    State(state): State<PlatformState>,
    RequestOrigin(origin): RequestOrigin,
    request: EngineJson,
) -> Response {
    let EngineJson { authorization, body } = request;
    let issuer = &state.platform.authorization_server().settings().issuer;
    match state.platform.register_with_token(authorization.as_deref(), &body, &origin).await {
        Ok(managed) => plain(managed_client_response(&managed, StatusCode::CREATED, issuer)),
        Err(refusal) => plain(registration_refusal_response(&refusal)),
    }
}
