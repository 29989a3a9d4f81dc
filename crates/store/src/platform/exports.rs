use async_trait::async_trait;
use base::{StoreError, Timestamp};
use platform::{
    CompanyId, CreateJob, EventOutcome, Expense, ExpenseId, ExportJob, ExportJobId, ExportJobItem, Exports,
    ItemStatus, ItemUpdate, ItemsOutcome, JobFilter, JobStatus, JobStep, Page, PageQuery,
};

use super::items::{self, EXPENSE, ITEM, JOB, expiry_cutoff, read_expense, read_item, read_job};
use super::page::List;
use crate::{Database, Tx, Value, params};

/// Ends the company's job if it has expired at `now`, so that its place is free. Mirrors `ExportJob::seen_at`.
fn end_expired(tx: &mut Tx, company: CompanyId, now: Timestamp) -> Result<(), StoreError> {
    let life = i64::try_from(platform::JOB_LIFE.as_millis()).unwrap_or(i64::MAX);
    tx.execute(
        "UPDATE export_jobs SET status = 'failed', expired_at = last_updated_at + $3, \
         failure_reason = 'The job was not updated for an hour.', failure_reason_type = 'job_expired' \
         WHERE company_id = $1 AND status IN ('pending', 'in_progress') AND last_updated_at <= $2",
        params![company, expiry_cutoff(now), life],
    )?;
    Ok(())
}

