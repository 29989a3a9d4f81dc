use base::{Id, IdKind, Scope, Timestamp};
use oauth::pkce::Challenge;
use seal::Sealed;
use serde::{Deserialize, Serialize};

use crate::client::ClientId;
use crate::keyed_hash::KeyedHash;

/// The kind of an authorisation's id.
#[derive(Debug)]
pub struct AuthorisationKind;

impl IdKind for AuthorisationKind {
    const PREFIX: &'static str = "aut_";
}

/// The id of an authorisation: the family id of its tokens.
pub type AuthorisationId = Id<AuthorisationKind>;

/// One consent and the family of tokens that follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    /// Its id.
    pub id: AuthorisationId,
    /// To whom it was given.
    pub client_id: ClientId,
    /// What it gives access to: an opaque URN of the embedding side.
    pub subject: String,
    /// Who gave it: a user id of the embedding side.
    pub granted_by: String,
    /// What was consented to.
    pub scope: Scope,
    /// When.
    pub created_at: Timestamp,
    /// The last exchange or refresh.
    pub last_used_at: Option<Timestamp>,
    /// Where it stands.
    pub state: AuthorisationState,
}

impl Authorisation {
    /// Whether one of its tokens is accepted at `now`, as far as the authorisation itself says.
    pub fn is_live(&self, now: Timestamp) -> bool {
        let AuthorisationState::Active(tokens) = &self.state else { return false };
        tokens.refresh.as_ref().is_some_and(|refresh| now < refresh.expires_at)
            || tokens.access.as_ref().is_some_and(|access| now < access.expires_at)
    }
}

/// Where an authorisation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorisationState {
    /// Consent was given, the code is not exchanged yet.
    AwaitingExchange(PendingCode),
    /// It has tokens.
    Active(Box<ActiveTokens>),
    /// Over, for good.
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: Timestamp,
    },
}

/// A code that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCode {
    /// Its keyed hash.
    pub hash: KeyedHash,
    /// Its end; 60 s after it was made unless set otherwise.
    pub expires_at: Timestamp,
    /// The redirect URI of the request, if the request named one: the exchange must then name the same.
    pub redirect_uri: Option<String>,
    /// The PKCE challenge of the request.
    pub challenge: Option<Challenge>,
}

/// The tokens of an active authorisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveTokens {
    /// Raised by every rotation; the first tokens have 1.
    pub generation: u32,
    /// When this generation was made.
    pub issued_at: Timestamp,
    /// The access token; None once it was revoked by itself.
    pub access: Option<IssuedAccess>,
    /// The refresh token; None where none was given.
    pub refresh: Option<IssuedRefresh>,
    /// No refresh extends this.
    pub absolute_expires_at: Option<Timestamp>,
    /// Retry window only: the refresh token before this one.
    pub predecessor: Option<Predecessor>,
}

/// An access token of the current generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedAccess {
    /// Its keyed hash.
    pub hash: KeyedHash,
    /// Its end.
    pub expires_at: Timestamp,
    /// Its scope, where a refresh asked for a narrower one.
    pub narrowed_scope: Option<Scope>,
}

/// A refresh token that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedRefresh {
    /// The generation in its text: older than the access token's where the value changes only daily.
    pub generation: u32,
    /// Its keyed hash.
    pub hash: KeyedHash,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Its end.
    pub expires_at: Timestamp,
}

/// Retry window: what is needed to give the same answer again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predecessor {
    /// The generation in the text of the old refresh token.
    pub generation: u32,
    /// Its keyed hash.
    pub hash: KeyedHash,
    /// Until when the same request gets the same answer.
    pub retry_until: Timestamp,
    /// Both texts of the successor, sealed; None as soon as the successor was used.
    pub successor: Option<Sealed>,
}

/// Stand-ins: tokens before the current generation that can still be good. A row of its own each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierTokens {
    /// The generation of that access token.
    pub generation: u32,
    /// The access token and its end.
    pub access: Option<IssuedAccess>,
    /// The refresh token, with the end up to which it works.
    pub refresh: Option<IssuedRefresh>,
}

/// Why an authorisation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// A refresh token that was rotated out was presented.
    RefreshTokenReplayed,
    /// An expired refresh token was presented.
    RefreshTokenExpired,
    /// The code was presented again.
    CodeReused,
    /// The client revoked it (RFC 7009).
    Revoked,
    /// The person, or a colleague who may, withdrew consent.
    Withdrawn,
    /// The client uninstalled itself.
    Uninstalled,
    /// The user who gave it was disabled.
    UserDisabled,
    /// The client's secret was compromised.
    SecretCompromised,
    /// The client was removed.
    ClientRemoved,
    /// An administrator ended it.
    Administrative,
}

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::RefreshTokenReplayed,
        Self::RefreshTokenExpired,
        Self::CodeReused,
        Self::Revoked,
        Self::Withdrawn,
        Self::Uninstalled,
        Self::UserDisabled,
        Self::SecretCompromised,
        Self::ClientRemoved,
        Self::Administrative,
    ];

    /// The text of the database and of audit records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RefreshTokenReplayed => "refresh_token_replayed",
            Self::RefreshTokenExpired => "refresh_token_expired",
            Self::CodeReused => "code_reused",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
            Self::Uninstalled => "uninstalled",
            Self::UserDisabled => "user_disabled",
            Self::SecretCompromised => "secret_compromised",
            Self::ClientRemoved => "client_removed",
            Self::Administrative => "administrative",
        }
    }

    /// Reads [`EndReason::as_str`] back.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}
