//! Walks that nobody finished: what was signed in on them is forgotten.

use base::StoreError;

use super::WalkError;
use crate::Connect;

/// How many are looked at together.
const BATCH: u32 = 50;

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
}
