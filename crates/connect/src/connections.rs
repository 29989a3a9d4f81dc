//! Reading connections, their settings, and the backend's confirmation of a pair.

use std::sync::Arc;

use base::{StoreError, Timestamp};
use refresh::{AttemptRecord, CredentialKind};
use serde_json::{Map, Value, json};

use crate::link::is_reference;
use crate::{
    Connect, Connection, ConnectionFilter, ConnectionId, Directory, End, Event, EventType, Paired, Reason,
    Side, Stage, StateKind, words,
};

/// A connection with the words for its state.
#[derive(Debug, Clone)]
pub struct FoundConnection {
    /// The connection.
    pub connection: Connection,
    /// Why it is not simply active.
    pub reason: Option<Reason>,
    /// Why Pleo's end is not simply active.
    pub platform_reason: Option<Reason>,
    /// Why the accounting end is not simply active.
    pub accounting_reason: Option<Reason>,
    /// When Pleo's credential ends whatever is done; `None` where nothing says so.
    pub platform_ends_at: Option<Timestamp>,
    /// When the accounting system's credential ends whatever is done.
    pub accounting_ends_at: Option<Timestamp>,
}

impl FoundConnection {
    /// Why an end is not simply active.
    pub const fn side_reason(&self, end: End) -> Option<&Reason> {
        match end {
            End::Platform => self.platform_reason.as_ref(),
            End::Accounting => self.accounting_reason.as_ref(),
        }
    }

    /// When an end's credential ends whatever is done.
    pub const fn ends_at(&self, end: End) -> Option<Timestamp> {
        match end {
            End::Platform => self.platform_ends_at,
            End::Accounting => self.accounting_ends_at,
        }
    }
}

/// Why settings are not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// There is no such connection.
    #[error("there is no such connection")]
    NoConnection,
    /// Too long, or with control characters.
    #[error("`reference` has 1 to 200 characters, none of them a control character")]
    Reference,
    /// Too large.
    #[error("`settings` is an object of at most 16 KiB")]
    TooLarge,
    /// The connection was changed meanwhile.
    #[error("the connection was changed by somebody else at the same time; try again")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a pair is not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    /// There is no such connection.
    #[error("there is no such connection")]
    NoConnection,
    /// It was disconnected.
    #[error("the connection was disconnected")]
    Disconnected,
    /// One of the companies was connected otherwise meanwhile.
    #[error("the company at the {0} end belongs to another connection by now")]
    Taken(End),
    /// The connection was changed meanwhile, again and again.
    #[error("the connection was changed by somebody else at the same time; try again")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const LARGEST_SETTINGS: usize = 16 * 1024;
/// How often a write is tried that somebody else's write overtook.
const ATTEMPTS: usize = 4;

impl Connect {
    /// One connection, as it is stored now.
    pub async fn connection(&self, id: ConnectionId) -> Result<Option<FoundConnection>, StoreError> {
        Ok(self.store().connection(id).await?.map(|connection| self.with_words(connection)))
    }

    /// Connections by filter, in the order in which they were made.
    pub async fn connections(&self, filter: &ConnectionFilter) -> Result<Vec<FoundConnection>, StoreError> {
        let found = self.store().connections(filter).await?;
        Ok(found.into_iter().map(|connection| self.with_words(connection)).collect())
    }

    /// How many connections are in each state.
    pub async fn connection_counts(&self) -> Result<Vec<(StateKind, u64)>, StoreError> {
        self.store().connection_counts().await
    }

    /// The refresh attempts of both ends, newest first for each.
    pub async fn attempts(
        &self,
        connection: &Connection,
        limit: u32,
    ) -> Result<Vec<AttemptRecord>, StoreError> {
        let mut attempts = Vec::new();
        for end in End::BOTH {
            attempts.extend(self.authority().store().attempts(connection.side(end).grant, limit).await?);
        }
        Ok(attempts)
    }

    pub(crate) fn with_words(&self, connection: Connection) -> FoundConnection {
        let directory = self.directory();
        FoundConnection {
            reason: words::reason(&connection, directory),
            platform_reason: words::side_reason(&connection.platform, directory),
            accounting_reason: words::side_reason(&connection.accounting, directory),
            platform_ends_at: ends_at(&connection.platform, directory),
            accounting_ends_at: ends_at(&connection.accounting, directory),
            connection,
        }
    }

