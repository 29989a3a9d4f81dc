//! The platform's doors, from outside: a scripted browser and a client over HTTP, on a database in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admin;
mod api;
mod app;
mod browser;
mod conformance;
mod developer;
mod keys;
mod lost_rights;
mod refusals;
mod settings;
mod walk;
mod who_has_access;
