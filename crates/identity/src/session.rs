use base::{Id, IdKind, Secret, Timestamp};
use seal::MacKeyId;

use crate::account::{Account, AccountId};

/// The kind of a [`SessionId`].
#[derive(Debug)]
pub enum SessionKind {}

impl IdKind for SessionKind {
    const PREFIX: &'static str = "ses_";
}

/// The id of a session, which may be logged.
pub type SessionId = Id<SessionKind>;

/// A session as the store keeps it: no token, only its keyed hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Its id.
    pub id: SessionId,
    /// The keyed hash of its token; unique.
    pub token_hash: [u8; 32],
    /// The key of that hash (`seal::Purpose::Lookup`).
    pub key_id: MacKeyId,
    /// Whose it is.
    pub account_id: AccountId,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends however much it is used.
    pub expires_at: Timestamp,
}

/// A live session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who is signed in.
    pub account: Account,
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    /// When it ends however much it is used.
    pub expires_at: Timestamp,
    /// The value for the hidden field of every form of this session.
    pub csrf: Secret<String>,
}

impl Session {
    /// Whether a form's hidden field is of this session. Takes the same time wherever they differ.
    pub fn csrf_matches(&self, given: &str) -> bool {
        self.csrf.equals_in_constant_time(&Secret::new(given.to_owned()))
    }
}

/// A live session as the person it belongs to is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSummary {
    /// Its id.
    pub id: SessionId,
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
}

impl From<StoredSession> for SessionSummary {
    fn from(stored: StoredSession) -> Self {
        Self { id: stored.id, signed_in_at: stored.created_at, last_seen_at: stored.last_seen_at }
    }
}

/// A session that was just begun.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The cookie's value. Nothing else ever holds it.
    pub token: Secret<String>,
    /// The session.
    pub session: Session,
}

/// What binds the sign-in form to a browser that has no session yet: a cookie, and the value for the form's hidden field
/// that is derived from it.
#[derive(Debug, Clone)]
pub struct PreSession {
    /// The cookie's value.
    pub cookie: Secret<String>,
    /// The value for the hidden field.
    pub csrf: Secret<String>,
}

impl PreSession {
    /// Whether a form's hidden field belongs to this cookie. Takes the same time wherever they differ.
    pub fn csrf_matches(&self, given: &str) -> bool {
        self.csrf.equals_in_constant_time(&Secret::new(given.to_owned()))
    }
}
