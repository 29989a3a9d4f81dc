//! API keys: integrated ones, made by installing an application, and standalone ones, made by hand (facts 10).

use authserver::KeyedHash;
use base::{Scope, Secret, Timestamp};
use identity::AccountId;
use oauth::token_text::TokenKind;

use crate::{ApiKeyId, Subject};

/// The texts of API keys.
#[derive(Debug)]
pub enum ApiKeyText {}

impl TokenKind for ApiKeyText {
    const PREFIX: &'static str = "plp_";
}

/// An API key as it is stored: never its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its row, and part of its text.
    pub id: ApiKeyId,
    /// Where it comes from.
    pub origin: ApiKeyOrigin,
    /// What it reaches.
    pub subject: Subject,
    /// What it may do. An integrated key has what its application has now, if that is less.
    pub scope: Scope,
    /// The last four characters of its text, by which people tell keys apart.
    pub last_four: String,
    /// Who made it; `None` for one made by a command.
    pub created_by: Option<AccountId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When it was last accepted, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it is accepted at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether no application holds it.
    pub fn is_standalone(&self) -> bool {
        matches!(self.origin, ApiKeyOrigin::Standalone { .. })
    }
}

/// Where an API key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiKeyOrigin {
    /// Made by installing an application: one for each installation.
    Integrated {
        /// The application's client.
        client_id: String,
    },
    /// Made by hand.
    Standalone {
        /// What its maker called it.
        name: String,
    },
}

/// A key with what is needed to check a presented one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredApiKey {
    /// The key.
    pub key: ApiKey,
    /// Keyed hash of the secret part of its text.
    pub hash: KeyedHash,
}

/// A key just made. The text is shown once and kept nowhere.
#[derive(Debug)]
pub struct CreatedApiKey {
    /// The key.
    pub key: ApiKey,
    /// Its text.
    pub text: Secret<String>,
}

/// What the keyed hash of a key's secret is made for.
pub(crate) const HASH_CONTEXT: &str = "API key";
