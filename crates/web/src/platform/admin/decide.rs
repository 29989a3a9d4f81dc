//! Decisions about a client, and what else an administrator does with one.

use authserver::ClientId;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::client::client_page;
use super::posted::Posted;
use super::refuse;
use crate::platform::PlatformState;
use crate::platform::client_form::told;

/// The form of an approval. `seen` is the revision that the reviewer had in front of them.
#[derive(Debug, Deserialize)]
pub(super) struct Approval {
    seen: u64,
}

/// The form of a refusal.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    seen: u64,
    reason: Option<String>,
}

/// The form that lists a client in the directory, or takes it out.
#[derive(Debug, Deserialize)]
pub(super) struct Listing {
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
    posted: Posted<ClientId, Approval>,
) -> Response {
    let seen = Some(posted.form.seen);
    let outcome = state.platform.approve_client(&posted.administrator.0.by, &posted.id, seen).await;
    posted.back(&state, outcome, "approved")
}

/// `POST /admin/clients/{id}/decline`
pub(super) async fn decline(
    State(state): State<PlatformState>,
    posted: Posted<ClientId, Refusal>,
) -> Response {
    let Posted { administrator, id, form } = &posted;
    let reason = form.reason.as_deref().unwrap_or_default();
    let outcome = state.platform.decline_client(&administrator.0.by, id, Some(form.seen), reason).await;
    let Some(errors) = outcome.as_ref().err().and_then(told) else {
        return posted.back(&state, outcome, "declined");
    };
    match state.platform.client_details(id).await {
        Ok(details) => client_page(&state, administrator, details, None, errors, reason).await,
        Err(error) => refuse(error, &state),
    }
}

/// `POST /admin/clients/{id}/suspend`
pub(super) async fn suspend(State(state): State<PlatformState>, posted: Posted<ClientId>) -> Response {
    let outcome = state.platform.suspend_client(&posted.administrator.0.by, &posted.id).await;
    posted.back(&state, outcome, "suspended")
}

/// `POST /admin/clients/{id}/remove`
pub(super) async fn remove(State(state): State<PlatformState>, posted: Posted<ClientId>) -> Response {
    let outcome = state.platform.remove_client(&posted.administrator.0.by, &posted.id).await;
    posted.back(&state, outcome, "removed")
}

/// `POST /admin/clients/{id}/directory`
pub(super) async fn directory(
    State(state): State<PlatformState>,
    posted: Posted<ClientId, Listing>,
) -> Response {
    let listed = posted.form.listed == Listed::Yes;
    let outcome = state.platform.set_in_directory(&posted.administrator.0.by, &posted.id, listed).await;
    posted.back(&state, outcome, if listed { "listed" } else { "unlisted" })
}

/// `POST /admin/clients/{id}/logo`: fetches it anew.
pub(super) async fn logo(State(state): State<PlatformState>, posted: Posted<ClientId>) -> Response {
    let outcome = state.platform.fetch_logo_again(&posted.id).await;
    posted.back(&state, outcome, "logo")
}
