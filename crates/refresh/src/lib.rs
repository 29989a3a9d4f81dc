//! The refresh authority: the one place where credentials are refreshed, and from which they are lent.
//!
//! When Pleo answers a refresh, every earlier token of that authorisation is dead at once (facts 6). Two refreshes at the
//! same time, or one whose answer is lost, can cost a customer the connection. The rules against it are numbered in
//! `docs/refresh-authority.md`; "rule n" in this crate means those.

mod authority;
mod background;
mod breaker;
mod cache;
mod directory;
mod event;
mod flight;
mod gate;
mod grant;
mod lease;
mod lend;
mod margin;
mod measures;
mod new_grant;
mod outcome;
mod record;
mod restored;
mod settings;
mod settling;
/// Where an answer goes that the store does not take (rule 7).
pub mod spill;
mod store;
mod storing;
mod token_endpoint;
mod unknown;
mod words;

pub use continuity::{Memory, MemoryFile, MemoryInProcess, RestoreSign};

pub use authority::{Authority, Parts, Rejected};
pub use directory::{Directory, ProviderAccess};
pub use event::{GrantChange, GrantEvent, NumberedGrantEvent};
pub use gate::CallPermit;
pub use grant::{
    AttemptId, AttemptKind, CredentialKind, DegradedReason, EndReason, Grant, GrantId, GrantKind, GrantState,
    Lease, Marker, SealedCredential,
};
pub use lease::LeaseProof;
pub use lend::{LendError, Lent};
pub use margin::MarginPolicy;
pub use new_grant::{GivenCredential, NewCredential};
pub use outcome::{Answered, Outcome, classify};
pub use record::{AttemptOutcome, AttemptRecord, Cause};
pub use settings::Settings;
pub use store::{DueGrant, Epoch, Failure, LeaseAnswer, Rotation, RotationStored, Store};
pub use token_endpoint::{QuestionAnswer, TokenEndpoint};
