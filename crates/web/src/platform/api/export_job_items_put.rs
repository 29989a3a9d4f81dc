use axum::extract::State;
use base::Timestamp;
use platform::{
    ApiError, ExpenseId, ExportJobId, FailureReason, ItemChange, ItemReport, ItemStatus, ItemUpdate,
    ItemsOutcome,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, show, text};
use crate::platform::PlatformState;
use crate::platform::credential::Authorized;
use crate::platform::refusal::ResourceApi;
use crate::shared::{Json, Path};

/// One entry of the body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    accounting_entry_id: ExpenseId,
    status: String,
    exported_at: Option<Timestamp>,
    external_id: Option<String>,
    external_url: Option<String>,
    failure_reason: Option<String>,
    failure_reason_type: Option<String>,
}

/// `PUT /v3/export-jobs/{id}/items`: answers with what was changed, and with an error for each entry that was not.
pub(super) async fn put(
    State(state): State<PlatformState>,
    Authorized(caller): Authorized,
    Path(id, ..): Path<ExportJobId, ResourceApi>,
    Json(entries, ..): Json<Vec<Entry>, ResourceApi>,
) -> Answer<axum::Json<Value>> {
    let updates = entries.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let outcome = state.platform.update_export_job_items(&caller, id, &updates).await?;
    let changes = match outcome {
        ItemsOutcome::Applied(changes) => changes,
        ItemsOutcome::Finished => return Err(ApiError::JobFinished.into()),
    };
    let (mut data, mut errors) = (Vec::new(), Vec::new());
    for change in changes {
        match change {
            ItemChange::Changed(item) => data.push(show::export_job_item(&item)),
            ItemChange::Unknown(entry) => errors.push(json!({
                "accountingEntryId": entry,
                "type": "ACCOUNTING_ENTRY_DOES_NOT_EXIST",
                "message": "the job has no such entry",
            })),
        }
    }
    Ok(axum::Json(json!({ "data": data, "errors": errors })))
}

fn read(entry: Entry) -> Result<ItemUpdate, ApiError> {
    let status: ItemStatus = entry
        .status
        .parse()
        .map_err(|_| ApiError::field("status is pending, in_progress, failed, successful or abandoned"))?;
    let failure = FailureReason {
        sentence: text("failureReason", entry.failure_reason)?,
        kind: text("failureReasonType", entry.failure_reason_type)?,
    };
    let report = ItemReport {
        exported_at: entry.exported_at,
        external_id: text("externalId", entry.external_id)?,
        external_url: text("externalUrl", entry.external_url)?,
        failure,
    };
    Ok(ItemUpdate { expense: entry.accounting_entry_id, status, report })
}
