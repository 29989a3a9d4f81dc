use async_trait::async_trait;
use base::{StoreError, Timestamp};
use refresh::{GivenCredential, GrantId, NumberedGrantEvent};

use crate::{
    ApiToken, ApiTokenId, Company, ConnectSession, ConnectSessionId, Connection, ConnectionId, End,
    Environment, Event, NumberedEvent, OAuthClient, StateKind,
};

/// Where the connect side keeps what it knows. Each method is one transaction; a conditional write reports whether its
/// condition held. Events are written in the transaction of what they tell about, numbered in commit order.
#[async_trait]
pub trait Store: Send + Sync {
    // API tokens

    /// Keeps a new API token.
    async fn insert_api_token(&self, token: &ApiToken) -> Result<(), StoreError>;
    /// One API token, revoked ones included.
    async fn api_token(&self, id: ApiTokenId) -> Result<Option<ApiToken>, StoreError>;
    /// All of them, newest first, revoked ones included.
    async fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError>;
    /// Revokes one. `false`: there is none, or it was revoked before.
    async fn revoke_api_token(&self, id: ApiTokenId, at: Timestamp) -> Result<bool, StoreError>;

    // The integration's own OAuth clients

    /// Sets the client of a provider and environment: its client id is replaced; a secret is added in front of the live ones,
    /// of which at most `keep` stay. A changed client id drops all earlier secrets.
    async fn put_oauth_client(&self, client: &OAuthClient, keep: u32) -> Result<(), StoreError>;
    /// The client of a provider and environment.
    async fn oauth_client(
        &self,
        provider: &str,
        environment: &str,
    ) -> Result<Option<OAuthClient>, StoreError>;
    /// All of them, by provider.
    async fn oauth_clients(&self) -> Result<Vec<OAuthClient>, StoreError>;

    // Connect sessions

    /// Keeps a new session; for one that belongs to a connection, with the event that tells of the link.
    async fn insert_session(&self, session: &ConnectSession, event: Option<&Event>)
    -> Result<(), StoreError>;
    /// One session.
    async fn session(&self, id: ConnectSessionId) -> Result<Option<ConnectSession>, StoreError>;
    /// Writes a step: everything of `step.session` that can change, if the row is still at `step.session.version`.
    async fn advance(&self, step: &Step<'_>) -> Result<Advanced, StoreError>;
    /// Sessions that expired before `now`, are not over, and still hold grants or a verifier.
    async fn abandoned_sessions(&self, now: Timestamp, limit: u32)
    -> Result<Vec<ConnectSession>, StoreError>;
    /// Deletes at most `limit` sessions that are over and expired before `before`; how many there were.
    async fn delete_finished_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError>;

    // Connections

    /// Makes the pair: the connection's row under both unique indexes and the event, and the session's last step, all or nothing.
    async fn pair(&self, pairing: &Pairing<'_>) -> Result<Paired, StoreError>;
    /// Makes a pending pair live, if it still is pending and both companies are free.
    async fn confirm_pair(&self, id: ConnectionId, version: u64, event: &Event)
    -> Result<Paired, StoreError>;
    /// One connection with what is known of its grants.
    async fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError>;
    /// Connections by filter, oldest first, above `after`.
    async fn connections(&self, filter: &ConnectionFilter) -> Result<Vec<Connection>, StoreError>;
    /// How many connections were last told to be in each state.
    async fn connection_counts(&self) -> Result<Vec<(StateKind, u64)>, StoreError>;
    /// The reserved connection of a company at one end, if there is one.
    async fn connection_of(
        &self,
        end: End,
        provider: &str,
        environment: &str,
        company: &str,
    ) -> Result<Option<ConnectionId>, StoreError>;
    /// Puts another grant in the place of an end's present one, for one connection and for those that are moved along;
    /// the earlier grants are ended unless something live still draws on them.
    async fn swap_grant(&self, swap: &Swap<'_>) -> Result<Swapped, StoreError>;
    /// Ends a connection: releases the pair, ends the grants that nothing live shares, writes the event.
    /// `false`: the row has moved on.
    async fn disconnect(
        &self,
        id: ConnectionId,
        version: u64,
        at: Timestamp,
        left_to_do: &[String],
        event: &Event,
    ) -> Result<bool, StoreError>;
    /// Whether another live or pending connection draws on this grant.
    async fn is_shared(&self, grant: GrantId, apart_from: ConnectionId) -> Result<bool, StoreError>;
    /// Replaces settings, and the reference where given. `false`: the row has moved on.
    async fn put_settings(
        &self,
        id: ConnectionId,
        version: u64,
        reference: Option<&str>,
        settings: &serde_json::Map<String, serde_json::Value>,
        event: &Event,
    ) -> Result<bool, StoreError>;

    // Events

    /// Writes events that tell of no change of a row here.
    async fn tell(&self, events: &[Event]) -> Result<(), StoreError>;
    /// Writes an event unless one of the same connection, kind and `data.announcement` was written at or after `since`.
    async fn tell_once(&self, event: &Event, since: Timestamp) -> Result<bool, StoreError>;
    /// Public events above `after`, in commit order.
    async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<NumberedEvent>, StoreError>;
    /// Of which connections the events above `after` tell, public or not. Each change of a connection's row is told of by an
    /// event of its transaction.
    async fn told_after(&self, after: u64, limit: u32) -> Result<ToldAfter, StoreError>;
    /// The position of the newest event, public or not; 0 if there is none.
    async fn last_position(&self) -> Result<u64, StoreError>;
    /// A connection's events, newest first, below `before`.
    async fn timeline(
        &self,
        id: ConnectionId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<NumberedEvent>, StoreError>;

    // What happened to grants

    /// Events of grants that have not been turned into events of connections yet, in their order, with the connections
    /// that draw on each grant; and the position of the cursor.
    async fn grant_news(&self, limit: u32) -> Result<GrantNews, StoreError>;
    /// Moves the cursor from `from` to `to`, and writes states and events. `false`: another process did it.
    async fn take_grant_news(&self, from: u64, to: u64, told: &[Told]) -> Result<bool, StoreError>;
}

/// A step of a session.
#[derive(Debug)]
pub struct Step<'a> {
    /// The session as it shall be; its `version` is the one that was read.
    pub session: &'a ConnectSession,
    /// A credential that was obtained with this step.
    pub given: Option<&'a GivenCredential>,
    /// Grants that nothing needs any more: ended, unless something live draws on them.
    pub dropped: &'a [GrantId],
    /// What is told.
    pub events: &'a [Event],
    /// When.
    pub at: Timestamp,
}

/// What came of a [`Step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advanced {
    /// Written; the session's version is one more.
    Yes,
    /// The row has moved on; nothing was written.
    Stale,
}

/// A pair to be made.
#[derive(Debug)]
pub struct Pairing<'a> {
    /// The session, at its last step; its `version` is the one that was read.
    pub session: &'a ConnectSession,
    /// The connection.
    pub connection: &'a NewConnection,
    /// Told to each other connection that is to draw on the same accounting grant from now on.
    pub moved: &'a [Event],
    /// What is told.
    pub event: &'a Event,
}

/// A connection to be written.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// Its name.
    pub id: ConnectionId,
    /// The backend's name for it.
    pub reference: Option<String>,
    /// Whether the backend has to confirm; reserves nothing until then.
    pub pending: bool,
    /// Pleo.
    pub platform: NewSide,
    /// The accounting system.
    pub accounting: NewSide,
    /// When.
    pub created_at: Timestamp,
}