#[async_trait]
impl Exports for Database {
    async fn put_expense(&self, expense: &Expense) -> Result<(), StoreError> {
        let expense = expense.clone();
        self.run_tx("platform.put_expense", move |tx| {
            tx.execute(
                "INSERT INTO expenses (id, company_id, employee_id, kind, amount_minor, currency, spent_on, note, \
                 missing_contra_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 ON CONFLICT (id) DO UPDATE SET company_id = excluded.company_id, employee_id = excluded.employee_id, \
                 kind = excluded.kind, amount_minor = excluded.amount_minor, currency = excluded.currency, \
                 spent_on = excluded.spent_on, note = excluded.note, missing_contra_account = excluded.missing_contra_account",
                params![
                    expense.id,
                    expense.company,
                    expense.employee,
                    expense.kind,
                    expense.amount_minor,
                    expense.currency,
                    expense.date,
                    expense.note,
                    expense.missing_contra_account
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn expenses(&self, company: CompanyId, ids: &[ExpenseId]) -> Result<Vec<Expense>, StoreError> {
        let ids = ids.to_vec();
        self.read("platform.expenses", move |tx| {
            let sql = format!("SELECT {EXPENSE} FROM expenses x WHERE x.company_id = $1 AND x.id = $2");
            let mut found = Vec::with_capacity(ids.len());
            for id in &ids {
                found.extend(
                    tx.query_opt(&sql, params![company, id])?.as_ref().map(read_expense).transpose()?,
                );
            }
            Ok(found)
        })
        .await
    }

    async fn create_export_job(&self, job: &ExportJob, items: &[ExpenseId]) -> Result<CreateJob, StoreError> {
        let (job, items) = (job.clone(), items.to_vec());
        self.run_tx("platform.create_export_job", move |tx| {
            end_expired(tx, job.company, job.created_at)?;
            // The unique index over running jobs decides between two that come at once.
            let added = tx.execute(
                "INSERT INTO export_jobs (id, company_id, status, number_of_items, is_interactive, vendor_based_bookkeeping, \
                 employee_id, created_by, created_at, last_updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                 ON CONFLICT DO NOTHING",
                params![
                    job.id,
                    job.company,
                    job.status.as_str(),
                    job.number_of_items,
                    job.is_interactive,
                    job.vendor_based_bookkeeping,
                    job.employee,
                    job.created_by,
                    job.created_at,
                    job.last_updated_at
                ],
            )?;
            if added == 0 {
                return Ok(CreateJob::AlreadyRunning);
            }
            for expense in &items {
                tx.execute(
                    "INSERT INTO export_job_items (job_id, expense_id, status, updated_at) VALUES ($1, $2, 'pending', $3)",
                    params![job.id, expense, job.created_at],
                )?;
            }
            Ok(CreateJob::Created)
        })
        .await
    }

    async fn export_job(&self, id: ExportJobId) -> Result<Option<ExportJob>, StoreError> {
        self.read("platform.export_job", move |tx| {
            let sql = format!("SELECT {JOB} FROM export_jobs WHERE id = $1");
            tx.query_opt(&sql, params![id])?.as_ref().map(read_job).transpose()
        })
        .await
    }

    async fn export_jobs(&self, filter: &JobFilter, page: &PageQuery) -> Result<Page<ExportJob>, StoreError> {
        let (filter, page) = (filter.clone(), page.clone());
        self.read("platform.export_jobs", move |tx| {
            let mut values: Vec<Value> = params![filter.company].to_vec();
            let mut condition = "company_id = $1".to_owned();
            if !filter.statuses.is_empty() {
                // A job that has expired counts as failed, whatever its row still says. Each place has a value of its own, so that
                // every value is used.
                let mut any = Vec::new();
                for status in &filter.statuses {
                    values.extend_from_slice(params![status.as_str()]);
                    let word = values.len();
                    if *status != JobStatus::Failed && !status.is_running() {
                        any.push(format!("status = ${word}"));
                        continue;
                    }
                    values.extend_from_slice(params![expiry_cutoff(filter.now)]);
                    let cutoff = values.len();
                    any.push(if status.is_running() {
                        format!("(status = ${word} AND last_updated_at > ${cutoff})")
                    } else {
                        format!("status = ${word} OR (status IN ('pending', 'in_progress') AND last_updated_at <= ${cutoff})")
                    });
                }
                condition = format!("{condition} AND ({})", any.join(" OR "));
            }
            List { columns: JOB, from: "export_jobs", condition: &condition, values, order: "id" }.page(tx, &page, read_job)
        })
        .await
    }

    async fn export_job_items(
        &self,
        job: ExportJobId,
        status: Option<ItemStatus>,
        page: &PageQuery,
    ) -> Result<Page<ExportJobItem>, StoreError> {
        let page = page.clone();
        self.read("platform.export_job_items", move |tx| {
            let mut values: Vec<Value> = params![job].to_vec();
            let mut condition = "job_id = $1".to_owned();
            if let Some(status) = status {
                values.extend_from_slice(params![status.as_str()]);
                condition.push_str(" AND status = $2");
            }
            let list = List {
                columns: ITEM,
                from: "export_job_items",
                condition: &condition,
                values,
                order: "expense_id",
            };
            list.page(tx, &page, read_item)
        })
        .await
    }

    async fn export_items(&self, job: ExportJobId, page: &PageQuery) -> Result<Page<Expense>, StoreError> {
        let page = page.clone();
        self.read("platform.export_items", move |tx| {
            let from = "expenses x JOIN export_job_items i ON i.expense_id = x.id";
            let list = List {
                columns: EXPENSE,
                from,
                condition: "i.job_id = $1",
                values: params![job].to_vec(),
                order: "x.id",
            };
            list.page(tx, &page, read_expense)
        })
        .await
    }

    async fn step_export_job(&self, step: &JobStep) -> Result<EventOutcome, StoreError> {
        let step = step.clone();
        self.run_tx("platform.step_export_job", move |tx| {
            let started = (step.to == JobStatus::InProgress).then_some(step.at);
            let completed = matches!(step.to, JobStatus::Completed | JobStatus::CompletedWithErrors).then_some(step.at);
            let moved = tx.execute(
                "UPDATE export_jobs SET status = $3, started_at = coalesce($4, started_at), completed_at = $5, \
                 failure_reason = $6, failure_reason_type = $7, last_updated_at = $8 \
                 WHERE id = $1 AND status = $2 AND last_updated_at > $9",
                params![
                    step.job,
                    step.from.as_str(),
                    step.to.as_str(),
                    started,
                    completed,
                    step.failure.sentence,
                    step.failure.kind,
                    step.at,
                    expiry_cutoff(step.at)
                ],
            )?;
            Ok(if moved == 1 { EventOutcome::Moved } else { EventOutcome::NotThere })
        })
        .await
    }

    async fn update_export_items(
        &self,
        job: ExportJobId,
        updates: &[ItemUpdate],
        at: Timestamp,
    ) -> Result<ItemsOutcome, StoreError> {
        let updates = updates.to_vec();
        self.run_tx("platform.update_export_items", move |tx| items::update(tx, job, &updates, at)).await
    }
}
