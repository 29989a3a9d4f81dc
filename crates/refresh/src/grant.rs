use base::{Id, IdKind, Scope, Timestamp};
use seal::{Place, Sealed};
use serde::{Deserialize, Serialize};

/// Kind of [`GrantId`].
pub struct GrantKind;
impl IdKind for GrantKind {
    const PREFIX: &'static str = "gnt_";
}
/// Names a [`Grant`].
pub type GrantId = Id<GrantKind>;

/// Kind of [`AttemptId`].
pub struct AttemptKind;
impl IdKind for AttemptKind {
    const PREFIX: &'static str = "att_";
}
/// Names one refresh attempt: one lease taken, at most one request sent.
pub type AttemptId = Id<AttemptKind>;

/// What one subject gave to one client at one provider: the unit that is locked, rotated and sealed.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its name.
    pub id: GrantId,
    /// The catalogue's id of the provider, such as `pleo` or `xero`.
    pub provider: String,
    /// The OAuth client that the grant was given to; empty for an API key.
    pub client_id: String,
    /// Whether it rotates.
    pub kind: CredentialKind,
    /// Where it stands.
    pub state: GrantState,
    /// Raised by every stored rotation and every replaced key; starts at 1.
    pub generation: u64,
    /// The sealed credential; `None` once it has been destroyed.
    pub credential: Option<SealedCredential>,
    /// The scope that was granted, where it was told.
    pub scope: Option<Scope>,
    /// When the present credential was obtained.
    pub obtained_at: Timestamp,
    /// When the access token, or the API key, expires; `None` if it does not or was not told.
    pub expires_at: Option<Timestamp>,
    /// When the refresh token expires, where the provider told so.
    pub refresh_token_expires_at: Option<Timestamp>,
    /// When a person gave the grant: a hard end is counted from here.
    pub granted_at: Timestamp,
    /// When it was last lent, as far as is stored.
    pub used_at: Timestamp,
    /// When the provider last showed that the credential is good.
    pub proven_at: Timestamp,
    /// When the scheduler looks at it next; `None` for never.
    pub next_action_at: Option<Timestamp>,
    /// Attempts without success since the last success.
    pub failures: u32,
    /// Whether it has not been proven since the database looked restored from a backup (rule 14).
    pub in_doubt: bool,
    /// Who works on it.
    pub lease: Lease,
    /// A refresh request that may have left and whose answer is not stored.
    pub marker: Option<Marker>,
    /// When a refresh was begun last because a caller had reported the token as refused (rule 10).
    pub forced_at: Option<Timestamp>,
    /// The attempt that was under way when the answer of an earlier one to the same refresh token was stored. Its own answer, if
    /// one comes, is the later one.
    pub overtaken: Option<AttemptId>,
}

impl Grant {
    /// Where the access token (or API key) of `generation` is sealed.
    pub fn access_place(id: GrantId, generation: u64) -> Place {
        Place::new("grants", id, "access_token", generation)
    }

    /// Where the refresh token of `generation` is sealed.
    pub fn refresh_place(id: GrantId, generation: u64) -> Place {
        Place::new("grants", id, "refresh_token", generation)
    }

    /// Whether the access token is known to have expired at `now` (facts 17.40: such a token is not used).
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// Whether a credential rotates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// An access and a refresh token (RFC 6749).
    #[serde(rename = "oauth")]
    OAuth,
    /// A static key (facts 10, 16.6).
    ApiKey,
}

impl CredentialKind {
    /// The stored and shown word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OAuth => "oauth",
            Self::ApiKey => "api_key",
        }
    }
}

/// A sealed access token with its refresh token, or a sealed API key.
#[derive(Debug, Clone)]
pub struct SealedCredential {
    /// The access token or API key, at [`Grant::access_place`].
    pub access_token: Sealed,
    /// The refresh token, at [`Grant::refresh_place`]; `None` for an API key and for providers that give none.
    pub refresh_token: Option<Sealed>,
}

/// Where a grant stands. `refreshing` is not a state: it is a lease with a fresh marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantState {
    /// Good as far as is known.
    Active,
    /// The provider, or the way to it, is out of order; nothing is lost.
    Degraded {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: DegradedReason,
    },
    /// A refresh request left and its outcome is not known.
    Unknown {
        /// When the request left.
        since: Timestamp,
    },
    /// Over: the credential is destroyed, a person must sign in again.
    Ended {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: EndReason,
    },
}

impl GrantState {
    /// The stored and shown word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Degraded { .. } => "degraded",
            Self::Unknown { .. } => "unknown",
            Self::Ended { .. } => "ended",
        }
    }
}

crate::words::words! {
    /// Why a grant is over.
    EndReason {
        /// The provider refused the refresh token as invalid (`invalid_grant` and its kin), or says that it is not active.
        AccessWithdrawn = "access_withdrawn",
        /// A refresh was processed but its answer was lost, and the provider gives no second.
        RefreshAnswerLost = "refresh_answer_lost",
        /// The refresh token or key passed an end that was known beforehand; it was not presented.
        Expired = "expired",
        /// The provider refuses the API key.
        KeyRefused = "key_refused",
        /// There is no refresh token and the access token has expired.
        NoRefreshToken = "no_refresh_token",
        /// The database was restored from a backup, and the refresh token in it had been spent since.
        RestoredBackup = "restored_backup",
        /// A newer sign-in or key took its place.
        Replaced = "replaced",
        /// The connection was disconnected.
        Disconnected = "disconnected",
    }
}

crate::words::words! {
    /// Why a grant cannot be refreshed for the moment.
    DegradedReason {
        /// The token endpoint cannot be reached.
        ProviderUnreachable = "provider_unreachable",
        /// The token endpoint asks for fewer requests.
        RateLimited = "rate_limited",
        /// The provider refuses this integration's own client id and secret.
        ClientRefused = "client_refused",
        /// The provider refuses the request as malformed or not allowed: the operator must look.
        Misconfigured = "misconfigured",
        /// The database looks restored from a backup, and the provider cannot be asked about its tokens: the operator decides.
        PossiblyRestored = "possibly_restored",
    }
}

/// The claim to work on a grant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lease {
    /// Who holds it; `None` if nobody does.
    pub owner: Option<String>,
    /// Raised each time it is taken; a write under the lease checks it.
    pub fence: u64,
    /// Raised each time its holder renews it. A contender that sees neither this nor the fence move for a full lease may take over.
    pub renewals: u64,
}

/// Written before the refresh request leaves, cleared with its outcome. One that stands means: a request may have been processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The attempt that sent, or was about to send.
    pub attempt: AttemptId,
    /// The generation whose refresh token it presented.
    pub generation: u64,
    /// When it was written, just before the request left.
    pub at: Timestamp,
    /// How many attempts in a row have ended unknown, this one included.
    pub unknown_in_a_row: u32,
}
