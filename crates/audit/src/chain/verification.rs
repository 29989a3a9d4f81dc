use std::time::Duration;

use base::{StoreError, Timestamp};
use serde::Serialize;

use super::Chain;
use crate::auditor::NO_BLOCK;
use crate::{AuditId, Block, Head, VerifyError};

/// How many blocks are read at once.
const BLOCKS: u32 = 100;
/// How many waiting records are read at once.
const WAITING: u32 = 500;
/// A record that has waited for so long although it was just tried to seal it cannot be sealed.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Why it could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is remembered outside the database cannot be read or written.
    #[error("what is remembered of the audit log outside the database cannot be used: {0}")]
    Memory(#[from] std::io::Error),
}

/// The first thing that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: `block 3`, `position 17`, `record aud_…`.
    pub place: String,
    /// What is wrong there, as a sentence.
    pub what: String,
}

/// What was verified, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Blocks that are in order.
    pub blocks: u64,
    /// Records in them.
    pub records: u64,
    /// When the last of them was sealed.
    pub sealed_until: Option<Timestamp>,
    /// Records that wait to be sealed and are in order. That one of them is missing would not be found.
    pub waiting: u64,
    /// The end that is remembered outside the database.
    pub remembered: Option<Head>,
    /// False where there was a log and nothing was remembered of it: then it is not known whether its end was cut off before.
    pub end_is_known: bool,
    /// The first bad place, if there is one.
    pub problem: Option<Problem>,
}

impl Problem {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    fn at(position: u64, what: impl Into<String>) -> Self {
        Self::new(format!("position {position}"), what)
    }
}

/// Ends the walk: a place that is not in order, or a failure to look.
enum Stop {
    Bad(Problem),
    Failed(VerificationError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Bad(problem)
    }
}

impl Chain {
    /// Seals what waits, then walks through the whole chain up to its end, in pages, and names the first bad place.
    pub async fn verify(&self) -> Result<Verification, VerificationError> {
        let remembered = self.memory.recall().await?.filter(|head| head.block > 0);
        let end_is_known = remembered.is_some() || self.store.audit_block(None).await?.is_none();
        self.seal_waiting().await?;
        let mut found = Verification {
            blocks: 0,
            records: 0,
            sealed_until: None,
            waiting: 0,
            remembered,
            end_is_known,
            problem: None,
        };
        match self.walk(&mut found).await {
            Ok(()) => Ok(found),
            Err(Stop::Bad(problem)) => Ok(Verification { problem: Some(problem), ..found }),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    async fn walk(&self, found: &mut Verification) -> Result<(), Stop> {
        let mut last: Option<Block> = None;
        loop {
            let after = last.as_ref().map_or(0, |block| block.number);
            let blocks = self.store.audit_blocks(after, BLOCKS).await?;
            for block in &blocks {
                self.walk_block(last.as_ref(), block, found.remembered).await?;
                found.blocks += 1;
                found.records += u64::from(block.count);
                found.sealed_until = Some(block.sealed_at);
                last = Some(block.clone());
            }
            if blocks.is_empty() {
                // What lies behind the last block is a block that was sealed meanwhile, or no block's.
                let behind = last.as_ref().map_or(1, |block| block.last() + 1);
                let stray = self.store.sealed_audit(behind, 1).await?;
                let Some((position, record)) = stray.first() else { break };
                if self.store.audit_blocks(after, 1).await?.is_empty() {
                    let what = format!(
                        "record {} is there, but the log ends before it: it was put in, or the block it was in is missing",
                        record.id
                    );
                    return Err(Problem::at(*position, what).into());
                }
            }
        }
        if let Some(head) = found.remembered
            && last.as_ref().is_none_or(|block| block.number < head.block)
        {
            let (ends, seen) = (last.as_ref().map_or(0, |block| block.number), head.block);
            let what = format!(
                "the log ends here, but this instance has seen block {seen} (up to position {}): its end was cut off, or the \
                 database was restored from a backup",
                head.position
            );
            return Err(Problem::new(format!("block {ends}"), what).into());
        }
        self.walk_waiting(found).await
    }

    async fn walk_block(
        &self,
        previous: Option<&Block>,
        block: &Block,
        remembered: Option<Head>,
    ) -> Result<(), Stop> {
        let place = format!("block {}", block.number);
        let expected = previous.map_or(1, |block| block.number + 1);
        if block.number != expected {
            return Err(Problem::new(format!("block {expected}"), "the block is missing").into());
        }
        let first = previous.map_or(1, |block| block.last() + 1);
        if block.first != first || block.count == 0 {
            let what = format!("it should begin at position {first}; it was changed");
            return Err(Problem::new(place, what).into());
        }
        let records = self.store.sealed_audit(block.first, block.count).await?;
        let mut checks = Vec::with_capacity(records.len());
        for position in block.first..=block.last() {
            let record = records.get(checks.len()).filter(|(at, _)| *at == position);
            let Some((_, record)) = record else {
                return Err(Problem::at(position, "the record is missing").into());
            };
            self.auditor.verify(record).map_err(|error| {
                Problem::at(position, format!("record {}: {}", record.id, sentence(error)))
            })?;
            checks.push(record.mac);
        }
        let before = previous.map_or(NO_BLOCK, |block| block.mac);
        if let Err(error) = self.auditor.verify_block(before, block, &checks) {
            let what = match error {
                VerifyError::UnknownKey => sentence(error).to_owned(),
                VerifyError::Changed => format!(
                    "its records (positions {} to {}) are not those that were sealed, or not in that order, or the block was changed",
                    block.first,
                    block.last()
                ),
            };
            return Err(Problem::new(place, what).into());
        }
        match remembered {
            Some(head) if head.block == block.number && head.mac != block.mac => {
                let what = "it is not the block that this instance has seen under this number: the log was cut off before it and \
                            went on otherwise, as after a restored backup";
                Err(Problem::new(place, what).into())
            }
            _ => Ok(()),
        }
    }

    async fn walk_waiting(&self, found: &mut Verification) -> Result<(), Stop> {
        let now = self.clock.now();
        let mut after: Option<AuditId> = None;
        loop {
            let waiting = self.store.unsealed_audit(after, WAITING).await?;
            for record in &waiting {
                let place = format!("record {}", record.id);
                if let Err(error) = self.auditor.verify(record) {
                    return Err(
                        Problem::new(place, format!("it is not sealed, and {}", sentence(error))).into()
                    );
                }
                if now.since(record.at) > LONGEST_WAIT {
                    let what = format!("it has waited since {} and could not be sealed", record.at);
                    return Err(Problem::new(place, what).into());
                }
            }
            found.waiting += waiting.len() as u64;
            let Some(last) = waiting.last().filter(|_| waiting.len() == WAITING as usize) else { break };
            after = Some(last.id);
        }
        Ok(())
    }
}

fn sentence(error: VerifyError) -> &'static str {
    match error {
        VerifyError::UnknownKey => "its check was made with a key that this side does not have",
        VerifyError::Changed => "it is not what was written",
    }
}
