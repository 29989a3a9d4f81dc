use async_trait::async_trait;
use base::StoreError;

use crate::{AuditId, AuditRecord};

/// Which records are wanted; an empty filter wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this subject.
    pub subject: Option<String>,
    /// Of this client.
    pub client: Option<String>,
    /// Of this type.
    pub kind: Option<String>,
    /// Older than this record (the cursor of a list, newest first).
    pub before: Option<AuditId>,
}

/// Where the records of one side lie. Acts append theirs through their own ports; this one is for acts that write
/// nothing else, and for reading.
#[async_trait]
pub trait Store: Send + Sync {
    /// Appends records of acts that changed nothing else, such as a denied use.
    async fn append_audit(&self, records: Vec<AuditRecord>) -> Result<(), StoreError>;

    /// Up to `limit` records, newest first.
    async fn audit_records(&self, filter: Filter, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;
}
