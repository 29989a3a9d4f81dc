//! The authority over the memory store, against a provider that has state.

mod answers;
mod faults;
mod lending;
mod provider;
mod restores;
mod rotation;
mod stage;
