//! The audit log on a database in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;
mod ledger;
mod world;
