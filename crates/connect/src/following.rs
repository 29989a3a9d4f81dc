//! Following what other processes change, so that a connection in memory needs no look of its own (`refresh-authority` rule 1).

use std::time::Duration;

use base::StoreError;
use tokio_util::sync::CancellationToken;

use crate::Connect;

/// How often changes are looked for.
const LOOK: Duration = Duration::from_millis(500);
/// How many events are read at a time.
const BATCH: u32 = 1000;

impl Connect {
    pub(crate) async fn follow(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.follow_once().await {
                tracing::warn!(%error, "changes of connections cannot be followed; each is looked at by itself");
            }
            let _stopped_or_time = tokio::time::timeout(LOOK, stop.cancelled()).await;
        }
    }

    /// Looks for changes of connections now, instead of at the next poll.
    pub async fn follow_once(&self) -> Result<(), StoreError> {
        let connections = &self.inner.connections;
        let reached = || *self.inner.followed_to.lock().expect("no code panics while it holds this");
        let reach = |position| {
            *self.inner.followed_to.lock().expect("no code panics while it holds this") = Some(position);
        };
        let begun = self.clock().monotonic();
        let Some(mut position) = reached() else {
            reach(self.store().last_position().await?);
            connections.begin_hearing(self.clock().monotonic());
            return Ok(());
        };
        loop {
            let found = self.store().told_after(position, BATCH).await?;
            if found.newest < position {
                // The database was put back under a running process: any row may be another one than before.
                tracing::warn!("events that were there are gone; every connection is looked at again");
                reach(found.newest);
                connections.begin_hearing(self.clock().monotonic());
                return Ok(());
            }
            for (told, connection) in &found.told {
                connections.forget(connection);
                position = *told;
            }
            reach(position);
            if found.told.len() < BATCH as usize {
                connections.heard(begun, self.clock().monotonic());
                return Ok(());
            }
        }
    }
}
