//! One refresh of one grant, from lease to stored answer. It runs as a task of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::{Backoff, Secret, StoreError, Timestamp};
use oauth::token_answer::Tokens;
use oauth::token_request::TokenRequest;
use seal::PreparedSeal;
use tokio_util::sync::CancellationToken;

use crate::authority::Inner;
use crate::directory::ProviderAccess;
use crate::measures;
use crate::outcome::Outcome;
use crate::spill::SpillSlot;
use crate::store::{Failure, LeaseAnswer, Rotation};
use crate::{
    AttemptId, AttemptOutcome, AttemptRecord, Cause, CredentialKind, DegradedReason, EndReason, Grant,
    GrantChange, GrantEvent, GrantId, GrantState, Lease, LeaseProof, LendError, Lent, Marker,
    SealedCredential,
};

/// A request that would have less time than this is not sent.
const SHORTEST: Duration = Duration::from_secs(20);

/// Pauses between tries to write down what came of an attempt that did not advance.
const WRITING: Backoff = Backoff { first: Duration::from_millis(100), cap: Duration::from_secs(1) };

/// How often that is tried, over some four seconds. The marker stands whatever comes of it.
const WRITING_TRIES: u32 = 8;

/// Why nothing is sent while it is being written down that every grant is in doubt (rule 14).
const RESTORED: &str = "the database looks restored from a backup; no request was sent";

/// What belongs to one attempt from its beginning.
pub(crate) struct Attempt {
    pub(crate) id: AttemptId,
    pub(crate) cause: Cause,
    started_at: Timestamp,
    lease_wait: Duration,
}

/// Everything that a request needs, ready before it leaves (rule 6).
struct Prepared {
    refresh_token: Secret<String>,
    secrets: Vec<Secret<String>>,
    access_key: PreparedSeal,
    refresh_key: PreparedSeal,
    slot: Box<dyn SpillSlot>,
}

impl Inner {
    /// Takes the lease, does what the grant needs, gives the lease back.
    pub(crate) async fn fly(
        self: &Arc<Self>,
        id: GrantId,
        above: u64,
        cause: Cause,
    ) -> Result<Lent, LendError> {
        let started_at = self.now();
        let begun = self.parts.clock.monotonic();
        let (proof, grant) = match self.acquire(id, above).await? {
            Acquired::Lease(proof, grant) => (proof, *grant),
            Acquired::Moved(grant) => return self.open(&grant),
        };
        let lease_wait = self.parts.clock.monotonic().saturating_sub(begun);
        metrics::histogram!("mainstay_refresh_lease_wait_seconds").record(lease_wait);
        let attempt = Attempt {
            id: AttemptId::new(&*self.parts.clock, &*self.parts.entropy),
            cause,
            started_at,
            lease_wait,
        };
        let proof = Arc::new(proof);
        let renewing = self.keep_lease(&proof);
        let result = self.work(&proof, grant, above, attempt).await;
        renewing.cancel();
        if let Err(error) = self.parts.store.release_lease(&proof).await {
            // Others will take it over when it has stood still for its time.
            tracing::warn!(grant.id = %id, error = %error, "a lease could not be given back");
        }
        self.written.notify_one();
        result
    }

    /// Gets the lease, or finds that it is no longer needed. Never goes on without it (rule 4).
    async fn acquire(&self, id: GrantId, above: u64) -> Result<Acquired, LendError> {
        let clock = &self.parts.clock;
        // Twice a lease: enough to watch a dead holder's stand still for its whole time, and to take it over.
        let give_up = clock.monotonic() + self.settings.lease * 3;
        let mut watched: Option<(Lease, Duration)> = None;
        for round in 0_u32.. {
            let ripe =
                watched.as_ref().filter(|(_, since)| clock.monotonic() >= *since + self.settings.lease);
            let seen = ripe.map(|(lease, _)| lease.clone());
            if seen.is_some() {
                tracing::warn!(grant.id = %id, "taking over a lease whose holder shows no life");
            }
            match self.parts.store.take_lease(id, &self.settings.instance, seen.as_ref()).await? {
                LeaseAnswer::NoGrant => return Err(LendError::NoGrant),
                LeaseAnswer::Taken(proof, grant) => return Ok(Acquired::Lease(proof, grant)),
                LeaseAnswer::Held(grant) => {
                    if let GrantState::Ended { at, reason } = grant.state {
                        return Err(LendError::Ended { reason, at });
                    }
                    if grant.generation > above {
                        return Ok(Acquired::Moved(grant));
                    }
                    if watched.as_ref().is_none_or(|(lease, _)| *lease != grant.lease) {
                        watched = Some((grant.lease.clone(), clock.monotonic()));
                    }
                }
            }
            if clock.monotonic() >= give_up {
                break;
            }
            tokio::time::sleep(self.settings.lease_wait.pause(round, &*self.parts.entropy)).await;
        }
        Err(LendError::Pending { retry_at: self.now() + self.settings.lease_wait.cap })
    }

