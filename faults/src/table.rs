//! The table: fault, promise, seen, ok.

use std::fmt::Write as _;

use crate::{Tried, Verdict};

/// What a table is of: the beginning of its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Refreshes of the connect side that are struck.
    Refreshes,
    /// Races and kills of the platform side.
    Platform,
}

/// All rows that were tried.
#[derive(Debug, Clone)]
pub struct Table(pub Vec<Tried>);

impl Table {
    /// How many rows came to this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.0.iter().filter(|tried| tried.verdict == verdict).count()
    }

    /// Whether every promise was kept.
    pub fn holds(&self) -> bool {
        self.0.iter().all(|tried| tried.verdict == Verdict::Held)
    }

    /// One line that says how it is.
    pub fn summary(&self) -> String {
        format!(
            "{} rows: {} ok, {} open, {} failed",
            self.0.len(),
            self.count(Verdict::Held),
            self.count(Verdict::Open),
            self.count(Verdict::Failed)
        )
    }

    /// As a page of the documentation.
    pub fn page(&self, of: Page) -> String {
        let head = match of {
            Page::Refreshes => HEAD,
            Page::Platform => PLATFORM_HEAD,
        };
        let mut page = format!("{head}\n{}.\n", self.summary());
        let mut group = "";
        for tried in &self.0 {
            if tried.group != group {
                group = tried.group;
                write!(
                    page,
                    "\n## {}{}\n\n| fault | promise | seen | ok |\n|---|---|---|---|\n",
                    group[..1].to_uppercase(),
                    &group[1..]
                )
                .expect("a String takes everything");
            }
            let [fault, promise, seen] = [&tried.fault, &tried.promise, &tried.seen].map(|text| cell(text));
            writeln!(page, "| {fault} | {promise} | {seen} | {} |", tried.verdict)
                .expect("a String takes everything");
        }
        page
    }
}

const HEAD: &str = "\
# Faults of real processes

What happens to a refresh when the real binary is killed or stopped at its steps, when the provider, PostgreSQL or the disk fails
under it, and when many callers want one token at once. `cargo run --release -p faults` makes this page; it exits 1 if a row is open
or failed. The rules are those of [the refresh authority](refresh-authority.md).

Each row starts Pleo's side, the accounting stand-ins and one to three instances of the connect side as processes of their own, with
the built-in catalogue. It connects a pair through the pages, lets the access token of one end fall due by moving the clocks of all
sides, and does its fault. The provider's journal says how often which refresh token was presented and what was answered (or would
have been, where a fault kept the answer back); the connection says what became of it. Leases, deadlines and pauses are waited out in
real time.

A row whose promise speaks of a *window that nobody can close* is kept when the grant ends with that reason and nothing else suffers.
";

const PLATFORM_HEAD: &str = "\
# Races and kills of the platform side

What happens to authorisations when twenty refreshes present one token at the same moment, when a revocation meets refreshes on their
way, and when a platform process is killed in the middle of rotations. `cargo run --release -p faults -- platform` makes this page; it
exits 1 if a row is open or failed.

Each row starts `mainstay platform serve` in one or two processes on a database of its own. Authorisations come from the public doors:
a person signs in and consents, a client exchanges the code. Where it is a race, each transaction of the database waits for 2 ms before it
begins (`MAINSTAY_FAULT_POINT=slow-store:2`), so that all see the same state before anybody writes. Two processes are on PostgreSQL, as
a second process on one SQLite database is refused at its start. Afterwards introspection and a resource API say of every token that
was ever given out whether it lives.
";

/// A text that fits in a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn tried(verdict: Verdict) -> Tried {
        Tried {
            group: "kill -9",
            fault: "a | b".to_owned(),
            promise: "p".to_owned(),
            seen: "s".to_owned(),
            verdict,
            took: Duration::ZERO,
            missing: None,
        }
    }

    #[test]
    fn an_open_or_failed_row_spoils_the_table() {
        assert!(Table(vec![tried(Verdict::Held)]).holds());
        assert!(!Table(vec![tried(Verdict::Held), tried(Verdict::Open)]).holds());
        assert!(!Table(vec![tried(Verdict::Failed), tried(Verdict::Held)]).holds());
    }

    #[test]
    fn the_page_has_a_heading_for_each_group_and_a_line_for_each_row() {
        let page = Table(vec![tried(Verdict::Held), tried(Verdict::Open)]).page(Page::Refreshes);
        assert!(page.contains("## Kill -9") && page.contains("2 rows: 1 ok, 1 open, 0 failed"), "{page}");
        assert!(page.contains("| a \\| b | p | s | OPEN |"), "{page}");
    }
}
