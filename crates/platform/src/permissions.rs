//! The scopes Pleo documents (facts 8), in plain words for the consent screen.

use base::Scope;

/// What a scope lets an application do, as a person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// The scope token.
    pub scope: &'static str,
    /// Whether it lets the application see something or change something.
    pub kind: PermissionKind,
    /// In plain words, to follow "It may see" or "It may change".
    pub words: &'static str,
}

/// The two groups of a consent screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionKind {
    /// Reads.
    See,
    /// Writes.
    Change,
}

use PermissionKind::{Change, See};

const fn permission(scope: &'static str, kind: PermissionKind, words: &'static str) -> Permission {
    Permission { scope, kind, words }
}

/// Every scope that can be granted.
pub const PERMISSIONS: &[Permission] = &[
    permission("companies:read", See, "The company's name, address and registration number"),
    permission("users:read", See, "Who works here: names and e-mail addresses"),
    permission("users:write", Change, "The list of people who work here"),
    permission("export-items:read", See, "The expenses being exported: amounts, dates, notes and receipts"),
    permission("export-jobs:read", See, "Exports to the accounting system and how each one went"),
    permission("export-jobs:write", Change, "Exports: start them and report what was booked"),
    permission("accounts:read", See, "The chart of accounts"),
    permission("accounts:write", Change, "The chart of accounts"),
    permission("vendors:read", See, "Suppliers"),
    permission("vendors:write", Change, "Suppliers"),
    permission("tax-codes:read", See, "Tax codes"),
    permission("tax-codes:write", Change, "Tax codes"),
    permission("tag-groups:read", See, "Tags and tag groups"),
    permission("tag-groups:write", Change, "Tags and tag groups"),
    permission("tag-group:read", See, "Tags and tag groups"),
    permission("tag-group:write", Change, "Tags and tag groups"),
    permission("test:test", See, "Nothing: this permission is for trying things out"),
];

/// A scope as the consent screen shows it.
pub fn describe(scope: &str) -> Option<&'static Permission> {
    PERMISSIONS.iter().find(|permission| permission.scope == scope)
}

/// A scope in words, grouped; what no table knows is shown by its token, so that nothing is consented to unseen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explained {
    /// What may be seen.
    pub see: Vec<String>,
    /// What may be changed.
    pub change: Vec<String>,
}

/// Puts a scope into words.
pub fn explain(scope: &Scope) -> Explained {
    let mut explained = Explained::default();
    for token in scope.iter() {
        let (list, words) = match describe(token) {
            Some(Permission { kind: See, words, .. }) => (&mut explained.see, (*words).to_owned()),
            Some(Permission { kind: Change, words, .. }) => (&mut explained.change, (*words).to_owned()),
            None => (&mut explained.change, format!("Whatever “{token}” allows")),
        };
        if !list.contains(&words) {
            list.push(words);
        }
    }
    explained
}

#[cfg(test)]
mod tests;
