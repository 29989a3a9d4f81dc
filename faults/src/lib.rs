//! Real processes that are ended, stopped and cut off in the middle of a refresh.
//!
//! Each row of the table starts the real binary as it is run in earnest: Pleo's side, the accounting stand-ins, and one to three
//! instances of the connect side on SQLite or PostgreSQL. It connects a pair through the public doors, lets a token fall due, does its
//! fault, and compares what was promised with what the provider's journal and the connection show.
//!
//! The trials of [`platform`] do the same to Pleo's side alone: races of refreshes and revocations, and kill -9 in the middle of them.

mod binary;
mod namespace;
pub mod platform;
mod process;
mod row;
pub mod rows;
mod scene;
mod seeds;
mod table;
mod watch;

pub use binary::Binary;
pub use row::{Outcome, Row, Tried, Verdict};
pub use scene::DatabaseKind;
pub use scene::Ground;
pub use seeds::Provider;
pub use table::{Page, Table};
