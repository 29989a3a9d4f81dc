use async_trait::async_trait;
use base::{StoreError, Timestamp};

use crate::{
    CompanyId, Expense, ExpenseId, ExportJob, ExportJobId, ExportJobItem, FailureReason, ItemStatus,
    ItemUpdate, JobEvent, JobStatus, Page, PageQuery,
};

/// Expenses and their export.
#[async_trait]
pub trait Exports: Send + Sync {
    /// Makes or changes an expense.
    async fn put_expense(&self, expense: &Expense) -> Result<(), StoreError>;

    /// Those of `ids` that are expenses of the company.
    async fn expenses(&self, company: CompanyId, ids: &[ExpenseId]) -> Result<Vec<Expense>, StoreError>;

    /// Adds a job with its items, unless the company has a job that is running and not expired at `job.created_at`. A job that has
    /// expired is ended in the same step.
    async fn create_export_job(&self, job: &ExportJob, items: &[ExpenseId]) -> Result<CreateJob, StoreError>;

    /// A job as it is stored.
    async fn export_job(&self, id: ExportJobId) -> Result<Option<ExportJob>, StoreError>;

    /// A page of a company's jobs, newest first unless asked otherwise.
    async fn export_jobs(&self, filter: &JobFilter, page: &PageQuery) -> Result<Page<ExportJob>, StoreError>;

    /// A page of a job's items.
    async fn export_job_items(
        &self,
        job: ExportJobId,
        status: Option<ItemStatus>,
        page: &PageQuery,
    ) -> Result<Page<ExportJobItem>, StoreError>;

    /// A page of the expenses of a job.
    async fn export_items(&self, job: ExportJobId, page: &PageQuery) -> Result<Page<Expense>, StoreError>;

    /// Moves a job, if it still stands where it was seen and has not expired.
    async fn step_export_job(&self, step: &JobStep) -> Result<EventOutcome, StoreError>;

    /// Changes items of a job, if it runs and has not expired at `at`; a change to an entry that the job does not have is left
    /// out and told. Makes the job updated.
    async fn update_export_items(
        &self,
        job: ExportJobId,
        updates: &[ItemUpdate],
        at: Timestamp,
    ) -> Result<ItemsOutcome, StoreError>;
}

/// Which jobs are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFilter {
    /// Of which company.
    pub company: CompanyId,
    /// With one of these statuses; all if empty. Expiry counts: a job that has expired at `now` is failed.
    pub statuses: Vec<JobStatus>,
    /// The moment for which the statuses are meant.
    pub now: Timestamp,
}

/// What [`Exports::create_export_job`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateJob {
    /// Added.
    Created,
    /// Another one is running.
    AlreadyRunning,
}

/// A move of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStep {
    /// The job.
    pub job: ExportJobId,
    /// Where it was seen.
    pub from: JobStatus,
    /// What happened.
    pub event: JobEvent,
    /// Where it goes.
    pub to: JobStatus,
    /// Why, for a failure.
    pub failure: FailureReason,
    /// When.
    pub at: Timestamp,
}

/// What [`Exports::step_export_job`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventOutcome {
    /// Moved.
    Moved,
    /// It no longer stands where it was seen, or has expired.
    NotThere,
}

/// What [`Exports::update_export_items`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemsOutcome {
    /// The job has ended or expired; nothing was changed.
    Finished,
    /// One entry for each update, in order.
    Applied(Vec<ItemChange>),
}

/// What became of one update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemChange {
    /// Changed.
    Changed(ExportJobItem),
    /// The job has no such entry.
    Unknown(ExpenseId),
}
