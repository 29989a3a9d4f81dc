//! Installations: the bond of an application and a subject (facts 11).

use std::str::FromStr;

use base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{InstallationId, Subject};

/// The bond of one application and one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Installation {
    /// The id Pleo shows.
    pub id: InstallationId,
    /// The client's id; for a standalone API key, which has no client, the key's id.
    pub application_id: String,
    /// What it is installed for.
    pub subject: Subject,
    /// Where it stands.
    pub status: InstallationStatus,
    /// Why, if it is [`InstallationStatus::Error`] or inactive.
    pub error_code: Option<InstallationErrorCode>,
    /// Free storage of the integration; kept and returned untouched, never used here.
    pub metadata: Option<serde_json::Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Where an installation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InstallationStatus {
    /// In use.
    Activated,
    /// Switched off.
    Inactive,
    /// Authorised, not yet ready: the integration still has to set things up.
    Authorized,
    /// The integration is syncing.
    PendingIntegration,
    /// Broken, with an error code.
    Error,
}

const STATUSES: [(InstallationStatus, &str); 5] = [
    (InstallationStatus::Activated, "ACTIVATED"),
    (InstallationStatus::Inactive, "INACTIVE"),
    (InstallationStatus::Authorized, "AUTHORIZED"),
    (InstallationStatus::PendingIntegration, "PENDING_INTEGRATION"),
    (InstallationStatus::Error, "ERROR"),
];

impl InstallationStatus {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        STATUSES.iter().find(|(status, _)| *status == self).map_or("", |(_, word)| word)
    }
}

/// A word that names no status or error code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownWord;

impl FromStr for InstallationStatus {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        STATUSES.iter().find(|(_, word)| *word == text).map(|(status, _)| *status).ok_or(UnknownWord)
    }
}

/// Why an installation does not work. The newer specification has these two (facts 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InstallationErrorCode {
    /// The customer's plan does not include it.
    NotEntitled,
    /// The integration could not sign in to the other system.
    AuthError,
}

impl InstallationErrorCode {
    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotEntitled => "NOT_ENTITLED",
            Self::AuthError => "AUTH_ERROR",
        }
    }
}

impl FromStr for InstallationErrorCode {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::NotEntitled, Self::AuthError].into_iter().find(|code| code.as_str() == text).ok_or(UnknownWord)
    }
}

/// What `PUT /v1/installations/me` sets.
#[derive(Debug, Clone, PartialEq)]
pub struct InstallationChange {
    /// The new status.
    pub status: InstallationStatus,
    /// The new error code; gone if there is none.
    pub error_code: Option<InstallationErrorCode>,
    /// New metadata; `None` leaves them as they are.
    pub metadata: Option<serde_json::Value>,
}
