//! The feed of events, and timelines.

use std::time::Duration;

use base::StoreError;

use crate::{Connect, ConnectionId, NumberedEvent};

/// How often a waiting reader looks for what other processes have written.
const LOOK: Duration = Duration::from_millis(500);
/// How long a reader may wait.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

impl Connect {
    /// Public events above `after`, in commit order. Where there are none it waits for up to `wait`, and then gives an empty list.
    pub async fn events(
        &self,
        after: u64,
        limit: u32,
        wait: Duration,
    ) -> Result<Vec<NumberedEvent>, StoreError> {
        let mut told = self.inner.told.subscribe();
        let events = self.store().events_after(after, limit).await?;
        if !events.is_empty() || wait.is_zero() {
            return Ok(events);
        }
        let waiting = async {
            loop {
                // This process wakes its readers itself; what others write is found by looking.
                let _woken_or_time = tokio::time::timeout(LOOK, told.changed()).await;
                let events = self.store().events_after(after, limit).await?;
                if !events.is_empty() {
                    return Ok(events);
                }
            }
        };
        tokio::time::timeout(wait.min(LONGEST_WAIT), waiting).await.unwrap_or(Ok(Vec::new()))
    }

    /// A connection's events, newest first, below `before`.
    pub async fn timeline(
        &self,
        id: ConnectionId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<NumberedEvent>, StoreError> {
        self.store().timeline(id, before, limit).await
    }
}
