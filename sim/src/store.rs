//! The store as one process sees it: behind a network of its own that refuses, slows down and loses answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base::{StoreError, Timestamp};
use refresh::{
    AttemptRecord, Cause, DueGrant, Epoch, Failure, GivenCredential, Grant, GrantEvent, GrantId, GrantState,
    Lease, LeaseAnswer, LeaseProof, Marker, NumberedGrantEvent, Rotation, RotationStored, Store,
};

use crate::DeliberateFault;
use crate::clock::elapsed;
use crate::journal::{Event, Place};
use crate::life::Life;
use crate::plan::{EpisodeKind, Step, StoreTrouble};
use crate::scene::Scene;
use crate::token;

/// The store of one process.
pub(crate) struct SimStore {
    scene: Arc<Scene>,
    life: Arc<Life>,
    /// What a deliberate fault holds back.
    late_marker: Mutex<Option<(LeaseProof, Marker, Cause)>>,
    /// The newest event that the process has been shown.
    newest: AtomicU64,
}

/// What is done around one transaction.
struct Around {
    name: &'static str,
    before: Step,
    after: Step,
}

const fn plain(name: &'static str) -> Around {
    Around { name, before: Step::Other, after: Step::Other }
}

impl SimStore {
    /// For a process.
    pub(crate) fn new(scene: Arc<Scene>, life: Arc<Life>) -> Self {
        Self { scene, life, late_marker: Mutex::default(), newest: AtomicU64::default() }
    }

    fn has(&self, fault: DeliberateFault) -> bool {
        self.scene.plan.options.fault == Some(fault)
    }

    fn note(&self, event: Event) {
        self.scene.note(self.life.place, event);
    }

    /// The process sees that `last` is the newest event.
    fn shows(&self, last: u64) {
        if self.newest.swap(last, Ordering::Relaxed) > last {
            self.note(Event::ShownStepBack);
        }
    }

    async fn raise(&self, from: u64, now: Timestamp) -> Result<bool, StoreError> {
        let raised = self.has(DeliberateFault::RestoreIgnored) || self.inner().raise_epoch(from, now).await?;
        if raised {
            self.note(Event::EpochRaised);
        }
        Ok(raised)
    }

    fn trouble(&self) -> Option<StoreTrouble> {
        let Place::Instance { host: own, .. } = self.life.place else { return None };
        if self.life.has_lost_store() || !self.scene.store_away_until.left().is_zero() {
            return Some(StoreTrouble::Refused);
        }
        self.scene.plan.weather(elapsed()).find_map(|episode| match episode {
            EpisodeKind::Store { host, per_mille, trouble } if host.is_none_or(|host| host == own) => {
                self.scene.with_dice(self.life.place, |dice| dice.chance(*per_mille)).then_some(*trouble)
            }
            _ => None,
        })
    }

    /// Runs a transaction as the weather allows.
    async fn around<T>(
        &self,
        around: Around,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let scene = &self.scene;
        self.life.step(around.before, scene).await;
        let trouble = self.trouble();
        let draw =
            |most: Duration| scene.with_dice(self.life.place, |dice| dice.between(Duration::ZERO, most));
        let away = || {
            self.note(Event::StoreAway(around.name));
            StoreError::Unavailable("the weather".to_owned())
        };
        // An ordinary transaction takes some milliseconds, so that the steps of different hosts mix.
        let (before, after) = match trouble {
            Some(StoreTrouble::SlowBefore(most)) => (draw(most), Duration::ZERO),
            Some(StoreTrouble::SlowAfter(most)) => (Duration::ZERO, draw(most)),
            _ => (draw(Duration::from_millis(8)), draw(Duration::from_millis(8))),
        };
        tokio::time::sleep(before).await;
        if trouble == Some(StoreTrouble::Refused) {
            return Err(away());
        }
        // The transaction itself is one moment.
        let result = work.await;
        self.life.step(around.after, scene).await;
        tokio::time::sleep(after).await;
        if trouble == Some(StoreTrouble::AnswerLost) {
            return Err(away());
        }
        result
    }

    fn inner(&self) -> &store::Database {
        &self.scene.database
    }

    async fn take(&self, id: GrantId, owner: &str, seen: Option<&Lease>) -> Result<LeaseAnswer, StoreError> {
        if self.has(DeliberateFault::LeaseNeverGiven) {
            let grant = self.inner().grant(id).await?;
            return Ok(grant.map_or(LeaseAnswer::NoGrant, |grant| LeaseAnswer::Held(Box::new(grant))));
        }
        match self.inner().take_lease(id, owner, seen).await? {
            LeaseAnswer::Held(grant) if self.has(DeliberateFault::LeaseAlwaysTaken) => {
                let holder = grant.lease.owner.clone().unwrap_or_default();
                let proof = LeaseProof::issued_by_store(id, holder, grant.lease.fence);
                Ok(LeaseAnswer::Taken(proof, grant))
            }
            answer => Ok(answer),
        }
    }

