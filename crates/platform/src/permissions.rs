//! The scopes Pleo documents (facts 8), in plain words for the consent screen.

use base::Scope;

use crate::SubjectType;

/// What a scope lets an application do, as a person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// The scope token.
    pub scope: &'static str,
    /// Whether it lets the application see something or change something.
    pub kind: PermissionKind,
    /// In plain words, to follow "It may see" or "It may change".
    pub words: &'static str,
    /// The same over several companies at once.
    pub words_for_many: &'static str,
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
    Permission { scope, kind, words, words_for_many: words }
}

const fn for_many(permission: Permission, words_for_many: &'static str) -> Permission {
    Permission { words_for_many, ..permission }
}

/// Every scope that can be granted.
pub const PERMISSIONS: &[Permission] = &[
    for_many(
        permission("companies:read", See, "The company's name, address and registration number"),
        "The name, address and registration number of each company",
    ),
    for_many(
        permission("users:read", See, "Who works here: names and e-mail addresses"),
        "Who works in each company: names and e-mail addresses",
    ),
    for_many(
        permission("users:write", Change, "The list of people who work here"),
        "The lists of people who work in each company",
    ),
    permission("export-items:read", See, "The expenses being exported: amounts, dates, notes and receipts"),
    permission("export-jobs:read", See, "Exports to the accounting system and how each one went"),
    permission("export-jobs:write", Change, "Exports: start them and report what was booked"),
    for_many(
        permission("accounts:read", See, "The chart of accounts"),
        "The chart of accounts of each company",
    ),
    for_many(
        permission("accounts:write", Change, "The chart of accounts"),
        "The chart of accounts of each company",
    ),
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

/// Puts a scope over one company into words.
pub fn explain(scope: &Scope) -> Explained {
    explain_for(scope, SubjectType::Company)
}

/// Puts a scope over one company, or over all of an organisation, into words.
pub fn explain_for(scope: &Scope, subject_type: SubjectType) -> Explained {
    let of = |permission: &Permission| match subject_type {
        SubjectType::Company => permission.words.to_owned(),
        SubjectType::Organisation => permission.words_for_many.to_owned(),
    };
    let mut explained = Explained::default();
    for token in scope.iter() {
        let (list, words) = match describe(token) {
            Some(permission) if permission.kind == See => (&mut explained.see, of(permission)),
            Some(permission) => (&mut explained.change, of(permission)),
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
