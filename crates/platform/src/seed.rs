//! The seed file: organisations, companies, users, clients, API keys and expenses from TOML.
//!
//! [`Seed::parse`] reads and checks all of it, and says of an error on which line and in which key it is. Nothing is written
//! before that. [`crate::Platform::seed`] then makes what is not there and brings the rest up to date; doing it twice changes nothing.

mod apply;
mod clients;
mod file;
mod plan;

use base::Secret;

use crate::{ApiKeyId, EmployeeId};

pub(crate) use plan::{Plan, PlannedKey, PlannedUser};

/// A seed file that was found good.
#[derive(Debug)]
pub struct Seed(pub(crate) Plan);

/// What is wrong with a seed file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct SeedError {
    /// The line, from 1.
    pub line: usize,
    /// The table and key, and what is wrong.
    pub message: String,
}

impl Seed {
    /// Reads and checks a seed file.
    pub fn parse(text: &str) -> Result<Self, SeedError> {
        plan::plan(text).map(Self)
    }
}

/// What seeding has made that can be seen only now.
#[derive(Debug, Default)]
pub struct Seeded {
    /// API keys that were made; those that were there already are not listed.
    pub api_keys: Vec<SeededKey>,
    /// Secrets of confidential clients for which the file gives none and which were new.
    pub client_secrets: Vec<SeededSecret>,
    /// Clients that have other secrets than the file's, which was left alone.
    pub secrets_left_alone: Vec<String>,
    /// How many rows of each kind the file has.
    pub counts: SeedCounts,
}

/// An API key made by seeding.
#[derive(Debug)]
pub struct SeededKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The name of a standalone key, the client's id of an integrated one.
    pub label: String,
    /// Its text.
    pub key: Secret<String>,
}

/// A client secret made by seeding.
#[derive(Debug)]
pub struct SeededSecret {
    /// Whose.
    pub client_id: String,
    /// The secret.
    pub client_secret: Secret<String>,
}

/// How many of each a seed file has.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct SeedCounts {
    /// `[[organisations]]`
    pub organisations: usize,
    /// `[[companies]]`
    pub companies: usize,
    /// `[[users]]`
    pub users: usize,
    /// `[[clients]]`
    pub clients: usize,
    /// `[[api_keys]]`
    pub api_keys: usize,
    /// `[[expenses]]`
    pub expenses: usize,
}

/// The employee that a user of the file is in a company, by position in the file.
pub(crate) type EmployeeIds = std::collections::BTreeMap<(usize, crate::CompanyId), EmployeeId>;

#[cfg(test)]
mod tests;
