use std::fmt;

use async_trait::async_trait;
use base::Timestamp;
use serde::Serialize;

use crate::faults::{Endpoint, Fault};

/// A request that a client made, with its answer. Secrets stand in it as fingerprints.
#[derive(Debug, Clone, Serialize)]
pub struct JournalEntry {
    /// When the request was done.
    pub at: Timestamp,
    /// Where.
    pub endpoint: Endpoint,
    /// The client, as it named itself.
    pub client_id: Option<String>,
    /// Parameters in the order they came: secrets as `fingerprint:…`.
    pub parameters: Vec<(String, String)>,
    /// What was answered.
    pub answer: JournalAnswer,
}

/// What was answered.
#[derive(Debug, Clone, Serialize)]
pub struct JournalAnswer {
    /// The HTTP status; of a disturbed answer, the one it would have had. 0 where a fault came before there was one.
    pub status: u16,
    /// The error code, if it was an error.
    pub error: Option<String>,
    /// Members of the answer that help to follow it: `access_token`, `refresh_token` and `code` as fingerprints,
    /// `generation`, `expires_in`.
    pub members: Vec<(String, String)>,
    /// What a fault made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disturbed: Option<String>,
}

impl Fault {
    /// For the journal.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Close => "close".to_owned(),
            Self::Status(status) => format!("status {status}"),
            Self::Html(status) => format!("html {status}"),
            Self::Truncate => "truncate".to_owned(),
        }
    }
}

/// Where requests are written down: the port of the sandbox. In production nowhere.
#[async_trait]
pub trait Journal: Send + Sync + fmt::Debug {
    /// Whether entries are wanted at all; making them costs fingerprints.
    fn is_on(&self) -> bool;

    /// Writes one down. A journal that cannot is not to fail the request; it says so in its own way.
    async fn record(&self, entry: JournalEntry);
}

/// No journal.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    fn is_on(&self) -> bool {
        false
    }

    async fn record(&self, _entry: JournalEntry) {}
}
