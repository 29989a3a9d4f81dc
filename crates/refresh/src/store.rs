use async_trait::async_trait;
use base::{StoreError, Timestamp};

use crate::lease::LeaseProof;
use crate::{
    AttemptId, AttemptRecord, Cause, CredentialKind, GivenCredential, Grant, GrantEvent, GrantId, Lease,
    Marker, NumberedGrantEvent, SealedCredential,
};

/// Where grants are kept. Each method is one transaction.
#[async_trait]
pub trait Store: Send + Sync {
    /// A grant as it is stored now.
    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError>;

    /// Writes a credential that a person gave: a new grant at generation 1, or the replacement of the credential of one that is
    /// still at `given.generation - 1`, which also brings an ended one back. `false`: the grant has moved on.
    /// Rooms that write it together with something of their own do the same inside their transaction.
    async fn give(&self, given: &GivenCredential) -> Result<bool, StoreError>;

    /// Takes the lease if nobody holds it, or if it still is exactly as `seen` (rule 4: the caller has watched it stand still
    /// for a full lease). Raises the fence. A marker that stands is left standing. A grant that has ended is never taken.
    async fn take_lease(
        &self,
        id: GrantId,
        owner: &str,
        seen: Option<&Lease>,
    ) -> Result<LeaseAnswer, StoreError>;

    /// Shows that the holder lives. `false`: the lease is lost.
    async fn renew_lease(&self, proof: &LeaseProof) -> Result<bool, StoreError>;

    /// Gives the lease back. Does nothing if it was taken over.
    async fn release_lease(&self, proof: &LeaseProof) -> Result<(), StoreError>;

    /// Writes the marker (rule 6), if the lease is held, the generation is `marker.generation`, and the grant has not ended and is not
    /// in doubt. `false`: one of these no longer holds, and no request may leave. With [`Cause::Rejected`] it is noted as
    /// [`Grant::forced_at`], so that nobody forces another one while the outcome of this one is not known yet.
    async fn begin_attempt(
        &self,
        proof: &LeaseProof,
        marker: &Marker,
        cause: Cause,
    ) -> Result<bool, StoreError>;

    /// Stores the answer of `advance.attempt` (rule 7): conditional on the generation and on the marker still carrying this attempt,
    /// or on the grant having been ended with `refresh_answer_lost`, if it brings another refresh token than the one that was refused
    /// since. Not on the fence: this answer is the only good token there is.
    /// For the same reason a marker that is gone, or another's, does not matter while the row holds the very credential that was
    /// presented: the database was restored to before the marker, or somebody has sent the same token again.
    /// Whose marker it was is kept as [`Grant::overtaken`]: where that one is answered after all, it has the later answer. A grant
    /// that is in doubt stays so: an answer left on disk may be one that had been stored, and spent, before a restore.
    async fn store_rotation(&self, advance: &Rotation) -> Result<RotationStored, StoreError>;

    /// Records an attempt that did not advance: state, marker, next action, as `failure` says; under the lease.
    /// `false`: the lease is lost or the generation has moved; nothing was written but the attempt's row.
    async fn record_failure(&self, proof: &LeaseProof, failure: &Failure) -> Result<bool, StoreError>;

