use async_trait::async_trait;
use audit::AuditRecord;
use base::{StoreError, Timestamp};

use super::{ClientSelection, InitialAccessToken, InitialAccessTokenId, NewRegistration, Registration};
use crate::client::{Client, ClientId, ClientSpec, ClientState};
use crate::store::WriteOutcome;

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum RegisterOutcome {
    /// It is done.
    Done,
    /// The initial access token is used up, expired or withdrawn; nothing was written.
    TokenSpent,
    /// There is a client of that id; nothing was written.
    Taken,
}

/// A change of a client or a decision about it. Condition: registration and state are those that were read.
#[derive(Debug, Clone)]
pub struct RegistrationChange {
    /// What is known from now on; its revision is what the row gets.
    pub registration: Registration,
    /// The revision that was read; 0 where there was no row.
    pub expected_revision: u64,
    /// The state that was read.
    pub expected_state: ClientState,
    /// The state from now on.
    pub state: ClientState,
    /// The settings from now on, where they change.
    pub spec: Option<ClientSpec>,
    /// What is told of it.
    pub audit: Vec<AuditRecord>,
}

/// Where registrations lie. Each method is one transaction.
#[async_trait]
pub trait Registrations: Send + Sync {
    /// Adds a client with its registration, and uses up an initial access token by one where one is named.
    async fn register(&self, new: NewRegistration) -> Result<RegisterOutcome, StoreError>;

    /// A client with its registration; one about which nothing was written down has none.
    async fn registered_client(
        &self,
        id: &ClientId,
    ) -> Result<Option<(Client, Option<Registration>)>, StoreError>;

    /// Up to `limit` clients of a selection with their registrations, by id, after the given one.
    async fn registered_clients(
        &self,
        selection: ClientSelection,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<(Client, Option<Registration>)>, StoreError>;

    /// Changes a client's settings, state and registration together.
    async fn change_registration(&self, change: RegistrationChange) -> Result<WriteOutcome, StoreError>;

    /// The present registration access token was used: forgets the one before it. Condition: of this generation.
    async fn forget_earlier_registration_token(
        &self,
        id: &ClientId,
        generation: u32,
    ) -> Result<WriteOutcome, StoreError>;

    /// Adds an initial access token.
    async fn insert_initial_access_token(
        &self,
        token: InitialAccessToken,
        audit: Vec<AuditRecord>,
    ) -> Result<(), StoreError>;

    /// An initial access token.
    async fn initial_access_token(
        &self,
        id: InitialAccessTokenId,
    ) -> Result<Option<InitialAccessToken>, StoreError>;

    /// All initial access tokens that have not been over since before `since`, newest first.
    async fn initial_access_tokens(&self, since: Timestamp) -> Result<Vec<InitialAccessToken>, StoreError>;

    /// Withdraws an initial access token; `Moved` if there is none or it is withdrawn already.
    async fn revoke_initial_access_token(
        &self,
        id: InitialAccessTokenId,
        at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<WriteOutcome, StoreError>;
}
