use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::{AttemptId, GrantId};

/// From when on a request that may be under way cannot be so any more, on this process's own monotonic clock. The time in a marker is
/// that of another machine, or of a clock that has stepped since: trusting it, a contender would ask, or send again, too early.
#[derive(Debug, Default)]
pub(crate) struct Settling(Mutex<HashMap<GrantId, Seen>>);

#[derive(Debug)]
struct Seen {
    attempt: AttemptId,
    settled_at: Duration,
    /// The scheduler has met it too early and need not look before.
    is_put_off: bool,
}

impl Settling {
    /// When the request of this attempt has settled: `deadline` after this process wrote its marker, or saw it first.
    pub(crate) fn settled_at(
        &self,
        grant: GrantId,
        attempt: AttemptId,
        now: Duration,
        deadline: Duration,
    ) -> Duration {
        let mut seen = self.0.lock().expect("no code panics while it holds the markers");
        // What has settled long ago is of no use; forgetting it now and then keeps the map as small as what is unknown.
        if seen.len() >= 1024 && seen.len().is_power_of_two() {
            seen.retain(|_, seen| now < seen.settled_at + deadline * 10);
        }
        let first = || Seen { attempt, settled_at: now + deadline, is_put_off: false };
        let seen = seen.entry(grant).or_insert_with(first);
        if seen.attempt != attempt {
            *seen = first();
        }
        seen.settled_at
    }

    /// The scheduler has come too early: it need not look again before it has settled.
    pub(crate) fn put_off(&self, grant: GrantId) {
        let mut seen = self.0.lock().expect("no code panics while it holds the markers");
        if let Some(seen) = seen.get_mut(&grant) {
            seen.is_put_off = true;
        }
    }

    /// Whether the scheduler need not look yet.
    pub(crate) fn is_put_off(&self, grant: GrantId, now: Duration) -> bool {
        let seen = self.0.lock().expect("no code panics while it holds the markers");
        seen.get(&grant).is_some_and(|seen| seen.is_put_off && now < seen.settled_at)
    }

    /// Nothing is under way any more.
    pub(crate) fn forget(&self, grant: GrantId) {
        self.0.lock().expect("no code panics while it holds the markers").remove(&grant);
    }
}

#[cfg(test)]
mod tests;
