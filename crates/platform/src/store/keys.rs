use async_trait::async_trait;
use audit::AuditRecord;
use base::{StoreError, Timestamp};

use crate::{ApiKey, ApiKeyId, StoredApiKey, Subject};

/// API keys. A record is appended if something is written.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// Adds a key. An integrated one takes the place of the live one of the same application and subject, which is revoked in the
    /// same step (facts 18.74).
    async fn add_api_key(&self, key: &StoredApiKey, audit: AuditRecord) -> Result<(), StoreError>;

    /// A key, whatever its state.
    async fn api_key(&self, id: ApiKeyId) -> Result<Option<StoredApiKey>, StoreError>;

    /// The keys for a subject that are not revoked, newest first; all of them for `None`.
    async fn api_keys(&self, subject: Option<Subject>) -> Result<Vec<ApiKey>, StoreError>;

    /// Revokes a key. `false`: there is none, or it was revoked before.
    async fn revoke_api_key(
        &self,
        id: ApiKeyId,
        at: Timestamp,
        audit: AuditRecord,
    ) -> Result<bool, StoreError>;

    /// Revokes the integrated keys of an application for a subject; says how many.
    async fn revoke_integrated_keys(
        &self,
        client_id: &str,
        subject: Subject,
        at: Timestamp,
        audit: AuditRecord,
    ) -> Result<usize, StoreError>;

    /// Notes a use; never moves the note back.
    async fn note_key_used(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError>;
}
