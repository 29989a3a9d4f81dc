use async_trait::async_trait;
use audit::AuditRecord;
use base::{StoreError, Timestamp};

use crate::{Installation, InstallationChange, Subject};

/// Installations; there is one for an application and a subject. A record is appended if something is written.
#[async_trait]
pub trait Installations: Send + Sync {
    /// Adds an installation unless there is one. `false`: there was one, and it is as it was.
    async fn add_installation(
        &self,
        installation: &Installation,
        audit: AuditRecord,
    ) -> Result<bool, StoreError>;

    /// The installation of an application for a subject.
    async fn installation(
        &self,
        application_id: &str,
        subject: Subject,
    ) -> Result<Option<Installation>, StoreError>;

    /// All installations for a subject, oldest first.
    async fn installations(&self, subject: Subject) -> Result<Vec<Installation>, StoreError>;

    /// Changes an installation; what it is then, or `None` if there is none.
    async fn change_installation(
        &self,
        application_id: &str,
        subject: Subject,
        change: &InstallationChange,
        at: Timestamp,
    ) -> Result<Option<Installation>, StoreError>;

    /// Removes an installation. `false`: there was none.
    async fn remove_installation(
        &self,
        application_id: &str,
        subject: Subject,
        audit: AuditRecord,
    ) -> Result<bool, StoreError>;
}
