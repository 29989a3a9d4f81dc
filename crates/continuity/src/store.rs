use async_trait::async_trait;
use base::{StoreError, Timestamp};

use crate::Doubt;

/// What a database says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How often it was marked; 0 where no server has ever run on it.
    pub beats: u64,
    /// When it was marked last.
    pub beat_at: Option<Timestamp>,
    /// Whether it looks restored and waits for the operator.
    pub doubt: Option<Doubt>,
    /// Whether only one process at a time can have it open, so that nobody else can go on with it meanwhile.
    pub is_exclusive: bool,
}

/// The marks of a side's database. Each method is one transaction.
#[async_trait]
pub trait Store: Send + Sync {
    /// How it stands.
    async fn standing(&self) -> Result<Standing, StoreError>;

    /// Marks it, unless a doubt stands; gives how it stands afterwards.
    async fn beat(&self, now: Timestamp) -> Result<Standing, StoreError>;

    /// Writes a doubt down. One that stands already stays, with the higher of what is remembered. Whether it is new.
    async fn raise_doubt(&self, doubt: &Doubt) -> Result<bool, StoreError>;

    /// Ends the doubt and raises the beats above what any instance remembered, so that none of them doubts again. Gives the doubt
    /// that stood.
    async fn accept(&self, now: Timestamp) -> Result<Option<Doubt>, StoreError>;
}
