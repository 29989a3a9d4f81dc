//! What an integration is developed and examined against: stand-ins for accounting systems, each with the rotation of its
//! model, and the switches (faults, clock, journal, withdrawal) that the platform has too when it runs as a sandbox.
//!
//! The rules of the stand-ins are written from the documents of the real systems and not from the catalogue that the
//! connect side reads, so that a wrong entry there fails against them.

mod api;
mod booking;
mod clock;
mod faults;
mod journal;
mod kind;
mod redaction;
mod seed;
mod standin;
mod store;
mod switches;
mod system;

pub use api::{Call, CallAnswer};
pub use clock::{ClockError, ClockOffset, ClockSwitch};
pub use faults::{Endpoint, Fault, FaultError, FaultKind, Faults, Moment, Occasion};
pub use journal::{Answer, Credential, Entry, Journal, NewEntry};
pub use kind::{StandinKind, UnknownStandin};
pub use redaction::Redaction;
pub use seed::{Seed, SeedClient, SeedCompany, SeedError, SeedUser, Seeded};
pub use standin::{AskError, Asked, Decided, DecisionError, Standin, StandinPorts};
pub use store::{
    Agreement, Application, Booked, Company, Connected, ConnectionId, ConnectionKind, EntryId, EntryKind,
    NewBooking, Store,
};
pub use switches::{AccessControl, Switches, Withdrawal, WithdrawalError};
pub use system::{Reach, System};
