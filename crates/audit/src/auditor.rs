use std::sync::Arc;

use base::{Clock, Entropy};
use seal::{Keys, Purpose};

use crate::{AuditEvent, AuditId, AuditRecord};

/// What the check is over.
const CONTEXT: &str = "audit record 1";

/// Turns events into records: gives them id, moment and keyed check.
#[derive(Debug, Clone)]
pub struct Auditor {
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// Why a record does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The key it names is not among those of this side.
    #[error("the record names a key that is not there")]
    UnknownKey,
    /// The record was changed after it was written.
    #[error("the record was changed after it was written")]
    Changed,
}

impl Auditor {
    /// An auditor with the keys of its side.
    pub fn new(keys: Arc<Keys>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { keys, clock, entropy }
    }

    /// The record of an event that happens now.
    pub fn record(&self, event: AuditEvent) -> AuditRecord {
        let key = self.keys.current(Purpose::Audit);
        let mut record = AuditRecord {
            id: AuditId::new(&*self.clock, &*self.entropy),
            at: self.clock.now(),
            kind: event.kind.to_owned(),
            actor: event.actor.to_string(),
            subject: event.subject,
            client: event.client,
            source: event.origin.source,
            request_id: event.origin.request_id,
            data: event.data,
            mac: [0; 32],
            key_id: key.id().clone(),
        };
        let parts = record.signed_parts();
        record.mac = key.mac(CONTEXT, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        record
    }

    /// Whether a record is as it was written.
    pub fn verify(&self, record: &AuditRecord) -> Result<(), VerifyError> {
        let key = self.keys.by_id(Purpose::Audit, &record.key_id).ok_or(VerifyError::UnknownKey)?;
        let parts = record.signed_parts();
        let parts = parts.iter().map(Vec::as_slice).collect::<Vec<_>>();
        if key.verify(CONTEXT, &parts, &record.mac) { Ok(()) } else { Err(VerifyError::Changed) }
    }
}

#[cfg(test)]
mod tests;
