use std::sync::Arc;

use base::{Clock, Entropy};
use seal::{Keys, Purpose};

use crate::{AuditEvent, AuditId, AuditRecord, Block};

/// What the check is over.
const CONTEXT: &str = "audit record 1";
/// What the check of a block is over.
const BLOCK_CONTEXT: &str = "audit block 1";
/// Stands for the check of the block before the first.
pub(crate) const NO_BLOCK: [u8; 32] = [0; 32];

/// Turns events into records: gives them id, moment and keyed check.
#[derive(Debug, Clone)]
pub struct Auditor {
    pub(crate) keys: Arc<Keys>,
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

    /// The block that holds these records, at least one, behind `previous`.
    pub(crate) fn seal(&self, previous: Option<&Block>, records: &[AuditRecord]) -> Block {
        let key = self.keys.current(Purpose::Audit);
        let mut block = Block {
            number: previous.map_or(1, |block| block.number + 1),
            first: previous.map_or(1, |block| block.last() + 1),
            count: u32::try_from(records.len()).expect("a block holds a few hundred records"),
            sealed_at: self.clock.now(),
            mac: NO_BLOCK,
            key_id: key.id().clone(),
        };
        let checks: Vec<_> = records.iter().map(|record| record.mac).collect();
        let parts = block_parts(previous.map_or(NO_BLOCK, |block| block.mac), &block, &checks);
        block.mac = key.mac(BLOCK_CONTEXT, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        block
    }

    /// Whether a block is as it was sealed, with records of these checks, behind a block of that check.
    pub(crate) fn verify_block(
        &self,
        previous: [u8; 32],
        block: &Block,
        checks: &[[u8; 32]],
    ) -> Result<(), VerifyError> {
        let key = self.keys.by_id(Purpose::Audit, &block.key_id).ok_or(VerifyError::UnknownKey)?;
        let parts = block_parts(previous, block, checks);
        let parts = parts.iter().map(Vec::as_slice).collect::<Vec<_>>();
        if key.verify(BLOCK_CONTEXT, &parts, &block.mac) { Ok(()) } else { Err(VerifyError::Changed) }
    }
}

fn block_parts(previous: [u8; 32], block: &Block, checks: &[[u8; 32]]) -> Vec<Vec<u8>> {
    vec![
        block.number.to_be_bytes().to_vec(),
        block.first.to_be_bytes().to_vec(),
        block.count.to_be_bytes().to_vec(),
        block.sealed_at.as_millis().to_be_bytes().to_vec(),
        previous.to_vec(),
        checks.concat(),
    ]
}

#[cfg(test)]
mod tests;
