//! Pages for people: sign-in, and what a company's people see and change of who has access.

mod account;
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

use std::collections::BTreeMap;

use authserver::ClientError;
use axum::Router;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use identity::AccountError;
use platform::{ActError, Application};

use super::PlatformState;
use super::client_form::sentence;
use crate::shared::{Pages, Problem, Surface as _};

pub(super) use login::{Waiting, sign_in_page};

pub(super) fn router() -> Router<PlatformState> {
    Router::new()
        .route("/", get(home))
        .route("/login", get(login::show).post(sign_in::sign_in))
        .route("/logout", post(logout::logout))
        .route("/settings", get(home))
        .route("/settings/account", get(account::show))
        .route("/settings/account/sign-out-everywhere", post(account::sign_out_everywhere))
        .route("/settings/apps", get(apps::show).post(withdraw::withdraw))
        .route("/settings/accounting", get(accounting::show).post(install::install))
        .route("/settings/api-keys", get(api_keys::show).post(key_create::create))
        .route("/settings/api-keys/revoke", post(key_revoke::revoke))
}

/// Where people go who did not come for something.
async fn home(axum::extract::State(state): axum::extract::State<PlatformState>) -> Redirect {
    Redirect::to(&format!("{}/settings/apps", state.site.base_path()))
}

/// Where the logo of an application is; empty where it has none.
pub(super) fn logo_of(
    logos: &BTreeMap<String, String>,
    application: &Application,
    state: &PlatformState,
) -> String {
    let path = logos.get(&application.client_id);
    path.map(|path| format!("{}{path}", state.site.base_path())).unwrap_or_default()
}

/// The page that tells why an act was refused.
pub(super) fn refuse(error: ActError, state: &PlatformState) -> Response {
    let problem = match error {
        ActError::NotAllowed => {
            Problem::new(StatusCode::FORBIDDEN, "not-allowed", "You cannot do this for this company")
                .detail("Only an admin or bookkeeper of the company can. Nothing was changed.")
        }
        ActError::NotFound { .. } | ActError::Client(ClientError::Unknown(_)) => Problem::not_found(),
        ActError::Invalid { message, .. } => Problem::unprocessable(sentence(&message)),
        ActError::Client(ClientError::Changed(_)) => {
            Problem::new(StatusCode::CONFLICT, "changed-meanwhile", "It was changed meanwhile")
                .detail("Nothing was done. Open the page again and look at what it is now before you decide.")
        }
        ActError::Client(ClientError::Rejected(problems)) => {
            let why = problems.iter().map(|problem| sentence(&problem.why)).collect::<Vec<_>>();
            Problem::unprocessable(why.join(" "))
        }
        ActError::Store(error)
        | ActError::Account(AccountError::Store(error))
        | ActError::Client(ClientError::Unavailable(error)) => Problem::from(error),
        error @ ActError::Account(_) => {
            tracing::error!(%error, "an act of a person failed");
            Problem::internal()
        }
    };
    Pages::refuse(problem, &state.site)
}
