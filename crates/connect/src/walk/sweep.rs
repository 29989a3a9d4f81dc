//! Walks that nobody finished: what was signed in on them is forgotten. Walks that are over are deleted some time later.

use std::time::Duration;

use base::StoreError;

use super::WalkError;
use crate::Connect;

/// How many are looked at together.
const BATCH: u32 = 50;
/// How long a walk that is over is kept after its link has expired, for whoever asks what became of it.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// How many of those are deleted together.
const DELETED: u32 = 1000;

impl Connect {
    /// Cancels walks whose time is over. Their grants hang on nothing else; they are forgotten here and end at the provider by
    /// themselves, as ending them there could reach further than this walk. Returns how many there were.
    pub async fn sweep_walks(&self) -> Result<usize, StoreError> {
        let abandoned = self.store().abandoned_sessions(self.now(), BATCH).await?;
        let count = abandoned.len();
        for session in abandoned {
            let id = session.id;
            let Ok(flow) = session.flow.clone().cancel() else { continue };
            match self.step(session, flow, None, None, &[]).await {
                Ok(_) => tracing::info!(session.id = %id, "a walk that nobody finished was cleared away"),
                // Somebody finished it in this moment.
                Err(WalkError::Store(error)) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(count)
    }

    /// Deletes walks that have been over for 30 days. What was made on them stays. Returns how many there were.
    pub async fn delete_finished_walks(&self) -> Result<usize, StoreError> {
        let deleted = self.store().delete_finished_sessions(self.now() - KEPT, DELETED).await?;
        if deleted > 0 {
            tracing::debug!(deleted, "walks that were over for 30 days are gone");
        }
        Ok(deleted)
    }
}