    async fn mark(
        &self,
        proof: &LeaseProof,
        marker: &Marker,
        cause: Cause,
        asked_at: Duration,
    ) -> Result<bool, StoreError> {
        if self.has(DeliberateFault::MarkerComesLate) {
            let proof = LeaseProof::issued_by_store(proof.grant(), proof.owner().to_owned(), proof.fence());
            *self.late_marker.lock().expect("no code panics while it holds a marker") =
                Some((proof, marker.clone(), cause));
            return Ok(true);
        }
        let written = self.inner().begin_attempt(proof, marker, cause).await?;
        self.note(Event::Marked {
            grant: self.scene.number_of(proof.grant()),
            attempt: marker.attempt,
            generation: marker.generation,
            asked_at,
            written,
        });
        Ok(written)
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        let late = self.late_marker.lock().expect("no code panics while it holds a marker").take();
        if let Some((proof, marker, cause)) = late {
            self.inner().begin_attempt(&proof, &marker, cause).await?;
        }
        Ok(())
    }

    async fn keep(&self, rotation: &Rotation) -> Result<RotationStored, StoreError> {
        self.catch_up().await?;
        if self.has(DeliberateFault::StoredBeforeItIs) {
            let (scene, life, rotation) = (self.scene.clone(), self.life.clone(), rotation.clone());
            let later = async move {
                tokio::time::sleep(Duration::from_secs(30)).await;
                let stored = Scene::inline(scene.database.store_rotation(&rotation));
                if let Ok(outcome) = stored {
                    note_stored(&scene, &life, &rotation, outcome);
                }
            };
            tokio_util::task::TaskTracker::new().spawn(later);
            return Ok(RotationStored::Stored);
        }
        let outcome = self.inner().store_rotation(rotation).await?;
        note_stored(&self.scene, &self.life, rotation, outcome);
        if outcome == RotationStored::Stored && self.has(DeliberateFault::RotationTwice) {
            self.give_again(rotation).await?;
        }
        Ok(outcome)
    }

    async fn give_again(&self, rotation: &Rotation) -> Result<(), StoreError> {
        let Some(grant) = self.inner().grant(rotation.grant).await? else { return Ok(()) };
        let number = self.scene.number_of(grant.id);
        let Some(pair) = self.scene.pair_of(grant.id, grant.generation, &rotation.credential) else {
            return Ok(());
        };
        let refresh = self.scene.provider().family(number).refresh_of(pair);
        let (access, refresh) = (token::access_token(number, pair), token::refresh_token(number, refresh));
        let given = GivenCredential {
            grant: grant.id,
            provider: grant.provider,
            client_id: grant.client_id,
            kind: grant.kind,
            generation: grant.generation + 1,
            credential: self.scene.seal(grant.id, grant.generation + 1, &access, &refresh),
            scope: None,
            given_at: rotation.obtained_at,
            expires_at: rotation.expires_at,
            refresh_token_expires_at: None,
            next_action_at: rotation.next_action_at,
        };
        self.inner().give(&given).await.map(|_| ())
    }

    async fn fail(&self, proof: &LeaseProof, failure: &Failure) -> Result<bool, StoreError> {
        self.catch_up().await?;
        let written = self.inner().record_failure(proof, failure).await?;
        let ends = match failure.state {
            GrantState::Ended { reason, .. } => Some(reason),
            _ => None,
        };
        self.note(Event::Failed {
            grant: self.scene.number_of(failure.grant),
            attempt: failure.record.id,
            outcome: failure.record.outcome,
            cause: failure.record.cause,
            ends,
            written,
        });
        Ok(written)
    }
}

fn note_stored(scene: &Scene, life: &Life, rotation: &Rotation, outcome: RotationStored) {
    let generation = rotation.from_generation + 1;
    let pair = scene
        .pair_of(rotation.grant, generation, &rotation.credential)
        .expect("what the authority seals can be opened at its place");
    let event = Event::Stored {
        grant: scene.number_of(rotation.grant),
        attempt: rotation.attempt,
        generation,
        pair,
        outcome,
        cause: rotation.record.cause,
    };
    scene.note(life.place, event);
}