    /// Renews the lease until told to stop, or until it is lost.
    fn keep_lease(self: &Arc<Self>, proof: &Arc<LeaseProof>) -> CancellationToken {
        let stop = CancellationToken::new();
        let (inner, proof, stopped) = (self.clone(), proof.clone(), stop.clone());
        self.parts.tracker.spawn(async move {
            let pause = inner.settings.lease / 3;
            while tokio::time::timeout(pause, stopped.cancelled()).await.is_err() {
                match inner.parts.store.renew_lease(&proof).await {
                    Ok(true) => {}
                    // Nothing to do about it: every write that needs the lease checks the fence itself.
                    Ok(false) => break,
                    Err(error) => tracing::warn!(grant.id = %proof.grant(), error = %error, "a lease could not be renewed"),
                }
            }
        });
        stop
    }

    /// Under the lease: decides what the grant needs now.
    async fn work(
        &self,
        proof: &LeaseProof,
        grant: Grant,
        above: u64,
        mut attempt: Attempt,
    ) -> Result<Lent, LendError> {
        if let GrantState::Ended { at, reason } = grant.state {
            return Err(LendError::Ended { reason, at });
        }
        if grant.generation > above {
            return self.open(&grant);
        }
        if let Some(waits) = Self::waits(&grant, self.now()) {
            return Err(waits);
        }
        if attempt.cause == Cause::Rejected {
            if self.due_at(&grant).is_some_and(|due| due <= self.now()) {
                attempt.cause = Cause::Use;
            } else if !self.may_be_forced(&grant) {
                // Another instance has forced one since this one looked.
                return self.open(&grant);
            }
        }
        let Some(access) = self.access(&grant.provider) else {
            let detail = format!("the provider {} is not in the catalogue", grant.provider);
            return self.degraded(proof, &grant, &attempt, DegradedReason::Misconfigured, None, detail).await;
        };
        if grant.kind == CredentialKind::ApiKey {
            // A key has nothing to refresh; one that comes here has reached its date.
            return self
                .end(
                    proof,
                    &grant,
                    &attempt,
                    EndReason::Expired,
                    AttemptOutcome::KnownExpired,
                    "the key's date".into(),
                )
                .await;
        }
        if grant.in_doubt
            && let Some((_, rotation)) = access.rotating()
            && let Some(done) = self.settle_doubt(proof, &grant, &access, rotation, &attempt).await
        {
            return done;
        }
        match grant.marker.clone() {
            Some(marker) => self.look_into(proof, grant, marker, &access, attempt).await,
            None if let Some(unsettled_for) = self.overtaken_unsettled_for(&grant, &access) => {
                self.settling.put_off(grant.id);
                Err(LendError::Pending { retry_at: self.now() + unsettled_for })
            }
            None => self.refresh(proof, grant, &access, attempt, 0).await,
        }
    }

