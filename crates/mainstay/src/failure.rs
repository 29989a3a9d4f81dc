//! How the binary fails towards a person: what happened, why, and what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A failure in three parts. Every message that ends a command is one of these; none of its parts may hold a secret.
///
/// It travels over the control socket too, so that a command says the same whether it ran here or inside the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// What happened, in the words of the person who gave the command.
    pub(crate) what: String,
    /// The cause, as far as it is known.
    pub(crate) why: String,
    /// The next step, with commands in backticks.
    pub(crate) remedy: String,
    /// Whether the command itself was wrong, which exits with 2 and not 1.
    #[serde(default)]
    pub(crate) usage: bool,
}

impl Failure {
    /// A failure of doing: exit code 1.
    pub(crate) fn new(what: impl Into<String>, why: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.to_string(), remedy: remedy.into(), usage: false }
    }

    /// A command that was given wrongly: exit code 2.
    pub(crate) fn usage(what: impl Into<String>, why: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { usage: true, ..Self::new(what, why, remedy) }
    }

    /// A failure of the database in the middle of a command.
    pub(crate) fn database(what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self::new(
            what,
            why,
            "look at the disk and the database, then give the command again; `mainstay doctor` looks for the cause",
        )
    }

    /// 1, or 2 for wrong usage.
    pub(crate) const fn exit_code(&self) -> u8 {
        if self.usage { 2 } else { 1 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, why, remedy, .. } = self;
        write!(f, "mainstay: {what}\n  why: {why}\n  what to do: {remedy}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_three_parts_and_survives_the_socket() {
        let failure = Failure::new(
            "the port is taken",
            "another program listens there",
            "choose another with `--listen`",
        );
        let text = failure.to_string();
        assert!(
            text.contains("the port is taken")
                && text.contains("why: another")
                && text.contains("`--listen`"),
            "{text}"
        );
        let wire = serde_json::to_string(&failure).unwrap();
        assert_eq!(serde_json::from_str::<Failure>(&wire).unwrap(), failure);
        assert_eq!(failure.exit_code(), 1);
        assert_eq!(Failure::usage("a", "b", "c").exit_code(), 2);
    }
}
