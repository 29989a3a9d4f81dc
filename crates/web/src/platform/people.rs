//! Pages for people: sign-in, and what a company's people see and change of who has access.

mod accounting;
mod api_keys;
mod apps;
mod install;
mod key_create;
mod key_revoke;
mod login;
mod logout;
mod sign_in;
mod withdraw;

use axum::Router;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use platform::ActError;

use super::PlatformState;
use crate::shared::{Pages, Problem, Surface as _};

pub(super) use login::sign_in_page;

pub(super) fn router() -> Router<PlatformState> {
    Router::new()
        .route("/", get(home))
        .route("/login", get(login::show).post(sign_in::sign_in))
        .route("/logout", post(logout::logout))
        .route("/settings", get(home))
        .route("/settings/apps", get(apps::show).post(withdraw::withdraw))
        .route("/settings/accounting", get(accounting::show).post(install::install))
        .route("/settings/api-keys", get(api_keys::show).post(key_create::create))
        .route("/settings/api-keys/revoke", post(key_revoke::revoke))
}

async fn home(axum::extract::State(state): axum::extract::State<PlatformState>) -> Redirect {
    Redirect::to(&format!("{}/settings/apps", state.site.base_path()))
}

/// The page that tells why an act was refused.
fn refuse(error: ActError, state: &PlatformState) -> Response {
    let problem = match error {
        ActError::NotAllowed => {
            Problem::new(StatusCode::FORBIDDEN, "not-allowed", "You cannot do this for this company")
                .detail("Only an admin or bookkeeper of the company can. Nothing was changed.")
        }
        ActError::NotFound { .. } => Problem::not_found(),
        ActError::Invalid { message, .. } => Problem::unprocessable(format!("{message}.")),
        ActError::Store(error) => Problem::from(error),
        error @ (ActError::Account(_) | ActError::Client(_)) => {
            tracing::error!(%error, "an act of a person failed");
            Problem::internal()
        }
    };
    Pages::refuse(problem, &state.site)
}
