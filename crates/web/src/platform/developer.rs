//! Pages for people who build integrations: their clients, and nobody else's.

mod client;
mod edit;
mod list;
mod logo;
mod register;
mod remove;
mod rotate;
mod trying_out;

use authserver::ClientId;
use axum::Router;
use axum::routing::{get, post};

use super::PlatformState;
use super::admin::address;
use super::people::refuse;
use super::person::SignedInPerson;
use crate::shared::Layout;

pub(super) fn router() -> Router<PlatformState> {
    Router::new()
        .route("/developer", get(list::show))
        .route("/developer/register", get(register::show).post(register::register))
        .route("/developer/clients/{id}", get(client::show))
        .route("/developer/clients/{id}/edit", get(edit::show).post(edit::edit))
        .route("/developer/clients/{id}/rotate", post(rotate::rotate))
        .route("/developer/clients/{id}/logo", post(logo::logo))
        .route("/developer/clients/{id}/remove", post(remove::remove))
        .route("/developer/clients/{id}/postman-environment.json", get(trying_out::environment))
        .route("/developer/clients/{id}/postman-collection.json", get(trying_out::collection))
}

/// The entry of the navigation that these pages belong to.
const PATH: &str = "/developer";

fn layout(person: &SignedInPerson, state: &PlatformState, title: &str) -> Layout {
    person.layout(state, title, PATH)
}

/// The page of one client.
fn here(state: &PlatformState, id: &ClientId) -> String {
    address::of(state.site.base_path(), "/developer/clients", id.as_str())
}