    /// Sends one refresh request and deals with what comes of it. `unknown_before`: how many attempts in a row have ended
    /// unknown before this one.
    pub(crate) async fn refresh(
        &self,
        proof: &LeaseProof,
        grant: Grant,
        access: &ProviderAccess,
        attempt: Attempt,
        unknown_before: u32,
    ) -> Result<Lent, LendError> {
        let Some((_, rotation)) = access.rotating() else {
            let detail = format!("{} has no OAuth", access.provider.name);
            return self.degraded(proof, &grant, &attempt, DegradedReason::Misconfigured, None, detail).await;
        };
        let doubted_at = self.doubted_at();
        if let Some(done) = self.known_to_have_expired(proof, &grant, access, &attempt).await {
            return done;
        }
        let Some(sealed) = grant.credential.as_ref().and_then(|credential| credential.refresh_token.as_ref())
        else {
            let detail = "the provider gave no refresh token".to_owned();
            return self
                .end(proof, &grant, &attempt, EndReason::NoRefreshToken, AttemptOutcome::KnownExpired, detail)
                .await;
        };
        let prepared = match self.prepare(&grant, sealed).await {
            Ok(prepared) => prepared,
            Err(error) => {
                tracing::error!(grant.id = %grant.id, error = %error, "a refresh could not be prepared, no request was sent");
                return Err(error);
            }
        };
        if let Err(pause) = self.breakers.admit(&grant.provider, self.parts.clock.monotonic()) {
            let detail =
                format!("{}'s token endpoint is out of order; no request was sent", access.provider.name);
            let reason = DegradedReason::ProviderUnreachable;
            return self.held_back(proof, &grant, &attempt, reason, pause, detail).await;
        }
        let cap = self.cap(&grant.provider);
        let _permit = cap.acquire().await.map_err(|_| LendError::Pending { retry_at: self.now() })?;
        let _closed = if rotation.old_access_token_dies {
            Some(self.gates.close(grant.id, self.settings.gate_patience).await)
        } else {
            None
        };
        let marker = Marker {
            attempt: attempt.id,
            generation: grant.generation,
            at: self.now(),
            unknown_in_a_row: unknown_before + 1,
        };
        if self.suspects_restore.load(Ordering::SeqCst) {
            return Err(LendError::Store(StoreError::Unavailable(RESTORED.to_owned())));
        }
        // Everybody counts the settling from the marker, so all that is sent under it must be over by then.
        let settled_at =
            self.settling.settled_at(grant.id, marker.attempt, self.monotonic(), rotation.request_deadline());
        if !self.parts.store.begin_attempt(proof, &marker, attempt.cause).await? {
            return self.start_over(&grant).await;
        }
        if settled_at.saturating_sub(self.monotonic()) < rotation.request_deadline() / 2 {
            // The marker stands, so that this counts as unknown: dearer than it must be, and safe.
            let slow = "the marker was not written in time; no request was sent".to_owned();
            return Err(LendError::Store(StoreError::Unavailable(slow)));
        }
        if self.suspects_restore.load(Ordering::SeqCst) || self.doubted_at() != doubted_at {
            return Err(LendError::Store(StoreError::Unavailable(RESTORED.to_owned())));
        }
        let outcome = self.send(access, &grant, &prepared, settled_at).await;
        self.breakers.report(&grant.provider, outcome.is_an_answer(), self.parts.clock.monotonic());
        metrics::counter!("mainstay_refresh_attempts_total", "provider" => grant.provider.clone(), "outcome" => outcome.word())
            .increment(1);
        match outcome {
            Outcome::Advanced(tokens) => self.store_answer(&grant, &attempt, *tokens, prepared).await,
            Outcome::NotProcessed { reason, retry_after, detail } => {
                self.degraded(proof, &grant, &attempt, reason, retry_after, detail).await
            }
            Outcome::Misconfigured { detail } => {
                self.degraded(proof, &grant, &attempt, DegradedReason::Misconfigured, None, detail).await
            }
            Outcome::Refused { detail } => {
                // After an attempt of unknown outcome the refusal most likely speaks of that one's success.
                let reason = if unknown_before > 0 || grant.overtaken.is_some() {
                    EndReason::RefreshAnswerLost
                } else {
                    EndReason::AccessWithdrawn
                };
                self.end(proof, &grant, &attempt, reason, AttemptOutcome::Refused, detail).await
            }
            Outcome::Unknown { detail } => {
                self.unknown(proof, &grant, access, &attempt, marker, detail).await
            }
        }
    }

    async fn prepare(&self, grant: &Grant, sealed: &seal::Sealed) -> Result<Prepared, LendError> {
        let place = Grant::refresh_place(grant.id, grant.generation);
        let refresh_token = self.parts.sealer.open_text(&place, sealed).map_err(|error| {
            tracing::error!(grant.id = %grant.id, error = %error, "a stored refresh token cannot be opened");
            LendError::CannotOpen
        })?;
        let slot = self
            .parts
            .spill
            .reserve()
            .await
            .map_err(|error| LendError::Store(StoreError::NotWritable(error.to_string())))?;
        Ok(Prepared {
            refresh_token,
            secrets: self.parts.directory.client_secrets(&grant.provider, &grant.client_id).await?,
            access_key: self.parts.sealer.prepare(),
            refresh_key: self.parts.sealer.prepare(),
            slot,
        })
    }

    /// Sends the request; where this integration's secret is refused and there is another live one, with that one. All of it is
    /// over at `until`, on the monotonic clock.
    async fn send(
        &self,
        access: &ProviderAccess,
        grant: &Grant,
        prepared: &Prepared,
        until: Duration,
    ) -> Outcome {
        let request = TokenRequest::RefreshToken { refresh_token: &prepared.refresh_token };
        let mut secrets = prepared.secrets.iter();
        loop {
            let secret = secrets.next();
            let left = until.saturating_sub(self.monotonic());
            let outcome =
                self.endpoint.request_within(access, &grant.client_id, secret, &request, left).await;
            // Hanging up makes lost answers: what is not begun in time is not begun.
            let in_time = until.saturating_sub(self.monotonic()) >= SHORTEST;
            match outcome {
                Outcome::NotProcessed { reason: DegradedReason::ClientRefused, .. }
                    if in_time && secrets.len() > 0 => {}
                outcome => return outcome,
            }
        }
    }

