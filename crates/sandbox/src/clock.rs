use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base::{ShiftedClock, StoreError};
use tokio_util::sync::CancellationToken;

/// How often a process looks whether another one has moved the clock. Well under the second that is promised.
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// The furthest the clock may be moved in one go: a hundred years of seconds.
const FURTHEST_SECONDS: i64 = 3_155_760_000;

/// Where the offset of a side's clock is kept: its database, so that all processes on it see the same time.
#[async_trait]
pub trait ClockOffset: Send + Sync {
    /// By how much the clock is ahead, in milliseconds.
    async fn clock_offset_millis(&self) -> Result<i64, StoreError>;
    /// Adds to the offset, whoever else does so at the same time. Returns the sum.
    async fn add_clock_offset(&self, millis: i64) -> Result<i64, StoreError>;
    /// Back to the machine's time.
    async fn reset_clock_offset(&self) -> Result<(), StoreError>;
}

/// Why the clock was not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// Too far.
    #[error("the clock is moved by at most {FURTHEST_SECONDS} seconds at a time, in either direction")]
    TooFar,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves the clock of one side.
pub struct ClockSwitch {
    clock: Arc<ShiftedClock>,
    store: Arc<dyn ClockOffset>,
}

impl std::fmt::Debug for ClockSwitch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClockSwitch").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl ClockSwitch {
    /// A switch for `clock`, whose offset is kept in `store`.
    pub fn new(clock: Arc<ShiftedClock>, store: Arc<dyn ClockOffset>) -> Self {
        Self { clock, store }
    }

    /// Moves the clock, here at once and in other processes when they look.
    pub async fn advance(&self, seconds: i64) -> Result<(), ClockError> {
        if seconds.abs() > FURTHEST_SECONDS {
            return Err(ClockError::TooFar);
        }
        let offset = self.store.add_clock_offset(seconds * 1000).await?;
        self.clock.set_offset_millis(offset);
        tracing::info!(seconds, offset_millis = offset, "sandbox.clock.moved");
        Ok(())
    }

    /// Back to the machine's time.
    pub async fn reset(&self) -> Result<(), ClockError> {
        self.store.reset_clock_offset().await?;
        self.clock.set_offset_millis(0);
        tracing::info!("sandbox.clock.reset");
        Ok(())
    }

    /// The clock that is moved.
    pub fn clock(&self) -> &Arc<ShiftedClock> {
        &self.clock
    }

    /// Takes over what the database says now. To be awaited once before serving.
    pub async fn follow_once(&self) -> Result<(), StoreError> {
        self.clock.set_offset_millis(self.store.clock_offset_millis().await?);
        Ok(())
    }

    /// Follows the database until `shutdown`: to be spawned on the side's tracker.
    pub async fn follow(&self, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if let Err(error) = self.follow_once().await {
                // The clock stays where it is; the next look is near.
                tracing::warn!(%error, "sandbox.clock.unknown");
            }
        }
    }
}

#[cfg(test)]
mod tests;
