//! `/logos/{client_id}`: pictures of applications, from our own origin.

use authserver::ClientId;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::HeaderValue;
use http::header::{self, HeaderName};

use super::PlatformState;
use super::person::MaybePerson;
use crate::shared::{ForeignContent, Pages, Path, Problem, Surface as _};

/// An address holds the moment at which the picture was fetched, so another picture has another address.
const FOR_EVERYBODY: &str = "public, max-age=86400, immutable";
const FOR_THE_REVIEW: &str = "private, no-store";

pub(super) fn router() -> Router<PlatformState> {
    Router::new().route("/logos/{client_id}", get(show))
}

/// The logo of an approved application; that of another one only for whoever reviews it or owns it.
async fn show(
    State(state): State<PlatformState>,
    Path(client_id, ..): Path<String, Pages>,
    person: MaybePerson,
) -> Response {
    let id = ClientId::new(client_id);
    let (found, caching) = match state.platform.logo(&id, false).await {
        Ok(None) if sees_unapproved(&state, &id, person).await => {
            (state.platform.logo(&id, true).await, FOR_THE_REVIEW)
        }
        found => (found, FOR_EVERYBODY),
    };
    let logo = match found {
        Ok(Some(stored)) => match stored.outcome {
            Ok(logo) => logo,
            Err(_) => return Pages::refuse(Problem::not_found(), &state.site),
        },
        Ok(None) => return Pages::refuse(Problem::not_found(), &state.site),
        Err(error) => return Pages::refuse(Problem::from(error), &state.site),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(logo.kind.content_type())),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"logo\"")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    (headers, Extension(ForeignContent), logo.bytes).into_response()
}

async fn sees_unapproved(state: &PlatformState, id: &ClientId, MaybePerson(session): MaybePerson) -> bool {
    let Some(session) = session else { return false };
    match state.platform.sees_unapproved(session.account.id, id).await {
        Ok(sees) => sees,
        Err(error) => {
            tracing::error!(%error, "whether somebody may see a logo could not be found out");
            false
        }
    }
}