    /// From memory, with every change of the row that is older than a second, while the store can be reached. What it shows of its
    /// grants may be older than that: ask the authority.
    pub(crate) async fn remembered(&self, id: ConnectionId) -> Result<Option<Arc<Connection>>, StoreError> {
        self.inner.connections.get(id, self.clock(), || self.store().connection(id)).await
    }

    /// Changes the backend's own settings (RFC 7396: `null` removes a member) and, where given, its reference.
    pub async fn change_settings(
        &self,
        id: ConnectionId,
        reference: Option<&str>,
        patch: &Map<String, Value>,
    ) -> Result<FoundConnection, SettingsError> {
        if reference.is_some_and(|text| !is_reference(text)) {
            return Err(SettingsError::Reference);
        }
        let connection = self.store().connection(id).await?.ok_or(SettingsError::NoConnection)?;
        let mut settings = connection.settings.clone();
        merge(&mut settings, patch);
        if serde_json::to_string(&settings).map_or(usize::MAX, |text| text.len()) > LARGEST_SETTINGS {
            return Err(SettingsError::TooLarge);
        }
        let changed: Vec<_> = patch.keys().collect();
        let event = self.event(
            EventType::SettingsChanged,
            id,
            json!({ "changed": changed }),
            "The settings were changed.".to_owned(),
        );
        if !self.store().put_settings(id, connection.version, reference, &settings, &event).await? {
            return Err(SettingsError::Stale);
        }
        self.connection_changed(id);
        self.connection(id).await?.ok_or(SettingsError::NoConnection)
    }

    /// The backend confirms a pair that waits for it. Doing it twice is fine.
    pub async fn confirm_pair(&self, id: ConnectionId) -> Result<FoundConnection, ConfirmError> {
        for _ in 0..ATTEMPTS {
            let connection = self.store().connection(id).await?.ok_or(ConfirmError::NoConnection)?;
            match connection.stage {
                Stage::Disconnected { .. } => return Err(ConfirmError::Disconnected),
                Stage::Live => {
                    // What happened to its sign-ins while it waited was nobody's news then.
                    self.reconsider(&[id]).await?;
                    return self.connection(id).await?.ok_or(ConfirmError::NoConnection);
                }
                Stage::Pending => {}
            }
            let event = self.confirmed(&connection);
            match self.store().confirm_pair(id, connection.version, &event).await? {
                Paired::Yes => self.connection_changed(id),
                // Something else of it was written meanwhile, its settings say. The pair is not confirmed by that: look again.
                Paired::Stale => {}
                Paired::PlatformTaken(_) => return Err(ConfirmError::Taken(End::Platform)),
                Paired::AccountingTaken(_) => return Err(ConfirmError::Taken(End::Accounting)),
            }
        }
        Err(ConfirmError::Stale)
    }

    fn confirmed(&self, connection: &Connection) -> Event {
        let side = |end: End| {
            let side = connection.side(end);
            json!({ "provider": side.provider, "company": { "id": side.company.id, "name": side.company.name } })
        };
        let data = json!({ "reference": connection.reference, "platform": side(End::Platform), "accounting": side(End::Accounting) });
        let sentence = format!(
            "{} was connected with {}, after the application had confirmed it.",
            connection.platform.company.name, connection.accounting.company.name
        );
        self.event(EventType::Activated, connection.id, data, sentence)
    }
}

/// A key ends when it expires; a grant ends at its provider's hard end, counted from the consent (facts 16.3).
fn ends_at(side: &Side, directory: &Directory) -> Option<Timestamp> {
    match side.facts.kind {
        CredentialKind::ApiKey => side.facts.expires_at,
        CredentialKind::OAuth => {
            let hard_end = directory.get(&side.provider)?.rotating()?.1.hard_end()?;
            Some(side.facts.granted_at + hard_end)
        }
    }
}

/// RFC 7396.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(inner) => {
                let entry = target.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !entry.is_object() {
                    *entry = Value::Object(Map::new());
                }
                if let Value::Object(entry) = entry {
                    merge(entry, inner);
                }
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}
