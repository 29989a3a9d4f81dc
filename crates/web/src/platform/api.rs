//! The resource APIs, with paths, fields and answers as Pleo documents them (facts 7, 11 and 12). Each handler takes an
//! [`Authorized`](super::credential::Authorized) caller first; without it there is nothing to call.

mod company_get;
mod company_list;
mod employee_get;
mod employee_list;
mod export_item_list;
mod export_job_create;
mod export_job_event;
mod export_job_get;
mod export_job_items_get;
mod export_job_items_put;
mod export_job_list;
mod installation_activate;
mod installation_create;
mod installation_delete;
mod installation_get;
mod installation_put;
mod introspect;
mod optional_json;
mod show;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::routing::{get, post, put};

use super::PlatformState;
use super::refusal::Refusal;
use crate::shared::Pairs;
use platform::ApiError;

/// The routes, each with the versioned path of its own API.
pub(super) fn router(state: &PlatformState) -> Router<PlatformState> {
    let record = from_fn_with_state(state.clone(), super::denied::record);
    let point = map_response_with_state(state.clone(), super::challenge::point_to_document);
    Router::new()
        .route("/v1/introspect", get(introspect::introspect))
        .route(
            "/v1/installations/me",
            get(installation_get::get)
                .post(installation_create::create)
                .put(installation_put::put)
                .delete(installation_delete::delete),
        )
        .route("/v1/installations/me:activate", post(installation_activate::activate))
        // The deprecated form of the same.
        .route("/v1/installations/completions", put(installation_activate::activate))
        .route("/v1/companies", get(company_list::list))
        .route("/v1/companies/{id}", get(company_get::get))
        .route("/v2/employees", get(employee_list::list))
        .route("/v2/employees/{id}", get(employee_get::get))
        .route("/v3/export-jobs", get(export_job_list::list).post(export_job_create::create))
        .route("/v3/export-jobs/{id}", get(export_job_get::get))
        .route("/v3/export-jobs/{id}/items", get(export_job_items_get::get).put(export_job_items_put::put))
        .route("/v3/export-job-events", post(export_job_event::event))
        .route("/v3/export-items", get(export_item_list::list))
        .route_layer(record)
        .route_layer(point)
}

/// An answer, or a refusal of a resource API.
type Answer<T> = Result<T, Refusal>;

/// A parameter of the query that is an id.
fn id_parameter<T: std::str::FromStr>(pairs: &Pairs, name: &str) -> Result<Option<T>, ApiError> {
    parameter(pairs, name)?
        .map(|text| {
            text.parse().map_err(|_| ApiError::parameter(format!("{name} is not a UUID in lower case")))
        })
        .transpose()
}

/// A parameter of the query that may occur once.
fn parameter<'a>(pairs: &'a Pairs, name: &str) -> Result<Option<&'a str>, ApiError> {
    pairs.one(name).map_err(|error| ApiError::parameter(error.to_string()))
}

/// A text of a body that is stored. JSON can carry a NUL and not every database can, so it is refused here instead of failing
/// there.
fn text(name: &str, value: Option<String>) -> Result<Option<String>, ApiError> {
    match value {
        Some(text) if text.contains('\0') => Err(ApiError::field(format!("{name} holds a NUL"))),
        value => Ok(value),
    }
}
