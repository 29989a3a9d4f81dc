//! A deterministic simulation of several instances of the refresh authority, the providers that they refresh at, and a network
//! between them. `docs/simulation.md` says what is simulated and how to read the report.

mod check;
mod clock;
mod deliberate;
mod dice;
mod disk;
mod http;
mod instance;
mod journal;
mod life;
mod plan;
mod provider;
mod report;
mod run;
mod scene;
mod store;
mod token;
mod wire;

pub use check::{Findings, Invariant, Violation, Window, check};
pub use deliberate::DeliberateFault;
pub use journal::{Entry, Event, Journal, Place};
pub use plan::{Options, Plan, RotationKind};
pub use report::{Report, Tally};
pub use run::{Record, run, watch_panics};
