use axum::extract::State;
use http::StatusCode;
use platform::{ApiError, ExportJobId, FailureReason, JobEvent};
use serde::Deserialize;

use super::{Answer, text};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::refusal::ResourceApi;
use crate::shared::Json;

/// The body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    job_id: ExportJobId,
    event: String,
    failure_reason: Option<String>,
    failure_reason_type: Option<String>,
}

/// `POST /v3/export-job-events`
pub(super) async fn event(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    Json(body, ..): Json<Body, ResourceApi>,
) -> Answer<StatusCode> {
    let event: JobEvent = body
        .event
        .parse()
        .map_err(|_| ApiError::field("event is started, failed, completed or completed_with_errors"))?;
    let failure = FailureReason {
        sentence: text("failureReason", body.failure_reason)?,
        kind: text("failureReasonType", body.failure_reason_type)?,
    };
    state.platform.export_job_event(&caller, body.job_id, event, failure).await?;
    Ok(StatusCode::ACCEPTED)
}
