use std::fmt;
use std::str::FromStr;

use base::{Id, IdKind, Secret, Timestamp};

use crate::password::PasswordHash;

/// The kind of an [`AccountId`].
#[derive(Debug)]
pub enum AccountKind {}

impl IdKind for AccountKind {
    const PREFIX: &'static str = "usr_";
}

/// The id of a person's account.
pub type AccountId = Id<AccountKind>;

/// Which accounts a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountSelection {
    /// All of them.
    #[default]
    All,
    /// Those that are disabled.
    Disabled,
}

/// An e-mail address in the one spelling under which accounts are found: trimmed and in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        // 254 is the longest path of RFC 5321 without its angle brackets.
        let right = !local.is_empty()
            && !domain.is_empty()
            && text.len() <= 254
            && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        right.then_some(Self(text)).ok_or(InvalidEmail)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The address the person signs in with; unique on a side.
    pub email: Email,
    /// The name for people to read.
    pub name: String,
    /// Since when the account is disabled, if it is.
    pub disabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An account as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// What others may see.
    pub account: Account,
    /// The password's hash; nobody can sign in without one.
    pub password_hash: Option<PasswordHash>,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The address to sign in with.
    pub email: String,
    /// The name for people to read; the address if it is empty.
    pub name: String,
    /// The password, or nothing for someone who cannot sign in until one is set.
    pub password: Option<Secret<String>>,
}

#[cfg(test)]
mod tests;
