//! `/oauth/register/{client_id}` (RFC 7592).

use authserver::{
    ManagedClient, RegistrationRefusal, managed_client_response, registration_refusal_response,
    removed_client_response,
};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::form::{EngineHeader, EngineJson};
use super::render::plain;
use crate::platform::PlatformState;
use crate::platform::person::RequestOrigin;
use crate::platform::refusal::OAuthEndpoint;
use crate::shared::Path;

/// `GET`: the client as it is.
pub(super) async fn show(
    State(state): State<PlatformState>,
    Path(client_id, ..): Path<String, OAuthEndpoint>,
    RequestOrigin(origin): RequestOrigin,
    EngineHeader(authorization): EngineHeader,
) -> Response {
    let server = state.platform.authorization_server();
    let managed = server.managed_client(&client_id, authorization.as_deref(), &origin).await;
    answer(managed, &state)
}

/// `PUT`: the client as it is to be.
pub(super) async fn replace(
    State(state): State<PlatformState>,
    Path(client_id, ..): Path<String, OAuthEndpoint>,
    RequestOrigin(origin): RequestOrigin,
    request: EngineJson,
) -> Response {
    let EngineJson { authorization, body } = request;
    let platform = &state.platform;
    let managed = platform.replace_managed_client(&client_id, authorization.as_deref(), &body, &origin).await;
    answer(managed, &state)
}

/// `DELETE`: no client any more.
pub(super) async fn remove(
    State(state): State<PlatformState>,
    Path(client_id, ..): Path<String, OAuthEndpoint>,
    RequestOrigin(origin): RequestOrigin,
    EngineHeader(authorization): EngineHeader,
) -> Response {
    let server = state.platform.authorization_server();
    match server.remove_managed_client(&client_id, authorization.as_deref(), &origin).await {
        Ok(()) => plain(removed_client_response()),
        Err(refusal) => plain(registration_refusal_response(&refusal)),
    }
}

fn answer(managed: Result<ManagedClient, RegistrationRefusal>, state: &PlatformState) -> Response {
    let issuer = &state.platform.authorization_server().settings().issuer;
    match managed {
        Ok(managed) => plain(managed_client_response(&managed, StatusCode::OK, issuer)),
        Err(refusal) => plain(registration_refusal_response(&refusal)),
    }
}
