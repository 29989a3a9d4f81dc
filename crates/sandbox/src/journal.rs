use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use base::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Endpoint;

/// How many entries are kept; the oldest go first.
const KEPT: usize = 20_000;

/// A request that a client made, and what it was answered. Secrets are fingerprints ([`crate::Redaction`]).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its place in the journal, counted from 1; a cursor for reading on.
    pub id: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: NewEntry,
}

/// What is put into the journal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewEntry {
    /// When the request came, by the clock of this side.
    pub at: Timestamp,
    /// Who asked, where that is known.
    pub client_id: Option<String>,
    /// Which kind of door.
    pub endpoint: Endpoint,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// What the `Authorization` header held.
    pub credential: Option<Credential>,
    /// Query, form or JSON members by name.
    pub parameters: Map<String, Value>,
    /// What was answered; absent where the connection was closed instead.
    pub answer: Option<Answer>,
    /// The fault that happened to it, as `moment:kind`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// How a request proved who sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Credential {
    /// `Basic`, `Bearer`, or the header's name where it is another one.
    pub scheme: String,
    /// The fingerprint of the secret part: password of Basic (or user name, where the password is empty), bearer token.
    pub fingerprint: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body, or the parameters of a redirect; absent where the answer was something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// Every request a client made, newest last. Bounded, and kept in this process alone.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    entries: VecDeque<Entry>,
}

impl Journal {
    /// Adds an entry.
    pub fn add(&self, what: NewEntry) {
        let mut kept = self.locked();
        kept.last += 1;
        let id = kept.last;
        if kept.entries.len() == KEPT {
            kept.entries.pop_front();
        }
        kept.entries.push_back(Entry { id, what });
    }

    /// Up to `limit` entries after the cursor, oldest first, of one client if one is named; and the cursor to read on from, if
    /// there are more.
    pub fn read(&self, client_id: Option<&str>, after: u64, limit: usize) -> (Vec<Entry>, Option<u64>) {
        let kept = self.locked();
        let mut matching = kept.entries.iter().filter(|entry| {
            entry.id > after && client_id.is_none_or(|client| entry.what.client_id.as_deref() == Some(client))
        });
        let page: Vec<Entry> = matching.by_ref().take(limit).cloned().collect();
        let next = matching.next().and(page.last()).map(|entry| entry.id);
        (page, next)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
