//! Restored backups (rule 14): the tokens in them are probably spent.

use std::sync::atomic::Ordering;
use std::time::Duration;

use base::{StoreError, Timestamp};
use continuity::{Found, RestoreSign};
use providers::{OldRefreshToken, Question, Rotation};

use crate::authority::{Authority, Inner};
use crate::directory::ProviderAccess;
use crate::flight::Attempt;
use crate::store::{Epoch, Failure};
use crate::token_endpoint::QuestionAnswer;
use crate::{
    AttemptOutcome, DegradedReason, EndReason, Grant, GrantChange, GrantState, LeaseProof, LendError, Lent,
};

/// Instances that find the same restore within this time make one doubt of it.
const SAME_RESTORE: Duration = Duration::from_mins(2);

impl Epoch {
    /// Whether somebody marks the database since `earlier` was read. A copy that was put back meanwhile has other marks too, but lacks
    /// events. Clocks differ, so that a mark may be the newer one although its time is earlier.
    fn vouches_for(&self, earlier: &Self) -> bool {
        let is_marked = self.heartbeat != earlier.heartbeat || self.number != earlier.number;
        is_marked && self.last_event >= earlier.last_event
    }

    /// What is held against the memory of an instance. Marks are no events: one that is remembered to the number does not say that
    /// nobody has gone on since.
    fn found(&self) -> Found {
        Found {
            position: self.last_event,
            is_begun: self.has_grants,
            marked_at: self.heartbeat,
            is_exclusive: self.is_exclusive,
            counts_marks: false,
        }
    }
}

impl Authority {
    /// How many grants still wait to be proven after a restore.
    pub async fn in_doubt(&self) -> Result<u64, StoreError> {
        self.inner.parts.store.in_doubt().await
    }

    /// Notes where the database stands, once everything that ran is finished: what was stored in the last second of an orderly stop
    /// would not be missed otherwise, if an older copy were put back before the next start.
    pub async fn note_end(&self) -> Result<(), StoreError> {
        let last = self.inner.parts.store.last_event().await?;
        // Fewer than were seen: an older copy has been put back already, which the next start is to notice.
        if last >= self.inner.newest.load(Ordering::SeqCst) {
            self.inner.remember(last).await;
        }
        Ok(())
    }

    /// The operator says that the database is the right one: all grants in doubt go on as they are. Gives their number.
    pub async fn accept_restored(&self) -> Result<u64, StoreError> {
        let accepted = self.inner.parts.store.accept_restored(self.inner.now()).await?;
        self.inner.written.notify_one();
        Ok(accepted)
    }
}

impl Inner {
    /// At the start: compares the database with what this instance remembers, and puts every grant in doubt if it looks restored.
    pub(crate) async fn check_restored(&self) -> Result<Option<RestoreSign>, LendError> {
        let first = self.parts.store.epoch().await?;
        self.is_alone.store(first.is_exclusive, Ordering::SeqCst);
        let remembered = self.parts.memory.recall().await.map_err(|error| {
            LendError::Store(StoreError::NotWritable(format!(
                "this instance's memory cannot be read: {error}"
            )))
        })?;
        let vouching = first.found().sign_unless_vouched_for(remembered, self.now(), || async move {
            Ok::<_, StoreError>(self.parts.store.epoch().await?.vouches_for(&first))
        });
        let sign = vouching.await?;
        // That took a while, in which the database may have been put back.
        let epoch = self.parts.store.epoch().await?;
        let sign = if epoch.last_event < first.last_event { Some(RestoreSign::StepBack) } else { sign };
        if let Some(sign) = sign {
            self.doubt(&epoch, sign).await?;
        }
        self.newest.store(epoch.last_event, Ordering::SeqCst);
        self.remember(epoch.last_event).await;
        self.parts.store.beat(self.now()).await?;
        self.see_doubt(self.parts.store.epoch().await?.raised_at);
        Ok(sign)
    }

    pub(crate) async fn doubt(&self, epoch: &Epoch, sign: RestoreSign) -> Result<(), StoreError> {
        let now = self.now();
        *self.doubted_at.lock().expect("no code panics while it holds a moment") = Some(self.monotonic());
        self.suspects_restore.store(true, Ordering::SeqCst);
        let told = epoch.raised_at.filter(|at| now.since(*at) < SAME_RESTORE && !self.has_seen_doubt(*at));
        if told.is_some() {
            self.see_doubt(told);
        } else if self.parts.store.raise_epoch(epoch.number, now).await? {
            self.see_doubt(Some(now));
            tracing::error!(
                sign = sign.code(),
                epoch = epoch.number + 1,
                "the database looks restored from a backup: each grant is asked about before its first refresh"
            );
            metrics::counter!("mainstay_refresh_possible_restores_total", "sign" => sign.code()).increment(1);
        }
        self.suspects_restore.store(false, Ordering::SeqCst);
        self.cache.clear();
        Ok(())
    }

    fn see_doubt(&self, raised_at: Option<Timestamp>) {
        *self.seen_doubt.lock().expect("no code panics while it holds a moment") = raised_at;
    }

