//! The authority over the memory store, against a provider that has state.

mod faults;
mod lending;
mod provider;
mod rotation;
mod stage;
