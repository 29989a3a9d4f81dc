//! The stand-ins and the switches, over HTTP.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod catalogue;
mod flows;
mod switches;
mod world;