    /// Sets when the scheduler looks again, if the generation is still the same and nobody holds the lease.
    async fn postpone(
        &self,
        id: GrantId,
        generation: u64,
        next_action_at: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Grants whose next action is due at `now`, most overdue first. The work grows with what is due, not with what is stored.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueGrant>, StoreError>;

    /// Notes when grants were last lent; never moves a note back.
    async fn note_used(&self, used: &[(GrantId, Timestamp)]) -> Result<(), StoreError>;

    /// Notes that the provider showed the credential of `generation` to be good.
    async fn note_proven(&self, id: GrantId, generation: u64, at: Timestamp) -> Result<(), StoreError>;

    /// Ends a grant whose credential of `generation` was refused outside of a refresh (an API key answered 401).
    /// `false`: the generation has moved or it had ended already.
    async fn end(&self, id: GrantId, generation: u64, event: &GrantEvent) -> Result<bool, StoreError>;

    /// Events above `after`, in commit order.
    async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<NumberedGrantEvent>, StoreError>;

    /// The position of the newest event; 0 if there is none.
    async fn last_event(&self) -> Result<u64, StoreError>;

    /// What tells whether the database was restored (rule 14).
    async fn epoch(&self) -> Result<Epoch, StoreError>;

    /// Puts every grant in doubt by raising the epoch above `from`. `false`: another instance did it.
    async fn raise_epoch(&self, from: u64, now: Timestamp) -> Result<bool, StoreError>;

    /// Marks the database as in use at `now`.
    async fn beat(&self, now: Timestamp) -> Result<(), StoreError>;

    /// A grant was proven while `epoch` was the number of the epoch: no longer in doubt, unless that was raised since. `false`: the lease is
    /// not held any more, or the generation is another one.
    async fn clear_doubt(&self, proof: &LeaseProof, generation: u64, epoch: u64) -> Result<bool, StoreError>;

    /// How many grants that have not ended are in doubt.
    async fn in_doubt(&self) -> Result<u64, StoreError>;

    /// No grant is in doubt any more; those that waited for the operator are due at `now`. Gives how many were in doubt.
    async fn accept_restored(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// The attempts on a grant, newest first.
    async fn attempts(&self, id: GrantId, limit: u32) -> Result<Vec<AttemptRecord>, StoreError>;
}

/// What [`Store::epoch`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// Raised each time the database looked restored; a grant proven in an earlier one is in doubt.
    pub number: u64,
    /// When it was raised last.
    pub raised_at: Option<Timestamp>,
    /// The position of the newest event.
    pub last_event: u64,
    /// When an instance marked the database last.
    pub heartbeat: Option<Timestamp>,
    /// Whether there is any grant.
    pub has_grants: bool,
    /// Whether only one process at a time can have the database open.
    pub is_exclusive: bool,
}

/// What [`Store::take_lease`] found.
#[derive(Debug)]
pub enum LeaseAnswer {
    /// Taken; the grant as it is under the lease.
    Taken(LeaseProof, Box<Grant>),
    /// Somebody holds it; the grant with that lease.
    Held(Box<Grant>),
    /// There is no such grant.
    NoGrant,
}

/// The answer of a refresh, ready to be stored. It is also what a spill file holds.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// Its grant.
    pub grant: GrantId,
    /// The attempt that got the answer.
    pub attempt: AttemptId,
    /// The generation whose refresh token was presented; the new one is this plus one.
    pub from_generation: u64,
    /// When the credential that was presented had been obtained. With the generation it names that very credential, also where a
    /// restored database makes a generation a second time.
    pub from_obtained_at: Timestamp,
    /// The new tokens, sealed at their new generation.
    pub credential: SealedCredential,
    /// Whether the refresh token is another one than was presented.
    pub renews: bool,
    /// The scope, where the answer told it.
    pub scope: Option<base::Scope>,
    /// When the answer was received.
    pub obtained_at: Timestamp,
    /// When the new access token expires.
    pub expires_at: Option<Timestamp>,
    /// When the new refresh token expires, where told.
    pub refresh_token_expires_at: Option<Timestamp>,
    /// When the scheduler looks again.
    pub next_action_at: Option<Timestamp>,
    /// The attempt's row.
    pub record: AttemptRecord,
}

/// What became of a [`Rotation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationStored {
    /// Stored now.
    Stored,
    /// It had been stored before (a commit whose answer was lost, or a replayed spill).
    AlreadyStored {
        /// As which generation.
        generation: u64,
    },
    /// Nothing was written: while this attempt was under way, the answer of an earlier one to the same refresh token was stored.
    /// This one is the later one, and belongs on top of it: sealed at the next generation and stored again, it fits.
    Overtaken {
        /// When the credential that the row holds now had been obtained.
        obtained_at: Timestamp,
    },
    /// The grant has gone on without it; its attempt row was written, nothing else.
    NoLongerFits,
}

/// An attempt that did not advance.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its grant.
    pub grant: GrantId,
    /// The generation it worked on.
    pub generation: u64,
    /// The grant's state from now on. `Ended` destroys the credential.
    pub state: crate::GrantState,
    /// The marker from now on: kept while the outcome is unknown, else `None`.
    pub marker: Option<Marker>,
    /// When the scheduler looks again.
    pub next_action_at: Option<Timestamp>,
    /// Attempts without success so far.
    pub failures: u32,
    /// The event, where the state changed.
    pub event: Option<GrantEvent>,
    /// The attempt's row.
    pub record: AttemptRecord,
}

/// A row that [`Store::due`] gives: what is needed to decide what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueGrant {
    /// Which.
    pub id: GrantId,
    /// Its provider.
    pub provider: String,
    /// Whether it rotates.
    pub kind: CredentialKind,
    /// Its generation.
    pub generation: u64,
    /// Whether it is active and no marker stands.
    pub healthy: bool,
    /// When its credential was obtained.
    pub obtained_at: Timestamp,
    /// When it was last lent, as far as is stored.
    pub used_at: Timestamp,
    /// Since when it is due.
    pub due_at: Timestamp,
}
