use std::time::Duration;

use base::Timestamp;

use crate::RestoreSign;

/// A database that several can have open and that others went on with was perhaps put back if none has marked it for so long.
const WITHOUT_HEARTBEAT: Duration = Duration::from_mins(10);
/// How often, and at what distance, an instance without memory looks whether another one marks the database: for five seconds.
const GLANCES: u32 = 20;
const GLANCE_EVERY: Duration = Duration::from_millis(250);

/// What an instance finds in a database, as far as it can be held against what it remembers of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The position of the counter that is remembered.
    pub position: u64,
    /// Whether there is anything in it yet that a restore could bring back.
    pub is_begun: bool,
    /// When an instance marked it last.
    pub marked_at: Option<Timestamp>,
    /// Whether only one process at a time can have it open, so that nobody else can go on with it meanwhile.
    pub is_exclusive: bool,
    /// Whether the position rises with every mark. Then one that is remembered to the number says that nobody has gone on since.
    pub counts_marks: bool,
}

impl Found {
    /// What makes it look as if it had been restored from a backup. Where only memory is missing and others may have it open, one of
    /// them may vouch for it.
    pub fn sign(&self, remembered: Option<u64>, now: Timestamp) -> Option<RestoreSign> {
        let silent = || self.marked_at.is_none_or(|at| now.since(at) > WITHOUT_HEARTBEAT);
        match remembered {
            Some(seen) if seen > self.position => Some(RestoreSign::StepBack),
            _ if !self.is_begun => None,
            None => Some(RestoreSign::NoMemory),
            Some(_) if self.is_exclusive => None,
            Some(seen) if self.counts_marks && seen == self.position => None,
            Some(_) => silent().then_some(RestoreSign::NoHeartbeat),
        }
    }

    /// The same, and where only memory is missing it takes up to five seconds to see whether another instance is there: `has_moved`
    /// looks whether the marks are other ones than those that were found.
    pub async fn sign_unless_vouched_for<Looking, Error>(
        self,
        remembered: Option<u64>,
        now: Timestamp,
        has_moved: impl FnMut() -> Looking,
    ) -> Result<Option<RestoreSign>, Error>
    where
        Looking: Future<Output = Result<bool, Error>>,
    {
        let sign = self.sign(remembered, now);
        if sign == Some(RestoreSign::NoMemory) && !self.is_exclusive && is_vouched_for(has_moved).await? {
            tracing::info!(
                event = "continuity.vouched_for",
                "this instance remembers nothing; another one that marks the database vouches for it"
            );
            return Ok(None);
        }
        Ok(sign)
    }
}

/// Whether another instance marks the database now. What stands in a restored copy does not change by itself, and nobody marks a
/// database without having compared it with what it remembers: whoever does would have raised a doubt. So an instance on a
/// fresh machine needs no memory of its own. No clocks are compared.
async fn is_vouched_for<Looking, Error>(mut has_moved: impl FnMut() -> Looking) -> Result<bool, Error>
where
    Looking: Future<Output = Result<bool, Error>>,
{
    for _ in 0..GLANCES {
        tokio::time::sleep(GLANCE_EVERY).await;
        if has_moved().await? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
