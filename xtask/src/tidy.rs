//! The rules of the house (`docs/ARCHITECTURE.md`, "Invariants"), as far as a machine can see them in the text.

use std::fmt;

use crate::tree::Tree;

mod manifests;
mod sources;

/// A rule that is not kept, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) place: String,
    pub(crate) rule: &'static str,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.place, self.what, self.rule)
    }
}

/// Everything that is not as it should be, sorted by place.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = manifests::check(tree);
    violations.extend(sources::check(tree));
    violations.sort();
    violations
}

#[cfg(test)]
mod tests;
