//! Challenges of the resource APIs name the document that says who gives tokens for them (RFC 9728 section 5.1).

use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::PlatformState;
use crate::shared::Site;

/// The address of the document of this side's resource APIs.
pub(super) fn document_url(site: &Site) -> String {
    format!("{}{}", site.origin(), oauth::metadata::resource_path_for(site.base_path()))
}

/// Around every route of the resource APIs: adds `resource_metadata` to the challenge of a 401.
pub(super) async fn point_to_document(
    State(state): State<PlatformState>,
    mut response: Response,
) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED
        && let Some(challenge) = response.headers().get(header::WWW_AUTHENTICATE)
        && let Ok(text) = challenge.to_str()
        && let Ok(value) =
            HeaderValue::from_str(&format!("{text}, resource_metadata=\"{}\"", document_url(&state.site)))
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
