use base::Timestamp;
use seal::{Place, Sealed};

use crate::{ClientSecretId, Environment, OAuthClientId};

/// The integration's own OAuth client at one provider and environment (facts 17.9 to 17.11).
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// The row.
    pub id: OAuthClientId,
    /// The catalogue's id of the provider.
    pub provider: String,
    /// Its environment; keys and clients of one do not work in another (facts 2).
    pub environment: Environment,
    /// What the provider calls it.
    pub client_id: String,
    /// Its live secrets, newest first. Several while a rotation at the provider is under way; none for a public client.
    pub secrets: Vec<ClientSecret>,
    /// When it was first set.
    pub created_at: Timestamp,
}

/// One secret of an [`OAuthClient`].
#[derive(Debug, Clone)]
pub struct ClientSecret {
    /// The row.
    pub id: ClientSecretId,
    /// The secret, at [`ClientSecret::place`].
    pub sealed: Sealed,
    /// When it was set.
    pub created_at: Timestamp,
}

impl ClientSecret {
    /// Where the secret is sealed.
    pub fn place(id: ClientSecretId) -> Place {
        Place::new("connect_client_secrets", id, "secret", 0)
    }
}
