//! What was done by whom.
//!
//! An [`AuditEvent`] is made where something is decided, turned into an [`AuditRecord`] by the [`Auditor`] (id, moment,
//! keyed check) and handed to the port that does the act, which appends it in the same transaction: no act without its
//! record, no record without its act. An event holds no secrets: its data are short texts that its author chose.

mod auditor;
mod event;
mod record;
mod store;

pub use auditor::{Auditor, VerifyError};
pub use event::{Actor, AuditEvent, Origin};
pub use record::{AuditId, AuditRecord};
pub use store::{Filter, Store};
