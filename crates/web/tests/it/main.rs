//! The doors of both sides from outside: one binary for all of them.

mod look;
mod sandbox;
mod platform;
