use std::collections::BTreeSet;

use crate::error::NO_JOB;
use crate::store::{CreateJob, EventOutcome, ItemsOutcome, JobFilter, JobStep};
use crate::{
    ApiError, Caller, CompanyId, EmployeeId, Expense, ExpenseId, ExportJob, ExportJobId, ExportJobItem,
    FailureReason, ItemStatus, ItemUpdate, JobEvent, JobStatus, MAX_ITEM_UPDATES, Page, PageQuery, Platform,
};

/// Most entries of one job; a request with more would be larger than what is read.
const MAX_JOB_ITEMS: usize = 10_000;

/// What `POST /v3/export-jobs` asks for.
#[derive(Debug, Clone)]
pub struct NewExportJob {
    /// Whose entries.
    pub company: CompanyId,
    /// Which.
    pub entries: Vec<ExpenseId>,
    /// For whom.
    pub employee: Option<EmployeeId>,
    /// Whether a person waits for it.
    pub is_interactive: bool,
    /// `options.vendorBasedBookkeeping`.
    pub vendor_based_bookkeeping: bool,
}

impl Platform {
    /// `POST /v3/export-jobs`: refused while another job of the company runs, and where an entry has no contra account (facts 12.1).
    pub async fn create_export_job(&self, caller: &Caller, new: NewExportJob) -> Result<ExportJob, ApiError> {
        caller.require("export-jobs:write")?;
        let company = self.company_in_reach(caller, Some(new.company)).await?;
        let entries: BTreeSet<ExpenseId> = new.entries.iter().copied().collect();
        if entries.is_empty() {
            return Err(ApiError::field("accountingEntryIds must name at least one entry"));
        }
        if entries.len() > MAX_JOB_ITEMS {
            return Err(ApiError::field(format!(
                "accountingEntryIds may name at most {MAX_JOB_ITEMS} entries"
            )));
        }
        let entries: Vec<ExpenseId> = entries.into_iter().collect();
        if let Some(id) = new.employee {
            let known = self.store.employee(id).await?.is_some_and(|employee| employee.company == company.id);
            if !known {
                return Err(ApiError::field("employeeId names nobody of this company"));
            }
        }
        let found = self.store.expenses(company.id, &entries).await?;
        if found.len() != entries.len() {
            return Err(ApiError::Invalid {
                code: "ACCOUNTING_ENTRY_DOES_NOT_EXIST",
                message: format!(
                    "{} of the accountingEntryIds are not entries of this company",
                    entries.len() - found.len()
                ),
            });
        }
        if found.iter().any(|expense| expense.missing_contra_account) {
            return Err(ApiError::MissingContraAccounts);
        }
        let now = self.clock.now();
        let job = ExportJob {
            id: ExportJobId::new(&*self.clock, &*self.entropy),
            company: company.id,
            status: JobStatus::Pending,
            number_of_items: u32::try_from(entries.len()).unwrap_or(u32::MAX),
            is_interactive: new.is_interactive,
            vendor_based_bookkeeping: new.vendor_based_bookkeeping,
            employee: new.employee,
            created_by: caller.application_id.clone(),
            created_at: now,
            started_at: None,
            completed_at: None,
            expired_at: None,
            last_updated_at: now,
            failure: FailureReason::default(),
        };
        match self.store.create_export_job(&job, &entries).await? {
            CreateJob::Created => Ok(job),
            CreateJob::AlreadyRunning => Err(ApiError::ExportInProgress),
        }
    }

    /// `GET /v3/export-jobs`.
    pub async fn list_export_jobs(
        &self,
        caller: &Caller,
        company: Option<CompanyId>,
        statuses: Vec<JobStatus>,
        page: &PageQuery,
    ) -> Result<Page<ExportJob>, ApiError> {
        caller.require("export-jobs:read")?;
        let company = self.company_in_reach(caller, company).await?.id;
        let now = self.clock.now();
        let jobs = self.store.export_jobs(&JobFilter { company, statuses, now }, page).await?;
        Ok(jobs.map(|job| job.seen_at(now)))
    }

    /// `GET /v3/export-jobs/{id}`.
    pub async fn get_export_job(&self, caller: &Caller, id: ExportJobId) -> Result<ExportJob, ApiError> {
        caller.require("export-jobs:read")?;
        self.job_in_reach(caller, id).await
    }

    /// The job as it is now. One of another company is 403, as the company would be.
    async fn job_in_reach(&self, caller: &Caller, id: ExportJobId) -> Result<ExportJob, ApiError> {
        let job = self.store.export_job(id).await?.ok_or(NO_JOB)?;
        self.company_in_reach(caller, Some(job.company)).await?;
        Ok(job.seen_at(self.clock.now()))
    }

    /// `GET /v3/export-jobs/{id}/items`.
    pub async fn list_export_job_items(
        &self,
        caller: &Caller,
        id: ExportJobId,
        status: Option<ItemStatus>,
        page: &PageQuery,
    ) -> Result<Page<ExportJobItem>, ApiError> {
        caller.require("export-jobs:read")?;
        let job = self.job_in_reach(caller, id).await?;
        Ok(self.store.export_job_items(job.id, status, page).await?)
    }

    /// `PUT /v3/export-jobs/{id}/items`.
    pub async fn update_export_job_items(
        &self,
        caller: &Caller,
        id: ExportJobId,
        updates: &[ItemUpdate],
    ) -> Result<ItemsOutcome, ApiError> {
        caller.require("export-jobs:write")?;
        let job = self.job_in_reach(caller, id).await?;
        if updates.len() > MAX_ITEM_UPDATES {
            return Err(ApiError::ItemLimit);
        }
        if !job.status.is_running() {
            return Err(ApiError::JobFinished);
        }
        match self.store.update_export_items(job.id, updates, self.clock.now()).await? {
            ItemsOutcome::Finished => Err(ApiError::JobFinished),
            applied @ ItemsOutcome::Applied(_) => Ok(applied),
        }
    }

    /// `POST /v3/export-job-events`.
    pub async fn export_job_event(
        &self,
        caller: &Caller,
        id: ExportJobId,
        event: JobEvent,
        failure: FailureReason,
    ) -> Result<(), ApiError> {
        caller.require("export-jobs:write")?;
        let job = self.job_in_reach(caller, id).await?;
        let to = job.status.after(event).ok_or(ApiError::IllegalEvent)?;
        let step = JobStep { job: id, from: job.status, event, to, failure, at: self.clock.now() };
        match self.store.step_export_job(&step).await? {
            EventOutcome::Moved => Ok(()),
            EventOutcome::NotThere => Err(ApiError::IllegalEvent),
        }
    }

    /// `GET /v3/export-items?job_id=`.
    pub async fn list_export_items(
        &self,
        caller: &Caller,
        job: ExportJobId,
        page: &PageQuery,
    ) -> Result<Page<Expense>, ApiError> {
        caller.require("export-items:read")?;
        let job = self.job_in_reach(caller, job).await?;
        let items = self.store.export_items(job.id, page).await?;
        // The accounts may have changed since the job was made; the job may then be failed, or left to expire (facts 12.1).
        if items.rows.iter().any(|expense| expense.missing_contra_account) {
            Err(ApiError::MissingContraAccounts)
        } else {
            Ok(items)
        }
    }
}
