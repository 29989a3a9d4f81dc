//! The authority over the memory store, against a provider that has state.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]

mod answers;
mod faults;
mod lending;
mod provider;
mod restores;
mod rotation;
mod stage;
