use axum::Json;
use axum::extract::State;
use oauth::metadata::{ResourceMetadata, ServerMetadata};

use crate::platform::PlatformState;

/// `GET /.well-known/oauth-authorization-server`
pub(super) async fn show(State(state): State<PlatformState>) -> Json<ServerMetadata> {
    let settings = state.platform.authorization_server().settings();
    Json(authserver::server_metadata(settings, Some(authserver::REGISTRATION_PATH)))
}

/// `GET /.well-known/oauth-protected-resource`
pub(super) async fn show_resource(State(state): State<PlatformState>) -> Json<ResourceMetadata> {
    let settings = state.platform.authorization_server().settings();
    Json(authserver::resource_metadata(settings, "Pleo resource APIs"))
}