#[async_trait]
impl Store for SimStore {
    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        self.around(plain("grant"), self.inner().grant(id)).await
    }

    async fn give(&self, given: &GivenCredential) -> Result<bool, StoreError> {
        self.around(plain("give"), self.inner().give(given)).await
    }

    async fn take_lease(
        &self,
        id: GrantId,
        owner: &str,
        seen: Option<&Lease>,
    ) -> Result<LeaseAnswer, StoreError> {
        let around = Around { name: "take_lease", before: Step::BeforeLease, after: Step::AfterLease };
        self.around(around, self.take(id, owner, seen)).await
    }

    async fn renew_lease(&self, proof: &LeaseProof) -> Result<bool, StoreError> {
        self.around(plain("renew_lease"), self.inner().renew_lease(proof)).await
    }

    async fn release_lease(&self, proof: &LeaseProof) -> Result<(), StoreError> {
        let around = Around { name: "release_lease", before: Step::BeforeRelease, after: Step::Other };
        self.around(around, self.inner().release_lease(proof)).await
    }

    async fn begin_attempt(
        &self,
        proof: &LeaseProof,
        marker: &Marker,
        cause: Cause,
    ) -> Result<bool, StoreError> {
        let around = Around { name: "begin_attempt", before: Step::BeforeMarker, after: Step::AfterMarker };
        self.around(around, self.mark(proof, marker, cause, elapsed())).await
    }

    async fn store_rotation(&self, rotation: &Rotation) -> Result<RotationStored, StoreError> {
        let around = Around { name: "store_rotation", before: Step::BeforeStore, after: Step::AfterStore };
        self.around(around, self.keep(rotation)).await
    }

    async fn record_failure(&self, proof: &LeaseProof, failure: &Failure) -> Result<bool, StoreError> {
        let around =
            Around { name: "record_failure", before: Step::BeforeFailure, after: Step::AfterFailure };
        self.around(around, self.fail(proof, failure)).await
    }

    async fn postpone(&self, id: GrantId, generation: u64, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.around(plain("postpone"), self.inner().postpone(id, generation, at)).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueGrant>, StoreError> {
        self.around(plain("due"), self.inner().due(now, limit)).await
    }

    async fn note_used(&self, used: &[(GrantId, Timestamp)]) -> Result<(), StoreError> {
        self.around(plain("note_used"), self.inner().note_used(used)).await
    }

    async fn note_proven(&self, id: GrantId, generation: u64, at: Timestamp) -> Result<(), StoreError> {
        self.around(plain("note_proven"), self.inner().note_proven(id, generation, at)).await
    }

    async fn end(&self, id: GrantId, generation: u64, event: &GrantEvent) -> Result<bool, StoreError> {
        self.around(plain("end"), self.inner().end(id, generation, event)).await
    }

    async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<NumberedGrantEvent>, StoreError> {
        let events = self.around(plain("events_after"), self.inner().events_after(after, limit)).await?;
        if let Some(last) = events.last() {
            self.shows(last.position);
        }
        Ok(events)
    }

    async fn last_event(&self) -> Result<u64, StoreError> {
        let last = self.around(plain("last_event"), self.inner().last_event()).await?;
        self.shows(last);
        Ok(last)
    }

    async fn epoch(&self) -> Result<Epoch, StoreError> {
        // Several processes have this database open, which a database in memory does not know of itself.
        let epoch = self.around(plain("epoch"), self.inner().epoch()).await?;
        if let Place::Instance { host, .. } = self.life.place
            && self.scene.machines[host].disk.newest_rotation() > Some(epoch.last_event)
        {
            self.note(Event::ShownStepBack);
        }
        Ok(Epoch { is_exclusive: false, ..epoch })
    }

    async fn raise_epoch(&self, from: u64, now: Timestamp) -> Result<bool, StoreError> {
        self.around(plain("raise_epoch"), self.raise(from, now)).await
    }

    async fn beat(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.has(DeliberateFault::BeatsLost) {
            return Ok(());
        }
        self.around(plain("beat"), self.inner().beat(now)).await
    }

    async fn clear_doubt(&self, proof: &LeaseProof, generation: u64, epoch: u64) -> Result<bool, StoreError> {
        self.around(plain("clear_doubt"), self.inner().clear_doubt(proof, generation, epoch)).await
    }

    async fn in_doubt(&self) -> Result<u64, StoreError> {
        self.around(plain("in_doubt"), self.inner().in_doubt()).await
    }

    async fn accept_restored(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.around(plain("accept_restored"), self.inner().accept_restored(now)).await
    }

    async fn attempts(&self, id: GrantId, limit: u32) -> Result<Vec<AttemptRecord>, StoreError> {
        self.around(plain("attempts"), self.inner().attempts(id, limit)).await
    }
}
