use axum::Json;
use axum::extract::State;
use oauth::metadata::ServerMetadata;

use crate::platform::PlatformState;

/// `GET /.well-known/oauth-authorization-server`
pub(super) async fn show(State(state): State<PlatformState>) -> Json<ServerMetadata> {
    Json(authserver::server_metadata(state.platform.authorization_server().settings(), None))
}
