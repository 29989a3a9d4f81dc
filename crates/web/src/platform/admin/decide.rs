//! Decisions about a client, and what else an administrator does with one.

use authserver::ClientId;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::ActError;
use serde::Deserialize;

use super::client::client_page;
use super::user::ActForm;
use super::{Administrator, address, refuse};
use crate::platform::PlatformState;
use crate::platform::client_form::told;
use crate::shared::{Form, Pages, Path};

/// The form of an approval. `seen` is the revision that the reviewer had in front of them.
#[derive(Debug, Deserialize)]
pub(super) struct ApproveForm {
    csrf: String,
    seen: u64,
}

/// The form of a refusal.
#[derive(Debug, Deserialize)]
pub(super) struct DeclineForm {
    csrf: String,
    seen: u64,
    reason: Option<String>,
}

/// The form that lists a client in the directory, or takes it out.
#[derive(Debug, Deserialize)]
pub(super) struct DirectoryForm {
    csrf: String,
    listed: Listed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Listed {
    Yes,
    No,
}

/// `POST /admin/clients/{id}/approve`; also resumes one that was suspended.
pub(super) async fn approve(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<ApproveForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state) {
        return refusal;
    }
    let id = ClientId::new(id);
    let outcome = state.platform.approve_client(&administrator.0.by, &id, Some(form.seen)).await;
    back(&state, &id, outcome.map(drop), "approved")
}

/// `POST /admin/clients/{id}/decline`
pub(super) async fn decline(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<DeclineForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state) {
        return refusal;
    }
    let (id, reason) = (ClientId::new(id), form.reason.unwrap_or_default());
    let outcome = state.platform.decline_client(&administrator.0.by, &id, Some(form.seen), &reason).await;
    match outcome {
        Err(error) => match told(&error) {
            Some(errors) => match state.platform.client_details(&id).await {
                Ok(details) => client_page(&state, &administrator, details, None, errors, &reason).await,
                Err(error) => refuse(error, &state),
            },
            None => refuse(error, &state),
        },
        Ok(_) => back(&state, &id, Ok(()), "declined"),
    }
}

/// `POST /admin/clients/{id}/suspend`
pub(super) async fn suspend(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<ActForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state) {
        return refusal;
    }
    let id = ClientId::new(id);
    let outcome = state.platform.suspend_client(&administrator.0.by, &id).await;
    back(&state, &id, outcome, "suspended")
}

/// `POST /admin/clients/{id}/remove`
pub(super) async fn remove(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<ActForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state) {
        return refusal;
    }
    let id = ClientId::new(id);
    let outcome = state.platform.remove_client(&administrator.0.by, &id).await;
    back(&state, &id, outcome, "removed")
}

/// `POST /admin/clients/{id}/directory`
pub(super) async fn directory(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<DirectoryForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state) {
        return refusal;
    }
    let (id, listed) = (ClientId::new(id), form.listed == Listed::Yes);
    let outcome = state.platform.set_in_directory(&administrator.0.by, &id, listed).await;
    back(&state, &id, outcome.map(drop), if listed { "listed" } else { "unlisted" })
}

/// `POST /admin/clients/{id}/logo`: fetches it anew.
pub(super) async fn logo(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Path(id, ..): Path<String, Pages>,
    Form(form, ..): Form<ActForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state) {
        return refusal;
    }
    let id = ClientId::new(id);
    let outcome = state.platform.fetch_logo_again(&id).await;
    back(&state, &id, outcome.map(drop), "logo")
}

fn back(state: &PlatformState, id: &ClientId, outcome: Result<(), ActError>, done: &str) -> Response {
    match outcome {
        Ok(()) => {
            let here = address::of(state.site.base_path(), "/admin/clients", id.as_str());
            Redirect::to(&format!("{here}?done={done}")).into_response()
        }
        Err(error) => refuse(error, state),
    }
}
