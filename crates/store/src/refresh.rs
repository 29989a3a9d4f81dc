//! The refresh authority's tables.

mod epoch;
mod rows;
mod writes;

use async_trait::async_trait;
use base::{StoreError, Timestamp};
use refresh::{
    AttemptRecord, Cause, DueGrant, Epoch, Failure, GivenCredential, Grant, GrantEvent, GrantId, Lease,
    LeaseAnswer, LeaseProof, Marker, NumberedGrantEvent, Rotation, RotationStored, Store,
};

use crate::{Database, params};

pub(crate) use rows::read_event;
pub(crate) use writes::{end_grant, put_given};

#[async_trait]
impl Store for Database {
    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        self.read("refresh_grant", move |tx| rows::grant(tx, id, "")).await
    }

    async fn give(&self, given: &GivenCredential) -> Result<bool, StoreError> {
        let given = given.clone();
        self.run_tx("refresh_give", move |tx| writes::put_given(tx, &given)).await
    }

    async fn take_lease(
        &self,
        id: GrantId,
        owner: &str,
        seen: Option<&Lease>,
    ) -> Result<LeaseAnswer, StoreError> {
        let (owner, seen) = (owner.to_owned(), seen.cloned());
        self.run_tx("refresh_take_lease", move |tx| {
            let seen = seen.as_ref();
            let taken = tx.query_opt(
                "UPDATE grants SET lease_owner = $2, lease_fence = lease_fence + 1, lease_renewals = 0
                 WHERE id = $1 AND state <> 'ended'
                   AND (lease_owner IS NULL OR (lease_fence = $3 AND lease_renewals = $4))
                 RETURNING lease_fence",
                params![id, owner, seen.map(|lease| lease.fence), seen.map(|lease| lease.renewals)],
            )?;
            let Some(grant) = rows::grant(tx, id, "")? else { return Ok(LeaseAnswer::NoGrant) };
            Ok(match taken {
                Some(row) => {
                    let proof = LeaseProof::issued_by_store(id, owner.clone(), row.get("lease_fence")?);
                    LeaseAnswer::Taken(proof, Box::new(grant))
                }
                None => LeaseAnswer::Held(Box::new(grant)),
            })
        })
        .await
    }

    async fn renew_lease(&self, proof: &LeaseProof) -> Result<bool, StoreError> {
        let (id, fence, owner) = (proof.grant(), proof.fence(), proof.owner().to_owned());
        self.run_tx("refresh_renew_lease", move |tx| {
            let renewed = tx.execute(
                "UPDATE grants SET lease_renewals = lease_renewals + 1
                 WHERE id = $1 AND lease_fence = $2 AND lease_owner = $3",
                params![id, fence, owner],
            )?;
            Ok(renewed == 1)
        })
        .await
    }

    async fn release_lease(&self, proof: &LeaseProof) -> Result<(), StoreError> {
        let (id, fence, owner) = (proof.grant(), proof.fence(), proof.owner().to_owned());
        self.run_tx("refresh_release_lease", move |tx| {
            tx.execute(
                "UPDATE grants SET lease_owner = NULL WHERE id = $1 AND lease_fence = $2 AND lease_owner = $3",
                params![id, fence, owner],
            )?;
            Ok(())
        })
        .await
    }

    async fn begin_attempt(
        &self,
        proof: &LeaseProof,
        marker: &Marker,
        cause: Cause,
    ) -> Result<bool, StoreError> {
        let (id, fence, owner) = (proof.grant(), proof.fence(), proof.owner().to_owned());
        let marker = marker.clone();
        self.run_tx("refresh_begin_attempt", move |tx| {
            let written = tx.execute(
                "UPDATE grants SET marker_attempt = $3, marker_generation = $4, marker_at = $5, marker_unknown_in_a_row = $6,
                        forced_at = CASE WHEN CAST($8 AS BIGINT) = 1 THEN $5 ELSE forced_at END
                 WHERE id = $1 AND lease_fence = $2 AND lease_owner = $7 AND generation = $4 AND state <> 'ended'
                   AND epoch >= (SELECT value FROM counters WHERE name = 'epoch')",
                params![
                    id,
                    fence,
                    marker.attempt,
                    marker.generation,
                    marker.at,
                    marker.unknown_in_a_row,
                    owner,
                    cause == Cause::Rejected,
                ],
            )?;
            Ok(written == 1)
        })
        .await
    }

    async fn store_rotation(&self, rotation: &Rotation) -> Result<RotationStored, StoreError> {
        let rotation = rotation.clone();
        self.run_tx("refresh_store_rotation", move |tx| writes::store_rotation(tx, &rotation)).await
    }

    async fn record_failure(&self, proof: &LeaseProof, failure: &Failure) -> Result<bool, StoreError> {
        let (fence, owner, failure) = (proof.fence(), proof.owner().to_owned(), failure.clone());
        self.run_tx("refresh_record_failure", move |tx| writes::record_failure(tx, fence, &owner, &failure))
            .await
    }

    async fn postpone(
        &self,
        id: GrantId,
        generation: u64,
        next_action_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.run_tx("refresh_postpone", move |tx| {
            tx.execute(
                "UPDATE grants SET next_action_at = $3 WHERE id = $1 AND generation = $2 AND lease_owner IS NULL",
                params![id, generation, next_action_at],
            )?;
            Ok(())
        })
        .await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueGrant>, StoreError> {
        self.read("refresh_due", move |tx| {
            let rows = tx.query(
                "SELECT id, provider, kind, generation, state, marker_attempt, obtained_at, used_at, next_action_at FROM grants
                 WHERE next_action_at IS NOT NULL AND next_action_at <= $1 ORDER BY next_action_at LIMIT $2",
                params![now, limit],
            )?;
            rows.iter().map(rows::due).collect()
        })
        .await
    }

    async fn note_used(&self, used: &[(GrantId, Timestamp)]) -> Result<(), StoreError> {
        let used = used.to_vec();
        self.run_tx("refresh_note_used", move |tx| {
            for (id, at) in &used {
                tx.execute("UPDATE grants SET used_at = $2 WHERE id = $1 AND used_at < $2", params![id, at])?;
            }
            Ok(())
        })
        .await
    }

    async fn note_proven(&self, id: GrantId, generation: u64, at: Timestamp) -> Result<(), StoreError> {
        self.run_tx("refresh_note_proven", move |tx| {
            tx.execute(
                "UPDATE grants SET proven_at = $3 WHERE id = $1 AND generation = $2 AND proven_at < $3 AND state <> 'ended'",
                params![id, generation, at],
            )?;
            Ok(())
        })
        .await
    }

    async fn end(&self, id: GrantId, generation: u64, event: &GrantEvent) -> Result<bool, StoreError> {
        let event = event.clone();
        self.run_tx("refresh_end", move |tx| writes::end(tx, id, generation, &event)).await
    }

    async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<NumberedGrantEvent>, StoreError> {
        self.read("refresh_events_after", move |tx| {
            let rows = tx.query(
                "SELECT position, grant_id, at, generation, change, reason, next_try_at, flag FROM grant_events
                 WHERE position > $1 ORDER BY position LIMIT $2",
                params![after, limit],
            )?;
            rows.iter().map(rows::read_event).collect()
        })
        .await
    }

    async fn last_event(&self) -> Result<u64, StoreError> {
        self.read("refresh_last_event", |tx| {
            tx.query_one("SELECT coalesce(max(position), 0) AS position FROM grant_events", params![])?
                .get("position")
        })
        .await
    }

    async fn epoch(&self) -> Result<Epoch, StoreError> {
        let is_exclusive = self.is_exclusive();
        self.read("refresh_epoch", move |tx| epoch::read(tx, is_exclusive)).await
    }

    async fn raise_epoch(&self, from: u64, now: Timestamp) -> Result<bool, StoreError> {
        self.run_tx("refresh_raise_epoch", move |tx| epoch::raise(tx, from, now)).await
    }

    async fn beat(&self, now: Timestamp) -> Result<(), StoreError> {
        self.run_tx("refresh_beat", move |tx| epoch::put_moment(tx, epoch::HEARTBEAT, now)).await
    }

    async fn clear_doubt(&self, proof: &LeaseProof, generation: u64, epoch: u64) -> Result<bool, StoreError> {
        let (id, fence, owner) = (proof.grant(), proof.fence(), proof.owner().to_owned());
        self.run_tx("refresh_clear_doubt", move |tx| epoch::clear(tx, id, fence, &owner, generation, epoch))
            .await
    }

    async fn in_doubt(&self) -> Result<u64, StoreError> {
        self.read("refresh_in_doubt", epoch::count_in_doubt).await
    }

    async fn accept_restored(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.run_tx("refresh_accept_restored", move |tx| epoch::accept(tx, now)).await
    }

    async fn attempts(&self, id: GrantId, limit: u32) -> Result<Vec<AttemptRecord>, StoreError> {
        self.read("refresh_attempts", move |tx| {
            let rows = tx.query(
                "SELECT id, grant_id, started_at, finished_at, instance, cause, outcome, reason, lease_wait_millis,
                        generation_before, generation_after
                 FROM refresh_attempts WHERE grant_id = $1 ORDER BY finished_at DESC, id DESC LIMIT $2",
                params![id, limit],
            )?;
            rows.iter().map(rows::attempt).collect()
        })
        .await
    }
}
