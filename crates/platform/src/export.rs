//! Export jobs v3 (facts 12.1): the state of a job as a pure machine.

use std::str::FromStr;
use std::time::Duration;

use base::Timestamp;

use crate::{CompanyId, EmployeeId, ExpenseId, ExportJobId};

/// A job that nobody has touched for this long has expired.
pub const JOB_LIFE: Duration = Duration::from_hours(1);

/// Most items in one update.
pub const MAX_ITEM_UPDATES: usize = 100;

/// Why a job failed by lapse of time, as `failureReasonType` says it.
pub(crate) const JOB_EXPIRED: &str = "job_expired";

/// An expense that can be exported: an accounting entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expense {
    /// The `accountingEntryId`.
    pub id: ExpenseId,
    /// Whose books it belongs in.
    pub company: CompanyId,
    /// Who spent.
    pub employee: Option<EmployeeId>,
    /// One of [`EXPENSE_KINDS`].
    pub kind: String,
    /// In the smallest unit of the currency.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The day it was spent, `YYYY-MM-DD`.
    pub date: String,
    /// What the spender wrote.
    pub note: Option<String>,
    /// Whether it lacks a contra account, so that it cannot be exported yet.
    pub missing_contra_account: bool,
}

/// The item types that Pleo documents.
pub const EXPENSE_KINDS: &[&str] = &[
    "card_purchase",
    "card_invoice",
    "out_of_pocket",
    "mileage",
    "per_diem",
    "external_reimbursement",
    "direct_reimbursement",
    "invoice",
    "invoice_payment",
    "chargeback",
    "refund",
    "cashback",
    "atm_withdrawal",
    "wallet_topup",
    "wallet_unload",
    "personal_spend",
    "fee",
];

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// Made, not yet taken up.
    Pending,
    /// The integration works on it.
    InProgress,
    /// Ended without success, or expired.
    Failed,
    /// Everything was booked.
    Completed,
    /// Ended, but not everything was booked.
    CompletedWithErrors,
}

const JOB_STATUSES: [(JobStatus, &str); 5] = [
    (JobStatus::Pending, "pending"),
    (JobStatus::InProgress, "in_progress"),
    (JobStatus::Failed, "failed"),
    (JobStatus::Completed, "completed"),
    (JobStatus::CompletedWithErrors, "completed_with_errors"),
];

/// A word that Pleo does not document in this place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownExportWord;

impl JobStatus {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        JOB_STATUSES.iter().find(|(status, _)| *status == self).map_or("", |(_, word)| word)
    }

    /// Whether the job can still change; one such job a company.
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress)
    }

    /// The status after `event`, or `None` where the event is not allowed (422 `INVALID_EXPORT_JOB_STATUS_CHANGE`).
    pub const fn after(self, event: JobEvent) -> Option<Self> {
        match (self, event) {
            (Self::Pending, JobEvent::Started) => Some(Self::InProgress),
            (Self::Pending | Self::InProgress, JobEvent::Failed) => Some(Self::Failed),
            (Self::InProgress, JobEvent::Completed) => Some(Self::Completed),
            (Self::InProgress, JobEvent::CompletedWithErrors) => Some(Self::CompletedWithErrors),
            _ => None,
        }
    }
}

impl FromStr for JobStatus {
    type Err = UnknownExportWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        JOB_STATUSES
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(status, _)| *status)
            .ok_or(UnknownExportWord)
    }
}

/// What an integration reports of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEvent {
    /// Taken up.
    Started,
    /// Given up.
    Failed,
    /// Done.
    Completed,
    /// Done in part.
    CompletedWithErrors,
}

impl FromStr for JobEvent {
    type Err = UnknownExportWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "started" => Ok(Self::Started),
            "failed" => Ok(Self::Failed),
            "completed" => Ok(Self::Completed),
            "completed_with_errors" => Ok(Self::CompletedWithErrors),
            _ => Err(UnknownExportWord),
        }
    }
}

/// A failure in the integration's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailureReason {
    /// A sentence.
    pub sentence: Option<String>,
    /// One of the documented types, such as `accounting_system_authentication_failure`.
    pub kind: Option<String>,
}

/// One export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportJob {
    /// The id Pleo shows.
    pub id: ExportJobId,
    /// Whose entries are exported.
    pub company: CompanyId,
    /// Where it stands, as stored; [`ExportJob::seen_at`] shows expiry.
    pub status: JobStatus,
    /// How many entries it has.
    pub number_of_items: u32,
    /// Whether a person waits for it.
    pub is_interactive: bool,
    /// `options.vendorBasedBookkeeping`.
    pub vendor_based_bookkeeping: bool,
    /// For whom it was made, if the maker said so.
    pub employee: Option<EmployeeId>,
    /// The application or key that made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the integration took it up.
    pub started_at: Option<Timestamp>,
    /// When it ended other than by failing.
    pub completed_at: Option<Timestamp>,
    /// When it expired.
    pub expired_at: Option<Timestamp>,
    /// The last event or item update.
    pub last_updated_at: Timestamp,
    /// Why it failed.
    pub failure: FailureReason,
}

impl ExportJob {
    /// The job as it is at `now`: one left alone for [`JOB_LIFE`] has failed.
    #[must_use]
    pub fn seen_at(mut self, now: Timestamp) -> Self {
        let end = self.last_updated_at + JOB_LIFE;
        if self.status.is_running() && now >= end {
            self.status = JobStatus::Failed;
            self.expired_at = Some(end);
            self.failure = FailureReason {
                sentence: Some("The job was not updated for an hour.".to_owned()),
                kind: Some(JOB_EXPIRED.to_owned()),
            };
        }
        self
    }
}

/// Where an item of a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemStatus {
    /// Not yet looked at.
    Pending,
    /// Being booked.
    InProgress,
    /// Could not be booked.
    Failed,
    /// Booked.
    Successful,
    /// Will not be booked.
    Abandoned,
}

const ITEM_STATUSES: [(ItemStatus, &str); 5] = [
    (ItemStatus::Pending, "pending"),
    (ItemStatus::InProgress, "in_progress"),
    (ItemStatus::Failed, "failed"),
    (ItemStatus::Successful, "successful"),
    (ItemStatus::Abandoned, "abandoned"),
];

impl ItemStatus {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        ITEM_STATUSES.iter().find(|(status, _)| *status == self).map_or("", |(_, word)| word)
    }
}

impl FromStr for ItemStatus {
    type Err = UnknownExportWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ITEM_STATUSES
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(status, _)| *status)
            .ok_or(UnknownExportWord)
    }
}

/// One entry of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportJobItem {
    /// The entry.
    pub expense: ExpenseId,
    /// Where it stands.
    pub status: ItemStatus,
    /// What the integration says of it.
    pub report: ItemReport,
    /// When that was last said.
    pub updated_at: Timestamp,
}

/// What an integration says of an item; kept and returned as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemReport {
    /// When it was booked.
    pub exported_at: Option<Timestamp>,
    /// Its id in the accounting system.
    pub external_id: Option<String>,
    /// Where it can be looked at there.
    pub external_url: Option<String>,
    /// Why it was not booked.
    pub failure: FailureReason,
}

/// One entry of `PUT /v3/export-jobs/{id}/items`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemUpdate {
    /// The entry.
    pub expense: ExpenseId,
    /// Its new status.
    pub status: ItemStatus,
    /// What is said of it.
    pub report: ItemReport,
}

#[cfg(test)]
mod tests;
