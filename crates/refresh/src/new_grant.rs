use base::{Scope, Secret, Timestamp};
use std::time::Duration;

use crate::{CredentialKind, GrantId, SealedCredential};

/// A credential as it came from a provider or a person, not yet sealed.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// The access token or API key.
    pub access_token: Secret<String>,
    /// The refresh token.
    pub refresh_token: Option<Secret<String>>,
    /// How long the access token lives from now; `None` if not told.
    pub expires_in: Option<Duration>,
    /// How long the refresh token lives from now, where told.
    pub refresh_token_expires_in: Option<Duration>,
    /// The scope that was granted, where told.
    pub scope: Option<Scope>,
}

/// A sealed credential on its way into the store: a new grant (generation 1), or the replacement of the credential of an
/// existing one (a further sign-in, a replaced key), written only if that one still is at `generation - 1`.
/// Made by [`Authority::seal_new`](crate::Authority::seal_new) and
/// [`Authority::seal_replacement`](crate::Authority::seal_replacement); written by the room that makes connections, in its
/// own transaction.
#[derive(Debug, Clone)]
pub struct GivenCredential {
    /// The grant.
    pub grant: GrantId,
    /// The catalogue's id of the provider.
    pub provider: String,
    /// The OAuth client that it was given to; empty for an API key.
    pub client_id: String,
    /// Whether it rotates.
    pub kind: CredentialKind,
    /// The generation at which it is sealed.
    pub generation: u64,
    /// The sealed credential.
    pub credential: SealedCredential,
    /// The scope, where told.
    pub scope: Option<Scope>,
    /// When it was given.
    pub given_at: Timestamp,
    /// When the access token or key expires.
    pub expires_at: Option<Timestamp>,
    /// When the refresh token expires, where told.
    pub refresh_token_expires_at: Option<Timestamp>,
    /// When the scheduler looks at it.
    pub next_action_at: Option<Timestamp>,
}
