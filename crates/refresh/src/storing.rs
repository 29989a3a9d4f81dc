//! Storing an answer, however long the store takes, and what earlier processes left in their spill files (rule 7).

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use base::{Backoff, StoreError, Timestamp};
use futures_util::future::{Either, select};
use seal::{OpenError, Place, Sealed};

use crate::authority::Inner;
use crate::spill::{SpillSlot, Spilled};
use crate::store::{Rotation, RotationStored};
use crate::{AttemptId, AttemptOutcome, AttemptRecord, Grant, GrantId, LendError, SealedCredential};

/// Pauses between tries to store what the store does not take.
const STORING: Backoff = Backoff { first: Duration::from_millis(100), cap: Duration::from_secs(5) };

/// A store that has not answered by then is perhaps stalled, and would be waited for with the only good token in memory alone.
/// Before it, putting the answer on disk as well would take as long as the commit that is under way.
const SPILL_AFTER: Duration = Duration::from_millis(200);

impl Inner {
    /// Stores the answer. If the store refuses, or does not answer, it goes to disk, and is tried again from memory for as long
    /// as this process lives; the next one finds it on disk. Gives the generation that it has been stored as; `None`: it no longer
    /// fitted.
    pub(crate) async fn store_until_taken(
        &self,
        rotation: &Rotation,
        slot: &mut Box<dyn SpillSlot>,
    ) -> Option<u64> {
        let mut on_disk = false;
        // Also a write that failed may have left something.
        let mut clean = true;
        for round in 0_u32.. {
            let storing = pin!(self.store(rotation));
            let stored = match select(storing, pin!(tokio::time::sleep(SPILL_AFTER))).await {
                Either::Left((stored, _)) => stored,
                Either::Right(((), storing)) => {
                    clean = false;
                    on_disk = on_disk || Self::spill(rotation, slot).await;
                    storing.await
                }
            };
            match stored {
                Ok(stored) => {
                    if !clean && let Err(error) = slot.clear().await {
                        // Replayed at the next start it will be found to be stored already.
                        tracing::warn!(error = %error, "a spill file could not be cleared");
                    }
                    return stored;
                }
                Err(error) => {
                    tracing::error!(grant.id = %rotation.grant, error = %error, round, "the store does not take a new token");
                    metrics::counter!("mainstay_refresh_store_refusals_total").increment(1);
                }
            }
            clean = false;
            on_disk = on_disk || Self::spill(rotation, slot).await;
            tokio::time::sleep(STORING.pause(round, &*self.parts.entropy)).await;
        }
        unreachable!("the loop above ends by returning")
    }

    /// Stores an answer; on top of that of an earlier attempt, if that one came in late and has overtaken it. Gives the generation
    /// that it has been stored as; `None`: it no longer fits.
    async fn store(&self, rotation: &Rotation) -> Result<Option<u64>, StoreError> {
        let mut stored = self.parts.store.store_rotation(rotation).await?;
        let mut generation = rotation.from_generation + 1;
        if let RotationStored::Overtaken { obtained_at } = stored {
            let on_top = self.on_top(rotation, obtained_at)?;
            generation += 1;
            stored = self.parts.store.store_rotation(&on_top).await?;
        }
        Ok(match stored {
            RotationStored::Stored => Some(generation),
            RotationStored::AlreadyStored { generation } => Some(generation),
            RotationStored::NoLongerFits | RotationStored::Overtaken { .. } => None,
        })
    }

    /// The same answer, sealed for the generation after the one that has overtaken it.
    fn on_top(&self, rotation: &Rotation, from_obtained_at: Timestamp) -> Result<Rotation, StoreError> {
        let from_generation = rotation.from_generation + 1;
        let sealer = &self.parts.sealer;
        let anew = |place: fn(GrantId, u64) -> Place, sealed: &Sealed| {
            let opened = sealer.open(&place(rotation.grant, from_generation), sealed);
            // Sealed by this very code, or looked at when it was read from disk: only its key can be gone since.
            let opened = opened.map_err(|error| StoreError::Corrupt(error.to_string()))?;
            Ok(sealer.seal(&place(rotation.grant, from_generation + 1), opened.expose()))
        };
        let credential = SealedCredential {
            access_token: anew(Grant::access_place, &rotation.credential.access_token)?,
            refresh_token: rotation
                .credential
                .refresh_token
                .as_ref()
                .map(|sealed| anew(Grant::refresh_place, sealed))
                .transpose()?,
        };
        let record = AttemptRecord {
            reason: "a new token was issued; the answer of an earlier attempt had been stored meanwhile"
                .to_owned(),
            generation_before: from_generation,
            generation_after: from_generation + 1,
            ..rotation.record.clone()
        };
        Ok(Rotation { from_generation, from_obtained_at, credential, record, ..rotation.clone() })
    }

