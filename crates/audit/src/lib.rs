//! What was done by whom.
//!
//! An [`AuditEvent`] is made where something is decided, turned into an [`AuditRecord`] by the [`Auditor`] (id, moment,
//! keyed check) and handed to the port that does the act, which appends it in the same transaction: no act without its
//! record, no record without its act. An event holds no secrets: its data are short texts that its author chose.
//!
//! The check of a record tells that it was changed. That one is missing, was put elsewhere or was cut off at the end is told by the
//! [`Chain`]: what has gathered is sealed in [`Block`]s, each under a check over its records and the block before, and the end of the
//! chain is remembered outside the database (`docs/adr/0004`). Refusals, of which a stranger can cause any number, are recorded
//! within bounds by the [`Ledger`].

mod auditor;
mod block;
mod chain;
mod event;
mod head_memory;
mod ledger;
mod record;
mod rotation;
mod store;

pub use auditor::{Auditor, VerifyError};
pub use block::{Block, Head, SealOutcome};
pub use chain::{Chain, Problem, Sealing, Verification, VerificationError};
pub use event::{Actor, AuditEvent, Origin};
pub use head_memory::{HeadFile, HeadInProcess, HeadMemory};
pub use ledger::Ledger;
pub use record::{AuditId, AuditRecord};
pub use rotation::{Rotation, RotationGap, RotationStore, reached, verify_reached, verify_rotations};
pub use store::{ExportFilter, Filter, Store};
