use base::Timestamp;

use crate::{ApiTokenId, KeyedHash, Role};

/// The prefix of the text of an API token.
pub const API_TOKEN_PREFIX: &str = "mst_api_";

/// An API token of one of the integration's backends, as it is stored: the secret itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its name for machines; it is inside the text, too.
    pub id: ApiTokenId,
    /// Its name for people.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The hash of the secret part.
    pub hash: KeyedHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