    /// Whether an answer from disk is what was sealed when it was received.
    fn check_unsealable(&self, rotation: &Rotation) -> Result<(), OpenError> {
        let sealer = &self.parts.sealer;
        let (grant, generation) = (rotation.grant, rotation.from_generation + 1);
        sealer.open(&Grant::access_place(grant, generation), &rotation.credential.access_token)?;
        if let Some(refresh_token) = &rotation.credential.refresh_token {
            sealer.open(&Grant::refresh_place(grant, generation), refresh_token)?;
        }
        Ok(())
    }

    /// Puts the answer on disk. `false`: it is in memory alone.
    async fn spill(rotation: &Rotation, slot: &mut Box<dyn SpillSlot>) -> bool {
        let written = slot.write(&Spilled::from(rotation)).await;
        if let Err(error) = &written {
            tracing::error!(grant.id = %rotation.grant, error = %error, "a new token could not be spilled either; it is in memory alone");
        }
        if written.is_ok() {
            metrics::counter!("mainstay_refresh_spilled_total").increment(1);
        }
        written.is_ok()
    }

    /// Brings into the store what earlier processes could not. To be called before the first lending.
    pub(crate) async fn replay_spilled(&self) -> Result<usize, LendError> {
        let unreadable = |error: crate::spill::SpillError| {
            LendError::Store(base::StoreError::NotWritable(error.to_string()))
        };
        let mut replayed = HashSet::<AttemptId>::new();
        for (spilled, mut slot) in self.parts.spill.left_behind().await.map_err(unreadable)? {
            let rotation = Rotation::from(&spilled);
            if let Err(error) = self.check_unsealable(&rotation) {
                // Its file stays: the key may come back. Its attempt is settled like any other whose answer is not known.
                tracing::error!(grant.id = %rotation.grant, attempt.id = %rotation.attempt, file = slot.name(), error = %error, "an answer left on disk cannot be unsealed: it is left where it is");
                metrics::counter!("mainstay_refresh_unreadable_spills_total").increment(1);
                continue;
            }
            let generation = self.store(&rotation).await?;
            tracing::warn!(grant.id = %rotation.grant, attempt.id = %rotation.attempt, generation, "an answer left on disk was looked at");
            slot.clear().await.map_err(unreadable)?;
            metrics::counter!("mainstay_refresh_replayed_total").increment(1);
            replayed.insert(rotation.attempt);
        }
        Ok(replayed.len())
    }
}

impl From<&Rotation> for Spilled {
    fn from(rotation: &Rotation) -> Self {
        Self {
            grant: rotation.grant,
            attempt: rotation.attempt,
            from_generation: rotation.from_generation,
            from_obtained_at: rotation.from_obtained_at,
            access_token: rotation.credential.access_token.clone(),
            refresh_token: rotation.credential.refresh_token.clone(),
            renews: rotation.renews,
            scope: rotation.scope.clone(),
            obtained_at: rotation.obtained_at,
            expires_at: rotation.expires_at,
            refresh_token_expires_at: rotation.refresh_token_expires_at,
            next_action_at: rotation.next_action_at,
            started_at: rotation.record.started_at,
            instance: rotation.record.instance.clone(),
            cause: rotation.record.cause,
            lease_wait_millis: u64::try_from(rotation.record.lease_wait.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl From<&Spilled> for Rotation {
    fn from(spilled: &Spilled) -> Self {
        Self {
            grant: spilled.grant,
            attempt: spilled.attempt,
            from_generation: spilled.from_generation,
            from_obtained_at: spilled.from_obtained_at,
            credential: SealedCredential {
                access_token: spilled.access_token.clone(),
                refresh_token: spilled.refresh_token.clone(),
            },
            renews: spilled.renews,
            scope: spilled.scope.clone(),
            obtained_at: spilled.obtained_at,
            expires_at: spilled.expires_at,
            refresh_token_expires_at: spilled.refresh_token_expires_at,
            next_action_at: spilled.next_action_at,
            record: AttemptRecord {
                id: spilled.attempt,
                grant: spilled.grant,
                started_at: spilled.started_at,
                finished_at: spilled.obtained_at,
                instance: spilled.instance.clone(),
                cause: spilled.cause,
                outcome: AttemptOutcome::Advanced,
                reason: "a new token was issued; it was brought in from disk".to_owned(),
                lease_wait: std::time::Duration::from_millis(spilled.lease_wait_millis),
                generation_before: spilled.from_generation,
                generation_after: spilled.from_generation + 1,
            },
        }
    }
}
