//! The authority over the memory store, against a provider that has state.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]

mod answers;
mod background;
mod doubts;
mod faults;
mod keys;
mod leases;
mod lending;
mod measures;
mod outages;
mod overtaken;
mod provider;
mod restores;
mod rotation;
mod shared;
mod stage;
mod vouching;
