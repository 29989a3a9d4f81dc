use async_trait::async_trait;
use base::{StoreError, Timestamp};

use crate::{AuditId, AuditRecord, Block, SealOutcome};

/// Which records are wanted; an empty filter wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this subject.
    pub subject: Option<String>,
    /// Of this client.
    pub client: Option<String>,
    /// Of this type.
    pub kind: Option<String>,
    /// By this actor, as the record has it.
    pub actor: Option<String>,
    /// Older than this record (the cursor of a list, newest first).
    pub before: Option<AuditId>,
}

/// Which records are exported, oldest first; an empty filter wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Of this type.
    pub kind: Option<String>,
    /// Younger than this record (the cursor).
    pub after: Option<AuditId>,
}

/// Where the records of one side lie. Acts append theirs through their own ports; this one is for acts that write
/// nothing else, for reading, and for sealing. Each method is one transaction.
#[async_trait]
pub trait Store: Send + Sync {
    /// Appends records of acts that changed nothing else, such as a denied use.
    async fn append_audit(&self, records: Vec<AuditRecord>) -> Result<(), StoreError>;

    /// Up to `limit` records, newest first.
    async fn audit_records(&self, filter: Filter, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// Up to `limit` records, oldest first.
    async fn export_audit(&self, filter: ExportFilter, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// Up to `limit` records that no block holds yet, by id, after the given one.
    async fn unsealed_audit(
        &self,
        after: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError>;

    /// The block with this number, or the last one.
    async fn audit_block(&self, number: Option<u64>) -> Result<Option<Block>, StoreError>;

    /// Up to `limit` blocks by number, after the given one.
    async fn audit_blocks(&self, after: u64, limit: u32) -> Result<Vec<Block>, StoreError>;

    /// Up to `limit` records with their positions, by position, from `first` on.
    async fn sealed_audit(&self, first: u64, limit: u32) -> Result<Vec<(u64, AuditRecord)>, StoreError>;

    /// Adds the block and gives these records its positions, in this order. Conditions: there is no block of that number, and none of
    /// the records has a position.
    async fn seal_audit(&self, block: &Block, records: Vec<AuditId>) -> Result<SealOutcome, StoreError>;
}