/// One end of it.
#[derive(Debug, Clone)]
pub struct NewSide {
    /// The catalogue's id of the provider.
    pub provider: String,
    /// Its environment.
    pub environment: Environment,
    /// The company.
    pub company: Company,
    /// The grant.
    pub grant: GrantId,
}

/// What came of making a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paired {
    /// Made.
    Yes,
    /// The Pleo company belongs to another connection.
    PlatformTaken(ConnectionId),
    /// The accounting company belongs to another connection.
    AccountingTaken(ConnectionId),
    /// The session or the connection has moved on; nothing was written.
    Stale,
}

/// Which connections [`Store::connections`] gives.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFilter {
    /// With this reference.
    pub reference: Option<String>,
    /// Last told to be in this state.
    pub state: Option<StateKind>,
    /// At this provider, at either end.
    pub provider: Option<String>,
    /// Whose company's name, id or reference contains this, in any case of letters.
    pub text: Option<String>,
    /// Made after this one.
    pub after: Option<ConnectionId>,
    /// At most this many.
    pub limit: u32,
}

/// Another grant for an end.
#[derive(Debug)]
pub struct Swap<'a> {
    /// The connection.
    pub connection: ConnectionId,
    /// The version that was read.
    pub version: u64,
    /// The end.
    pub end: End,
    /// The grant from now on.
    pub grant: GrantId,
    /// What is added to its generation from now on.
    pub generation_base: u64,
    /// The company as it was named just now; its id is the same.
    pub company: &'a Company,
    /// What the connection is in from now on.
    pub told: StateKind,
    /// The credential, where the grant is not stored yet.
    pub given: Option<&'a GivenCredential>,
    /// Told to each other connection that is to draw on the same grant from now on.
    pub moved: &'a [Event],
    /// The step of the session that brought it.
    pub session: Option<&'a ConnectSession>,
    /// What is told.
    pub events: &'a [Event],
    /// When.
    pub at: Timestamp,
}

/// What came of a [`Swap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// Written.
    Yes,
    /// The connection or the session has moved on; nothing was written.
    Stale,
}

/// What [`Store::grant_news`] gives.
#[derive(Debug, Clone, Default)]
pub struct GrantNews {
    /// Where the cursor stands.
    pub cursor: u64,
    /// Events above it.
    pub news: Vec<GrantNewsItem>,
}

/// One event of a grant.
#[derive(Debug, Clone)]
pub struct GrantNewsItem {
    /// The event.
    pub event: NumberedGrantEvent,
    /// Live connections that draw on the grant, and at which end.
    pub connections: Vec<(ConnectionId, End)>,
}

/// What [`Store::told_after`] gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToldAfter {
    /// The newest position there was when the look began.
    pub newest: u64,
    /// Positions and connections, in commit order.
    pub told: Vec<(u64, ConnectionId)>,
}

/// What is told of one connection.
#[derive(Debug, Clone)]
pub struct Told {
    /// Which.
    pub connection: ConnectionId,
    /// The state from now on; `None` leaves it.
    pub state: Option<StateKind>,
    /// The events.
    pub events: Vec<Event>,
}