    /// Reads what tells of a restore, and acts on what is new: a step back, or what another instance has found. `None`: it was a step back.
    pub(crate) async fn look_for_restore(&self) -> Result<Option<Epoch>, StoreError> {
        // Before the reading begins: what is newer than it is no step back.
        let newest = self.newest.load(Ordering::SeqCst);
        let epoch = self.parts.store.epoch().await?;
        if epoch.last_event < newest {
            self.step_back(&epoch).await?;
            return Ok(None);
        }
        if let Some(raised_at) = epoch.raised_at {
            self.learn_of_doubt(raised_at);
        }
        Ok(Some(epoch))
    }

    /// Counts from now on what another instance has found since this one looked last.
    fn learn_of_doubt(&self, raised_at: Timestamp) {
        if !self.has_seen_doubt(raised_at) {
            self.see_doubt(Some(raised_at));
            *self.doubted_at.lock().expect("no code panics while it holds a moment") = Some(self.monotonic());
        }
    }

    fn has_seen_doubt(&self, raised_at: Timestamp) -> bool {
        *self.seen_doubt.lock().expect("no code panics while it holds a moment") == Some(raised_at)
    }

    pub(crate) async fn remember(&self, position: u64) {
        if let Err(error) = self.parts.memory.note(position).await {
            // The next start then finds a step that is not one, or none at all: it asks more than it must.
            tracing::warn!(error = %error, "the newest rotation could not be noted outside the database");
        }
    }

    /// When this process learned last that the database looks restored.
    pub(crate) fn doubted_at(&self) -> Option<Duration> {
        *self.doubted_at.lock().expect("no code panics while it holds a moment")
    }

    /// For how long a request may still be under way whose marker is gone with what was restored away. The question would not be
    /// told the truth until then.
    pub(crate) fn doubt_unsettled_for(&self, rotation: &Rotation) -> Duration {
        let settled_at = self.doubted_at().map_or(Duration::ZERO, |at| at + rotation.request_deadline());
        if rotation.question == Question::None {
            return Duration::ZERO;
        }
        settled_at.saturating_sub(self.monotonic())
    }

    /// Before the first refresh of a grant that is in doubt. `None`: proven, go on.
    pub(crate) async fn settle_doubt(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        access: &ProviderAccess,
        rotation: &Rotation,
        attempt: &Attempt,
    ) -> Option<Result<Lent, LendError>> {
        // Another instance may have noticed it ahead of this one, or before it started.
        let epoch = match self.look_for_restore().await {
            Ok(epoch) => epoch,
            Err(error) => return Some(Err(error.into())),
        };
        self.doubted_at
            .lock()
            .expect("no code panics while it holds a moment")
            .get_or_insert(self.monotonic());
        let unsettled_for = self.doubt_unsettled_for(rotation);
        let Some(epoch) = epoch.filter(|_| unsettled_for.is_zero()) else {
            return Some(Err(LendError::Pending { retry_at: self.now() + unsettled_for }));
        };
        // An old token that lives on whatever happened since can be presented without harm.
        let harmless = rotation.old_refresh_token == OldRefreshToken::Lives;
        let answer = match rotation.question {
            _ if harmless => Ok(QuestionAnswer::Alive),
            Question::None => return Some(self.wait_for_operator(proof, grant, attempt).await),
            Question::Introspect | Question::Probe => self.ask(grant, access, rotation).await,
        };
        match answer {
            Err(error) => Some(Err(error)),
            Ok(QuestionAnswer::Alive) => {
                match self.parts.store.clear_doubt(proof, grant.generation, epoch.number).await {
                    Ok(true) => None,
                    Ok(false) => Some(Err(LendError::Pending { retry_at: self.now() })),
                    Err(error) => Some(Err(error.into())),
                }
            }
            Ok(QuestionAnswer::Dead) => {
                let detail =
                    "the database was restored, and its refresh token had been spent since".to_owned();
                // Where an answer is outstanding it may be missing, and may still lie on a disk: it revives a grant that ended so.
                let reason = if grant.marker.is_some() || grant.overtaken.is_some() {
                    EndReason::RefreshAnswerLost
                } else {
                    EndReason::RestoredBackup
                };
                let outcome = AttemptOutcome::FoundDead;
                Some(self.end(proof, grant, attempt, reason, outcome, detail).await)
            }
            Ok(QuestionAnswer::NoAnswer) => {
                let detail =
                    "the database was restored, and the provider did not say whether the token is alive"
                        .to_owned();
                let reason = DegradedReason::ProviderUnreachable;
                Some(self.degraded(proof, grant, attempt, reason, None, detail).await)
            }
        }
    }

    /// Nobody can be asked: a spent token must not be presented on a guess, so the operator decides.
    async fn wait_for_operator(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        attempt: &Attempt,
    ) -> Result<Lent, LendError> {
        let now = self.now();
        let reason = DegradedReason::PossiblyRestored;
        let retry_at = now + Duration::from_hours(1);
        let detail =
            "the database was restored, and this provider cannot be asked about its tokens".to_owned();
        let change = GrantChange::Degraded { reason, next_try_at: retry_at, again: false };
        let failure = Failure {
            grant: grant.id,
            generation: grant.generation,
            state: GrantState::Degraded { since: now, reason },
            marker: grant.marker.clone(),
            next_action_at: None,
            failures: grant.failures,
            event: Some(self.event(grant, change)),
            record: self.record(grant, attempt, AttemptOutcome::WaitsForOperator, detail, grant.generation),
        };
        self.fail(proof, grant, &failure, LendError::Degraded { reason, retry_at }).await
    }
}
