//! A short selection of the table, of rows that need not wait for a minute, against the binary that `cargo test` has built.

use std::process::ExitCode;

use faults::{Binary, Ground, Verdict, rows};
use testkit::harness::{CaseError, Cases, failed};

/// One row of each kind.
const SELECTION: [&str; 8] = [
    "kill -9: after the spill, Pleo, SQLite",
    "kill -9: after the commit, Fortnox, PostgreSQL",
    "kill -9: after sending, answer out, Xero, SQLite",
    "SIGSTOP, another instance takes over, SIGCONT: before the marker, Pleo, PostgreSQL",
    "the provider's token endpoint: Pleo answers after 8 s",
    "the way to PostgreSQL: cut while a request is out, kill -9, restored, started again, Pleo",
    "restored backups: an older copy is put back, Xero, SQLite",
    "200 readers of one expiring token: 2 instances on one PostgreSQL, Pleo",
];

fn main() -> ExitCode {
    let mut cases = Cases::new();
    for name in SELECTION {
        cases.asynchronous(name, move || async move {
            let row = rows::all().into_iter().find(|row| row.name() == name);
            let row = row.ok_or_else(|| CaseError::Failed("there is no such row".to_owned()))?;
            let ground = Ground::new(Binary::beside().map_err(failed)?, None).map_err(failed)?;
            let tried = row.run(&ground).await;
            match (tried.verdict, tried.missing) {
                (Verdict::Held, _) => Ok(()),
                (_, Some(missing)) => Err(missing.into()),
                (verdict, None) => Err(CaseError::Failed(format!(
                    "{verdict}; promised: {}; seen: {}",
                    tried.promise, tried.seen
                ))),
            }
        });
    }
    cases.run()
}
