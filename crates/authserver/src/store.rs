use std::sync::Arc;

use async_trait::async_trait;
use audit::{AuditRecord, Rotation};
use base::{StoreError, Timestamp};

use crate::authorisation::{ActiveTokens, Authorisation, AuthorisationId, EarlierTokens, EndReason};
use crate::client::{Client, ClientId, ClientSecret, ClientState};
use crate::present_access::PresentAccess;

/// Whether the condition of a write held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum WriteOutcome {
    /// It held, and the write is done.
    Done,
    /// It did not, and nothing was written: read again.
    Moved,
}

/// An authorisation with what stands over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedAuthorisation {
    /// The row.
    pub authorisation: Authorisation,
    /// The state of its client.
    pub client_state: ClientState,
    /// Whether its subject is suspended: nothing works until it is resumed, and nothing is lost.
    pub subject_suspended: bool,
}

/// The exchange of a code. Condition: the authorisation still awaits it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Which.
    pub id: AuthorisationId,
    /// Its first tokens.
    pub tokens: ActiveTokens,
    /// When.
    pub at: Timestamp,
    /// What is told of it.
    pub audit: Vec<AuditRecord>,
}

/// A refresh. Condition: the authorisation is active and still has this generation.
#[derive(Debug, Clone)]
pub struct Rotate {
    /// Which.
    pub id: AuthorisationId,
    /// The generation that was read.
    pub expected_generation: u32,
    /// The tokens from now on.
    pub tokens: ActiveTokens,
    /// Stand-ins: the tokens that these replace and that still work.
    pub retire: Option<EarlierTokens>,
    /// Stand-ins: whether all refresh tokens retired before are dead from now on.
    pub forget_earlier_refresh: bool,
    /// When.
    pub at: Timestamp,
    /// What the log of rotations keeps of it.
    pub log: Rotation,
}

/// Which authorisations end together. At least one field is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndSelection {
    /// Of this client.
    pub client_id: Option<ClientId>,
    /// Over this subject.
    pub subject: Option<String>,
    /// Given by this user.
    pub granted_by: Option<String>,
}

/// Which authorisations are listed: those that have tokens. Fields as in [`EndSelection`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorisationFilter {
    /// Of this client.
    pub client_id: Option<ClientId>,
    /// Over this subject.
    pub subject: Option<String>,
    /// Given by this user.
    pub granted_by: Option<String>,
    /// After this one (the cursor of a list).
    pub after: Option<AuthorisationId>,
}

/// Where clients and authorisations lie. Each method is one transaction; those with `audit` append it in the same one
/// if they write at all.
#[async_trait]
pub trait Store: crate::Registrations + Send + Sync {
    /// A client with its secrets.
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError>;

    /// Up to `limit` clients, by id, after the given one.
    async fn clients(&self, after: Option<&ClientId>, limit: u32) -> Result<Vec<Client>, StoreError>;

    /// Adds a client, or replaces what is known of it, its state and all its secrets.
    async fn put_client(&self, client: Client, audit: Vec<AuditRecord>) -> Result<(), StoreError>;

    /// Changes a client's state; false if there is none, or it was removed.
    async fn set_client_state(
        &self,
        id: &ClientId,
        state: ClientState,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError>;

    /// Adds a secret and lets all others end at `others_expire_at`, unless they end earlier; false if there is no such
    /// client.
    async fn rotate_client_secret(
        &self,
        id: &ClientId,
        secret: ClientSecret,
        others_expire_at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError>;

    /// Adds an authorisation that awaits its exchange.
    async fn insert_authorisation(
        &self,
        authorisation: Authorisation,
        audit: Vec<AuditRecord>,
    ) -> Result<(), StoreError>;

    /// Adds authorisations that have tokens, all or none: what load tests generate.
    async fn insert_active_authorisations(
        &self,
        authorisations: Vec<Authorisation>,
        audit: Vec<AuditRecord>,
    ) -> Result<(), StoreError>;

    /// An authorisation with what stands over it.
    async fn authorisation(&self, id: AuthorisationId) -> Result<Option<LoadedAuthorisation>, StoreError>;

    /// The same for the use of its access token: what follows from it may be remembered, for [`Store::remembered`].
    async fn authorisation_in_use(
        &self,
        id: AuthorisationId,
    ) -> Result<Option<LoadedAuthorisation>, StoreError>;

    /// What is remembered of an authorisation, without a look at the database. A store remembers only where it hears of each change
    /// of what it rests on: a change that was made through it shows at once, one by anybody else within a second. None says
    /// nothing: read it then.
    fn remembered(&self, id: AuthorisationId) -> Option<Arc<PresentAccess>>;

    /// Stand-ins: the earlier tokens of an authorisation that have not expired at `now`.
    async fn earlier_tokens(
        &self,
        id: AuthorisationId,
        now: Timestamp,
    ) -> Result<Vec<EarlierTokens>, StoreError>;

    /// Exchanges a code.
    async fn exchange(&self, exchange: Exchange) -> Result<WriteOutcome, StoreError>;

    /// Rotates.
    async fn rotate(&self, rotate: Rotate) -> Result<WriteOutcome, StoreError>;

    /// Ends one authorisation that has not ended; `Moved` if it has.
    async fn end(
        &self,
        id: AuthorisationId,
        reason: EndReason,
        at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<WriteOutcome, StoreError>;

    /// Ends all that are selected and have not ended, those that await exchange too; how many. The audit is appended
    /// only if there was one.
    async fn end_selected(
        &self,
        selection: EndSelection,
        reason: EndReason,
        at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<u64, StoreError>;

    /// Retry window: forgets the sealed successor, as it was used. Condition: active, of this generation.
    async fn note_successor_used(
        &self,
        id: AuthorisationId,
        generation: u32,
    ) -> Result<WriteOutcome, StoreError>;

    /// Forgets the access token of this generation and leaves the rest.
    async fn drop_access_token(
        &self,
        id: AuthorisationId,
        generation: u32,
        audit: Vec<AuditRecord>,
    ) -> Result<WriteOutcome, StoreError>;

    /// Up to `limit` active authorisations, by id.
    async fn authorisations(
        &self,
        filter: AuthorisationFilter,
        limit: u32,
    ) -> Result<Vec<Authorisation>, StoreError>;

    /// Suspends or resumes a subject; whether that changed anything.
    async fn set_subject_suspended(
        &self,
        subject: &str,
        suspended: bool,
        at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError>;

    /// Clears away what can no longer matter: codes never exchanged, earlier tokens and client secrets that expired
    /// before `before`. How many rows.
    async fn clear_expired(&self, before: Timestamp) -> Result<u64, StoreError>;
}