    /// Seals the answer and stores it, however long the store takes (rule 7). Nothing is lent before it is stored.
    async fn store_answer(
        &self,
        grant: &Grant,
        attempt: &Attempt,
        tokens: Tokens,
        prepared: Prepared,
    ) -> Result<Lent, LendError> {
        let Prepared { access_key, refresh_key, mut slot, refresh_token, .. } = prepared;
        let obtained_at = self.now();
        let generation = grant.generation + 1;
        // One without a refresh token keeps the old one.
        let presented = refresh_token;
        let refresh_token = tokens.refresh_token.as_ref().unwrap_or(&presented);
        let renews = refresh_token.expose() != presented.expose();
        let expires_at = tokens
            .expires_in
            .or_else(|| self.assumed_life(&grant.provider, grant.kind))
            .map(|life| obtained_at + life);
        let rotation = Rotation {
            grant: grant.id,
            attempt: attempt.id,
            from_generation: grant.generation,
            from_obtained_at: grant.obtained_at,
            credential: SealedCredential {
                access_token: access_key.seal(
                    &Grant::access_place(grant.id, generation),
                    tokens.access_token.expose().as_bytes(),
                ),
                refresh_token: Some(
                    refresh_key
                        .seal(&Grant::refresh_place(grant.id, generation), refresh_token.expose().as_bytes()),
                ),
            },
            renews,
            scope: tokens.scope.as_deref().and_then(|scope| scope.parse().ok()),
            obtained_at,
            expires_at,
            refresh_token_expires_at: tokens.refresh_token_expires_in.map(|life| obtained_at + life),
            next_action_at: self.next_look(grant.id, &grant.provider, grant.kind, obtained_at, expires_at),
            record: self.record(
                grant,
                attempt,
                AttemptOutcome::Advanced,
                "a new token was issued".to_owned(),
                generation,
            ),
        };
        let Some(generation) = self.store_until_taken(&rotation, &mut slot).await else {
            tracing::warn!(grant.id = %grant.id, generation, "an answer no longer fits: the grant has gone on without it");
            return self.start_over(grant).await;
        };
        tracing::info!(grant.id = %grant.id, provider = grant.provider, generation, cause = attempt.cause.code(), "refreshed");
        measures::replaced(grant, obtained_at);
        let lent = Lent {
            grant: grant.id,
            access_token: tokens.access_token,
            kind: grant.kind,
            generation,
            expires_at,
        };
        let due_at = self.due_at_of(grant.id, &grant.provider, obtained_at, expires_at);
        self.cache.put(&lent, due_at, obtained_at);
        self.settling.forget(grant.id);
        Ok(lent)
    }

    /// The grant is no longer as this attempt found it: what it is now decides.
    async fn start_over(&self, grant: &Grant) -> Result<Lent, LendError> {
        self.cache.drop_older(grant.id, grant.generation + 1);
        let now = self.parts.store.grant(grant.id).await?.ok_or(LendError::NoGrant)?;
        match now.state {
            GrantState::Ended { at, reason } => Err(LendError::Ended { reason, at }),
            _ if now.generation > grant.generation => self.open(&now),
            _ => Err(LendError::Pending { retry_at: self.now() + self.settings.lease_wait.cap }),
        }
    }

    /// Certainly not processed, or not to be tried again before something changes: nothing is lost.
    pub(crate) async fn degraded(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        attempt: &Attempt,
        reason: DegradedReason,
        retry_after: Option<Duration>,
        detail: String,
    ) -> Result<Lent, LendError> {
        let pause = self.settings.retry_pause(grant.failures + 1, &*self.parts.entropy);
        // A provider may ask for more patience, up to an hour; beyond that it is asked again anyway.
        let pause = pause.max(retry_after.unwrap_or_default().min(Duration::from_hours(1)));
        self.degraded_for(proof, grant, attempt, reason, pause, grant.failures + 1, detail).await
    }

