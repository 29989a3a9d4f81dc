use std::collections::HashMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use base::Timestamp;

use crate::{GrantId, Lent};

/// Tokens in memory, so that lending one touches no database (rule 1). An entry is served while the follower has looked
/// into the store within the staleness bound, and, while the store cannot be reached, until its margin.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    entries: RwLock<HashMap<GrantId, Entry>>,
    /// The monotonic reading, in milliseconds plus one, of the follower's last successful look; 0 before the first.
    followed_at: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    lent: Lent,
    /// From when on it is due and no longer served from here; `None` for a credential that does not expire.
    due_at: Option<Timestamp>,
    /// When it was last lent, in milliseconds.
    used_at: AtomicI64,
}

/// What the memory knows of a grant.
pub(crate) enum Cached {
    /// Young, and known not to have changed within the bound: may be lent at once.
    Fresh(Lent),
    /// Young, but the store must be asked first; may be lent if the store cannot be reached.
    Unconfirmed(Lent),
    /// Not in memory, or due.
    Absent,
}

fn millis(reading: Duration) -> u64 {
    u64::try_from(reading.as_millis()).unwrap_or(u64::MAX - 1)
}

impl Cache {
    pub(crate) fn get(
        &self,
        id: GrantId,
        now: Timestamp,
        monotonic: Duration,
        staleness: Duration,
    ) -> Cached {
        let entries = self.entries.read().expect("no code panics while it holds the cache");
        let Some(entry) = entries.get(&id).filter(|entry| entry.due_at.is_none_or(|due| now < due)) else {
            return Cached::Absent;
        };
        entry.used_at.store(now.as_millis(), Ordering::Relaxed);
        let followed_at = self.followed_at.load(Ordering::Acquire);
        if followed_at > 0 && millis(monotonic) < followed_at - 1 + millis(staleness) {
            Cached::Fresh(entry.lent.clone())
        } else {
            Cached::Unconfirmed(entry.lent.clone())
        }
    }

    /// Puts in what was read from the store; an older generation never replaces a newer one.
    pub(crate) fn put(&self, lent: &Lent, due_at: Option<Timestamp>, now: Timestamp) {
        let mut entries = self.entries.write().expect("no code panics while it holds the cache");
        if entries.get(&lent.grant).is_some_and(|entry| entry.lent.generation > lent.generation) {
            return;
        }
        let used_at = AtomicI64::new(now.as_millis());
        entries.insert(lent.grant, Entry { lent: lent.clone(), due_at, used_at });
    }

    /// Drops an entry of a generation below `generation`.
    pub(crate) fn drop_older(&self, id: GrantId, generation: u64) {
        let mut entries = self.entries.write().expect("no code panics while it holds the cache");
        if entries.get(&id).is_some_and(|entry| entry.lent.generation < generation) {
            entries.remove(&id);
        }
    }

    /// Drops an entry whatever it holds.
    pub(crate) fn drop_entry(&self, id: GrantId) {
        self.entries.write().expect("no code panics while it holds the cache").remove(&id);
    }

    /// The follower has seen every change up to a look that began at `monotonic`.
    pub(crate) fn followed(&self, monotonic: Duration) {
        self.followed_at.fetch_max(millis(monotonic) + 1, Ordering::AcqRel);
    }

    /// The last look of the follower is not to be trusted any more.
    pub(crate) fn clear(&self) {
        self.entries.write().expect("no code panics while it holds the cache").clear();
    }

    /// Who was lent since `since`, and forgets entries that are due: those are read anew when wanted.
    pub(crate) fn sweep(&self, now: Timestamp, since: Timestamp) -> Vec<(GrantId, Timestamp)> {
        let mut entries = self.entries.write().expect("no code panics while it holds the cache");
        let mut used = Vec::new();
        entries.retain(|id, entry| {
            let at = Timestamp::from_millis(*entry.used_at.get_mut());
            if at >= since {
                used.push((*id, at));
            }
            entry.due_at.is_none_or(|due| now < due)
        });
        used.sort_unstable();
        used
    }
}

#[cfg(test)]
mod tests;
