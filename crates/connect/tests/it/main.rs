//! The connect side over the memory store, against providers that have state.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod following;
mod lending;
mod proxy;
mod refusals;
mod stage;
mod story;
mod world;