    /// No request was sent, because others have just found nobody there: no failure of this grant, so its own pauses do not grow.
    async fn held_back(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        attempt: &Attempt,
        reason: DegradedReason,
        pause: Duration,
        detail: String,
    ) -> Result<Lent, LendError> {
        let jitter = self.settings.retry_pause(1, &*self.parts.entropy);
        self.degraded_for(proof, grant, attempt, reason, pause + jitter, grant.failures, detail).await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one call writes the whole of what is known; a struct would only name them again"
    )]
    async fn degraded_for(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        attempt: &Attempt,
        reason: DegradedReason,
        pause: Duration,
        failures: u32,
        detail: String,
    ) -> Result<Lent, LendError> {
        let now = self.now();
        let retry_at = now + pause;
        let (since, again) = match grant.state {
            GrantState::Degraded { since, reason: before } => (since, before == reason),
            _ => (now, false),
        };
        let outcome = match reason {
            DegradedReason::Misconfigured => AttemptOutcome::Misconfigured,
            _ => AttemptOutcome::NotProcessed,
        };
        tracing::warn!(grant.id = %grant.id, provider = grant.provider, reason = reason.code(), detail, failures, "a refresh was not possible");
        let failure = Failure {
            grant: grant.id,
            generation: grant.generation,
            state: GrantState::Degraded { since, reason },
            // An earlier request whose outcome is not known stays so, whatever became of this one.
            marker: grant.marker.clone(),
            next_action_at: Some(retry_at),
            failures,
            event: Some(self.event(grant, GrantChange::Degraded { reason, next_try_at: retry_at, again })),
            record: self.record(grant, attempt, outcome, detail, grant.generation),
        };
        self.fail(proof, grant, &failure, LendError::Degraded { reason, retry_at }).await
    }

    /// Over: the credential is destroyed and a person is asked. Only if the generation has not moved (rule 8, *refused*).
    pub(crate) async fn end(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        attempt: &Attempt,
        reason: EndReason,
        outcome: AttemptOutcome,
        detail: String,
    ) -> Result<Lent, LendError> {
        let at = self.now();
        tracing::warn!(grant.id = %grant.id, provider = grant.provider, reason = reason.code(), detail, "a grant is over");
        let failure = Failure {
            grant: grant.id,
            generation: grant.generation,
            state: GrantState::Ended { at, reason },
            marker: None,
            next_action_at: None,
            failures: grant.failures + 1,
            event: Some(self.event(grant, GrantChange::Ended { reason })),
            record: self.record(grant, attempt, outcome, detail, grant.generation),
        };
        measures::ended(grant, reason);
        self.fail(proof, grant, &failure, LendError::Ended { reason, at }).await
    }

    /// Writes what came of an attempt that did not advance.
    pub(crate) async fn fail(
        &self,
        proof: &LeaseProof,
        grant: &Grant,
        failure: &Failure,
        error: LendError,
    ) -> Result<Lent, LendError> {
        if !self.write_down(proof, failure).await? {
            return self.start_over(grant).await;
        }
        if matches!(failure.state, GrantState::Ended { .. }) {
            self.cache.drop_entry(grant.id);
        }
        if failure.marker.is_none() {
            self.settling.forget(grant.id);
        }
        Err(error)
    }

    /// Tries again for a while where the store stumbles: a pause that is not written down holds nobody back (rule 11).
    async fn write_down(&self, proof: &LeaseProof, failure: &Failure) -> Result<bool, StoreError> {
        for round in 1..WRITING_TRIES {
            match self.parts.store.record_failure(proof, failure).await {
                Ok(written) => return Ok(written),
                Err(error) => {
                    tracing::warn!(grant.id = %failure.grant, error = %error, round, "the store does not take what came of an attempt");
                }
            }
            tokio::time::sleep(WRITING.pause(round - 1, &*self.parts.entropy)).await;
        }
        self.parts.store.record_failure(proof, failure).await
    }

    pub(crate) fn event(&self, grant: &Grant, change: GrantChange) -> GrantEvent {
        GrantEvent { grant: grant.id, at: self.now(), generation: grant.generation, change }
    }

    pub(crate) fn record(
        &self,
        grant: &Grant,
        attempt: &Attempt,
        outcome: AttemptOutcome,
        reason: String,
        after: u64,
    ) -> AttemptRecord {
        AttemptRecord {
            id: attempt.id,
            grant: grant.id,
            started_at: attempt.started_at,
            finished_at: self.now(),
            instance: self.settings.instance.clone(),
            cause: attempt.cause,
            outcome,
            reason,
            lease_wait: attempt.lease_wait,
            generation_before: grant.generation,
            generation_after: after,
        }
    }
}

/// What waiting for a lease came to.
enum Acquired {
    Lease(LeaseProof, Box<Grant>),
    /// Somebody else has refreshed meanwhile.
    Moved(Box<Grant>),
}
