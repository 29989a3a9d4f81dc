use base::Timestamp;
use serde_json::Value;

use crate::{ConnectionId, EventId};

/// The kinds of events. Those that are public are in the feed and are sent to webhooks; the others only stand in the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventType {
    /// The pair was made and works.
    Activated,
    /// An outage at one end.
    Degraded,
    /// The outage is over.
    Recovered,
    /// A person must sign in again.
    AttentionRequired,
    /// A person signed in again; the same connection goes on.
    Reauthorised,
    /// A credential will end and nothing here can prolong it.
    Expiring,
    /// Somebody signed in again, but for another company; refused.
    CompanyMismatch,
    /// Over.
    Disconnected,
    /// A credential was refreshed.
    CredentialRefreshed,
    /// A refresh did not succeed.
    CredentialRefreshFailed,
    /// Both ends are signed in; the backend is asked to confirm. Timeline only.
    AwaitingConfirmation,
    /// A link for a new sign-in was made. Timeline only.
    LinkMade,
    /// An API key was replaced by another one. Timeline only.
    KeyReplaced,
    /// The backend's settings were changed. Timeline only.
    SettingsChanged,
    /// A new sign-in that was made for another connection serves this one from now on. Timeline only.
    SignInShared,
}

impl EventType {
    /// Each kind.
    pub const ALL: [Self; 15] = [
        Self::Activated,
        Self::Degraded,
        Self::Recovered,
        Self::AttentionRequired,
        Self::Reauthorised,
        Self::Expiring,
        Self::CompanyMismatch,
        Self::Disconnected,
        Self::CredentialRefreshed,
        Self::CredentialRefreshFailed,
        Self::AwaitingConfirmation,
        Self::LinkMade,
        Self::KeyReplaced,
        Self::SettingsChanged,
        Self::SignInShared,
    ];

    /// As it stands in JSON and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "connection.activated",
            Self::Degraded => "connection.degraded",
            Self::Recovered => "connection.recovered",
            Self::AttentionRequired => "connection.attention_required",
            Self::Reauthorised => "connection.reauthorised",
            Self::Expiring => "connection.expiring",
            Self::CompanyMismatch => "connection.company_mismatch",
            Self::Disconnected => "connection.disconnected",
            Self::CredentialRefreshed => "credential.refreshed",
            Self::CredentialRefreshFailed => "credential.refresh_failed",
            Self::AwaitingConfirmation => "connection.awaiting_confirmation",
            Self::LinkMade => "connection.link_made",
            Self::KeyReplaced => "credential.replaced",
            Self::SettingsChanged => "connection.settings_changed",
            Self::SignInShared => "connection.sign_in_shared",
        }
    }

    /// Whether backends are told.
    pub const fn is_public(self) -> bool {
        !matches!(
            self,
            Self::AwaitingConfirmation
                | Self::LinkMade
                | Self::KeyReplaced
                | Self::SettingsChanged
                | Self::SignInShared
        )
    }
}

impl std::str::FromStr for EventType {
    type Err = ParseEventTypeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(ParseEventTypeError)
    }
}

/// A text that is no kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such type of event")]
pub struct ParseEventTypeError;

/// Something that happened to a connection. Written in the transaction of what it tells about.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name.
    pub id: EventId,
    /// What kind.
    pub kind: EventType,
    /// To which connection.
    pub connection: ConnectionId,
    /// When.
    pub at: Timestamp,
    /// What a program needs to know; never a secret.
    pub data: Value,
    /// What a person needs to know.
    pub sentence: String,
}

/// An [`Event`] with its place in commit order: nothing appears later at or below a position that has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberedEvent {
    /// Its place.
    pub position: u64,
    /// What happened.
    pub event: Event,
}
