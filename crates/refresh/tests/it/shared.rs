//! A database that several instances have open, as on PostgreSQL. One in memory does not know that of itself.

use async_trait::async_trait;
use base::{StoreError, Timestamp};
use refresh::{
    AttemptRecord, Cause, DueGrant, Epoch, Failure, GivenCredential, Grant, GrantEvent, GrantId, Lease,
    LeaseAnswer, LeaseProof, Marker, NumberedGrantEvent, Rotation, RotationStored, Store,
};
use store::Database;

/// What one instance sees of it.
pub(crate) struct Shared {
    pub(crate) database: Database,
    /// Whether a doubt reaches the database.
    pub(crate) can_doubt: bool,
}

#[async_trait]
impl Store for Shared {
    async fn epoch(&self) -> Result<Epoch, StoreError> {
        Ok(Epoch { is_exclusive: false, ..self.database.epoch().await? })
    }
    async fn raise_epoch(&self, from: u64, now: Timestamp) -> Result<bool, StoreError> {
        if self.can_doubt {
            return self.database.raise_epoch(from, now).await;
        }
        Err(StoreError::Unavailable("a test wants it so".to_owned()))
    }

    // The rest is the database's.

    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        self.database.grant(id).await
    }
    async fn give(&self, given: &GivenCredential) -> Result<bool, StoreError> {
        self.database.give(given).await
    }
    async fn take_lease(
        &self,
        id: GrantId,
        owner: &str,
        seen: Option<&Lease>,
    ) -> Result<LeaseAnswer, StoreError> {
        self.database.take_lease(id, owner, seen).await
    }
    async fn renew_lease(&self, proof: &LeaseProof) -> Result<bool, StoreError> {
        self.database.renew_lease(proof).await
    }
    async fn release_lease(&self, proof: &LeaseProof) -> Result<(), StoreError> {
        self.database.release_lease(proof).await
    }
    async fn begin_attempt(
        &self,
        proof: &LeaseProof,
        marker: &Marker,
        cause: Cause,
    ) -> Result<bool, StoreError> {
        self.database.begin_attempt(proof, marker, cause).await
    }
    async fn store_rotation(&self, advance: &Rotation) -> Result<RotationStored, StoreError> {
        self.database.store_rotation(advance).await
    }
    async fn record_failure(&self, proof: &LeaseProof, failure: &Failure) -> Result<bool, StoreError> {
        self.database.record_failure(proof, failure).await
    }
    async fn postpone(
        &self,
        id: GrantId,
        generation: u64,
        next_action_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.database.postpone(id, generation, next_action_at).await
    }
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueGrant>, StoreError> {
        self.database.due(now, limit).await
    }
    async fn note_used(&self, used: &[(GrantId, Timestamp)]) -> Result<(), StoreError> {
        self.database.note_used(used).await
    }
    async fn note_proven(&self, id: GrantId, generation: u64, at: Timestamp) -> Result<(), StoreError> {
        self.database.note_proven(id, generation, at).await
    }
    async fn end(&self, id: GrantId, generation: u64, event: &GrantEvent) -> Result<bool, StoreError> {
        self.database.end(id, generation, event).await
    }
    async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<NumberedGrantEvent>, StoreError> {
        self.database.events_after(after, limit).await
    }
    async fn last_event(&self) -> Result<u64, StoreError> {
        self.database.last_event().await
    }
    async fn beat(&self, now: Timestamp) -> Result<(), StoreError> {
        Store::beat(&self.database, now).await
    }
    async fn clear_doubt(&self, proof: &LeaseProof, generation: u64, epoch: u64) -> Result<bool, StoreError> {
        self.database.clear_doubt(proof, generation, epoch).await
    }
    async fn in_doubt(&self) -> Result<u64, StoreError> {
        self.database.in_doubt().await
    }
    async fn accept_restored(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.database.accept_restored(now).await
    }
    async fn attempts(&self, id: GrantId, limit: u32) -> Result<Vec<AttemptRecord>, StoreError> {
        self.database.attempts(id, limit).await
    }
}
