//! The doors of both sides from outside: one binary for all of them.

mod connect;
mod look;
mod platform;
mod sandbox;
