//! A short selection of the tables, of rows that need not wait for a minute, against the binary that `cargo test` has built.

use std::process::ExitCode;

use faults::{Binary, Ground, Tried, Verdict, platform, rows};
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

/// Trials of the platform side, with so many rounds here. `cargo run --release -p faults -- platform` has a thousand.
const PLATFORM: [(&str, u32); 9] = [
    ("twenty refreshes at once: strict, SQLite, one process", 5),
    ("twenty refreshes at once: retry window, SQLite, one process", 10),
    ("twenty refreshes at once: strict, PostgreSQL, two processes", 5),
    ("twenty refreshes at once: retry window, PostgreSQL, two processes", 10),
    ("a revocation races refreshes: at the revocation endpoint, PostgreSQL, two processes", 30),
    ("a revocation races refreshes: the client removed on its page, PostgreSQL, two processes", 120),
    ("a revocation races refreshes: the client suspended on its page, PostgreSQL, two processes", 80),
    ("kill -9 in the middle of rotations: SQLite, one process", 40),
    ("kill -9 in the middle of rotations: PostgreSQL, two processes", 40),
];

fn main() -> ExitCode {
    let mut cases = Cases::new();
    for name in SELECTION {
        cases.asynchronous(name, move || async move {
            let row = rows::all().into_iter().find(|row| row.name() == name);
            let row = row.ok_or_else(|| CaseError::Failed("there is no such row".to_owned()))?;
            let ground = Ground::new(Binary::beside().map_err(failed)?, None).map_err(failed)?;
            judge(row.run(&ground).await)
        });
    }
    for (name, rounds) in PLATFORM {
        cases.asynchronous(name, move || async move {
            let trial = platform::all(rounds).into_iter().find(|trial| trial.name() == name);
            let trial = trial.ok_or_else(|| CaseError::Failed("there is no such trial".to_owned()))?;
            let ground = Ground::new(Binary::beside().map_err(failed)?, None).map_err(failed)?;
            judge(trial.run(&ground).await)
        });
    }
    cases.run()
}

fn judge(tried: Tried) -> Result<(), CaseError> {
    match (tried.verdict, tried.missing) {
        (Verdict::Held, _) => Ok(()),
        (_, Some(missing)) => Err(missing.into()),
        (verdict, None) => {
            Err(CaseError::Failed(format!("{verdict}; promised: {}; seen: {}", tried.promise, tried.seen)))
        }
    }
}
