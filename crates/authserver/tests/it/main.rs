//! The engine over the database in memory: what a client and a person see of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authorization;
mod bounds;
mod clients;
mod exchange;
mod faults;
mod introspection;
mod refresh;
mod registration;
mod registration_api;
mod retry_window;
mod revocation;
mod stand_ins;
mod told_apart;
mod world;
