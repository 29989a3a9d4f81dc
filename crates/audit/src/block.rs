use base::Timestamp;
use seal::MacKeyId;
use serde::{Deserialize, Serialize};

/// A piece of the chain: which records were sealed together, under a check over all of them and over the block before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Counts from 1 without gaps.
    pub number: u64,
    /// The position of its first record; positions count from 1 without gaps.
    pub first: u64,
    /// How many records; at least one.
    pub count: u32,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// The keyed check over all of the above, the check of the block before, and the checks of its records in their order.
    pub mac: [u8; 32],
    /// The key of the check.
    pub key_id: MacKeyId,
}

impl Block {
    /// The position of its last record.
    pub fn last(&self) -> u64 {
        self.first + u64::from(self.count) - 1
    }

    /// What is remembered of it outside the database.
    pub fn head(&self) -> Head {
        Head { block: self.number, position: self.last(), mac: self.mac }
    }
}

/// The end of the chain, as it is remembered outside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the last block.
    pub block: u64,
    /// The position of its last record.
    pub position: u64,
    /// Its check.
    #[serde(skip)]
    pub mac: [u8; 32],
}

/// Whether a block was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum SealOutcome {
    /// It was.
    Sealed,
    /// Somebody else has sealed meanwhile, or a record is not there any more: nothing was written.
    Moved,
}
