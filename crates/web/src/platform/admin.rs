//! Pages for those who administer the platform. For everybody else they are not there.

pub(super) mod address;
mod audit;
mod client;
mod clients;
mod companies;
mod company;
mod decide;
mod list;
mod overview;
mod posted;
mod registration_tokens;
mod roles;
mod user;
mod users;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::response::Response;
use axum::routing::{get, post};
use http::request::Parts;

use super::PlatformState;
use super::people::refuse;
use super::person::SignedInPerson;
use crate::shared::{Layout, Pages, Problem, Surface as _};

pub(super) fn router() -> Router<PlatformState> {
    Router::new()
        .route("/admin", get(overview::show))
        .route("/admin/clients", get(clients::show))
        .route("/admin/clients/{id}", get(client::show))
        .route("/admin/clients/{id}/approve", post(decide::approve))
        .route("/admin/clients/{id}/decline", post(decide::decline))
        .route("/admin/clients/{id}/suspend", post(decide::suspend))
        .route("/admin/clients/{id}/remove", post(decide::remove))
        .route("/admin/clients/{id}/directory", post(decide::directory))
        .route("/admin/clients/{id}/logo", post(decide::logo))
        .route("/admin/registration-tokens", get(registration_tokens::show).post(registration_tokens::create))
        .route("/admin/registration-tokens/revoke", post(registration_tokens::revoke))
        .route("/admin/users", get(users::show))
        .route("/admin/users/{id}", get(user::show))
        .route("/admin/users/{id}/disable", post(user::disable))
        .route("/admin/users/{id}/enable", post(user::enable))
        .route("/admin/users/{id}/sign-out", post(user::sign_out))
        .route("/admin/users/{id}/roles", post(roles::give))
        .route("/admin/users/{id}/roles/remove", post(roles::remove))
        .route("/admin/companies", get(companies::show))
        .route("/admin/companies/{id}", get(company::show))
        .route("/admin/companies/{id}/suspend", post(company::suspend))
        .route("/admin/companies/{id}/resume", post(company::resume))
        .route("/admin/companies/{id}/roles", post(roles::give_in_company))
        .route("/admin/audit", get(audit::show))
}

/// Rows of one page of a list.
const ROWS: u32 = 50;

/// Somebody who administers the platform. To others the page says that nothing is there.
#[derive(Debug)]
struct Administrator(SignedInPerson);

impl FromRequestParts<PlatformState> for Administrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &PlatformState) -> Result<Self, Response> {
        let person = SignedInPerson::from_request_parts(parts, state).await?;
        if person.platform_admin {
            Ok(Self(person))
        } else {
            person.tell_refused("no administrator of the platform", state).await;
            Err(Pages::refuse(Problem::not_found(), &state.site))
        }
    }
}

impl Administrator {
    /// The frame of an administrator's page; `path` is the entry of the navigation that it belongs to.
    fn layout(&self, state: &PlatformState, title: &str, path: &str) -> Layout {
        const PAGES: [(&str, &str); 6] = [
            ("Overview", "/admin"),
            ("Clients", "/admin/clients"),
            ("Users", "/admin/users"),
            ("Companies", "/admin/companies"),
            ("Audit", "/admin/audit"),
            ("Settings", "/settings/account"),
        ];
        self.0.framed(state, title, path, PAGES).wide()
    }
}
