//! Rows of expenses, jobs and items, and the changes to a job's items.

use base::{StoreError, Timestamp};
use platform::{
    Expense, ExportJob, ExportJobId, ExportJobItem, FailureReason, ItemChange, ItemReport, ItemUpdate,
    ItemsOutcome, JOB_LIFE,
};

use crate::{Row, Tx, params};

pub(super) const EXPENSE: &str = "x.id, x.company_id, x.employee_id, x.kind, x.amount_minor, x.currency, x.spent_on, x.note, \
     x.missing_contra_account";
pub(super) const JOB: &str = "id, company_id, status, number_of_items, is_interactive, vendor_based_bookkeeping, employee_id, \
     created_by, created_at, started_at, completed_at, expired_at, last_updated_at, failure_reason, failure_reason_type";
pub(super) const ITEM: &str = "expense_id, status, exported_at, external_id, external_url, failure_reason, failure_reason_type, updated_at";

/// The last update before which a job that still runs has expired at `now`.
pub(super) fn expiry_cutoff(now: Timestamp) -> Timestamp {
    now - JOB_LIFE
}

pub(super) fn read_expense(row: &Row) -> Result<Expense, StoreError> {
    Ok(Expense {
        id: row.get("id")?,
        company: row.get("company_id")?,
        employee: row.get("employee_id")?,
        kind: row.get("kind")?,
        amount_minor: row.get("amount_minor")?,
        currency: row.get("currency")?,
        date: row.get("spent_on")?,
        note: row.get("note")?,
        missing_contra_account: row.get("missing_contra_account")?,
    })
}

fn read_failure(row: &Row) -> Result<FailureReason, StoreError> {
    Ok(FailureReason { sentence: row.get("failure_reason")?, kind: row.get("failure_reason_type")? })
}

pub(super) fn read_job(row: &Row) -> Result<ExportJob, StoreError> {
    Ok(ExportJob {
        id: row.get("id")?,
        company: row.get("company_id")?,
        status: row.parse("status")?,
        number_of_items: row.get("number_of_items")?,
        is_interactive: row.get("is_interactive")?,
        vendor_based_bookkeeping: row.get("vendor_based_bookkeeping")?,
        employee: row.get("employee_id")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        started_at: row.get("started_at")?,
        completed_at: row.get("completed_at")?,
        expired_at: row.get("expired_at")?,
        last_updated_at: row.get("last_updated_at")?,
        failure: read_failure(row)?,
    })
}

pub(super) fn read_item(row: &Row) -> Result<ExportJobItem, StoreError> {
    Ok(ExportJobItem {
        expense: row.get("expense_id")?,
        status: row.parse("status")?,
        report: ItemReport {
            exported_at: row.get("exported_at")?,
            external_id: row.get("external_id")?,
            external_url: row.get("external_url")?,
            failure: read_failure(row)?,
        },
        updated_at: row.get("updated_at")?,
    })
}

/// Changes items while the job runs. The update of the job comes first: it is the condition, and it keeps an event that ends the
/// job out until this is done.
pub(super) fn update(
    tx: &mut Tx,
    job: ExportJobId,
    updates: &[ItemUpdate],
    at: Timestamp,
) -> Result<ItemsOutcome, StoreError> {
    let touched = tx.execute(
        "UPDATE export_jobs SET last_updated_at = $2 \
         WHERE id = $1 AND status IN ('pending', 'in_progress') AND last_updated_at > $3",
        params![job, at, expiry_cutoff(at)],
    )?;
    if touched == 0 {
        return Ok(ItemsOutcome::Finished);
    }
    let sql = format!(
        "UPDATE export_job_items SET status = $3, exported_at = $4, external_id = $5, external_url = $6, \
         failure_reason = $7, failure_reason_type = $8, updated_at = $9 WHERE job_id = $1 AND expense_id = $2 RETURNING {ITEM}"
    );
    let mut changes = Vec::with_capacity(updates.len());
    for update in updates {
        let report = &update.report;
        let row = tx.query_opt(
            &sql,
            params![
                job,
                update.expense,
                update.status.as_str(),
                report.exported_at,
                report.external_id,
                report.external_url,
                report.failure.sentence,
                report.failure.kind,
                at
            ],
        )?;
        changes.push(match row {
            Some(row) => ItemChange::Changed(read_item(&row)?),
            None => ItemChange::Unknown(update.expense),
        });
    }
    Ok(ItemsOutcome::Applied(changes))
}
