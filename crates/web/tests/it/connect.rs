//! The connect side's doors, from outside: a browser, a backend and an operator over HTTP, on a database in memory, with
//! providers that say yes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod acts;
mod api;
mod app;
mod browser;
mod operators;
mod walk;
