//! What tests of several crates need: databases of every kind, parts of a machine that can be missing, a harness that says what was
//! left out, and a TCP proxy that fails on demand.

pub mod databases;
pub mod harness;
mod part;
mod proxy;

pub use part::{Missing, Part, is_required};
pub use proxy::{Flow, Proxy};
