use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use base::{Clock, StoreError};

/// How long a store is waited for where there is something in memory.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many rows are kept; one more, and all are read anew when they are wanted.
const MAX_ENTRIES: usize = 100_000;

/// Rows in memory: used for a bounded time after the last look into the store, and beyond it only while the store cannot be
/// reached (`refresh-authority` rule 1). What this process writes itself it forgets at once.
///
/// A row is looked at again by itself when it has reached that age, unless a follower hears of the changes of all rows
/// ([`Memory::heard`]): then the age of what the follower knows counts for every row that was loaded while it followed.
pub(crate) struct Memory<K, V> {
    // A plain table: a cache that keeps account of each use costs more than all the rest of lending a token.
    entries: RwLock<HashMap<K, Entry<V>>>,
    staleness: Duration,
    /// Rows that are being loaded: one that changes meanwhile may have been read before the change.
    loading: Mutex<HashMap<K, Loading>>,
    /// No change of a row that was loaded after this reading has been missed; the largest number while nobody follows.
    followed_since: AtomicU64,
    /// Every change made before this reading has been heard of.
    heard_until: AtomicU64,
}

struct Entry<V> {
    /// Taken before the look into the store, so that the entry is never held to be younger than it is.
    loaded_at: Duration,
    value: Arc<V>,
    /// Somebody has set out to look again before it is too old.
    is_renewed: AtomicBool,
}

#[derive(Default)]
struct Loading {
    loaders: usize,
    changed: bool,
}

fn nanos(reading: Duration) -> u64 {
    u64::try_from(reading.as_nanos()).unwrap_or(u64::MAX - 1)
}

impl<K: Eq + Hash + Send + Sync + Copy + 'static, V: Send + Sync + 'static> Memory<K, V> {
    pub(crate) fn new(staleness: Duration) -> Self {
        Self {
            entries: RwLock::default(),
            staleness,
            loading: Mutex::default(),
            followed_since: AtomicU64::new(u64::MAX),
            heard_until: AtomicU64::new(0),
        }
    }

    /// The entry, from memory or by `load`. What does not exist is not remembered.
    pub(crate) async fn get<F>(
        &self,
        key: K,
        clock: &dyn Clock,
        load: impl FnOnce() -> F,
    ) -> Result<Option<Arc<V>>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        let now = clock.monotonic();
        let known = {
            let entries = self.entries.read().expect("no code panics while it holds this");
            match entries.get(&key) {
                Some(entry) if self.serves(entry, now) => return Ok(Some(Arc::clone(&entry.value))),
                entry => entry.map(|entry| Arc::clone(&entry.value)),
            }
        };
        let loader = Loader::begin(self, key);
        let loaded = match &known {
            // Who can be served anyway does not wait long for a store that hangs.
            Some(_) => tokio::time::timeout(PATIENCE, load())
                .await
                .unwrap_or_else(|_| Err(StoreError::Unavailable("it does not answer".to_owned()))),
            None => load().await,
        };
        match loaded {
            Ok(Some(value)) => {
                let value = Arc::new(value);
                loader.keep(now, Arc::clone(&value));
                Ok(Some(value))
            }
            Ok(None) => {
                self.remove(&key);
                Ok(None)
            }
            Err(StoreError::Unavailable(why)) => known.map(Some).ok_or(StoreError::Unavailable(why)),
            Err(error) => Err(error),
        }
    }

    /// Whether this caller may use an entry without a look.
    fn serves(&self, entry: &Entry<V>, now: Duration) -> bool {
        // In this order: a reading of `heard_until` never comes with a `followed_since` older than its own.
        let heard_until = self.heard_until.load(Ordering::Acquire);
        let followed_since = self.followed_since.load(Ordering::Acquire);
        if nanos(entry.loaded_at) > followed_since
            && nanos(now).saturating_sub(heard_until) < nanos(self.staleness)
        {
            return true;
        }
        let age = now.saturating_sub(entry.loaded_at);
        // One caller looks again in good time, so that not all of them do at the same moment.
        let looks_ahead = age >= self.staleness / 2 && !entry.is_renewed.swap(true, Ordering::Relaxed);
        age < self.staleness && !looks_ahead
    }

    /// A row has changed.
    pub(crate) fn forget(&self, key: &K) {
        let mut loading = self.loading.lock().expect("no code panics while it holds this");
        if let Some(loading) = loading.get_mut(key) {
            loading.changed = true;
        }
        self.remove(key);
    }

    fn remove(&self, key: &K) {
        self.entries.write().expect("no code panics while it holds this").remove(key);
    }

    fn insert(&self, key: K, entry: Entry<V>) {
        let mut entries = self.entries.write().expect("no code panics while it holds this");
        if entries.len() >= MAX_ENTRIES && !entries.contains_key(&key) {
            entries.clear();
        }
        entries.insert(key, entry);
    }

    /// A follower starts, or starts again: of rows loaded after the reading `now` it will hear each change. Rows loaded before
    /// are looked at by themselves once more.
    pub(crate) fn begin_hearing(&self, now: Duration) {
        self.followed_since.store(nanos(now), Ordering::Release);
        self.heard_until.store(nanos(now), Ordering::Release);
    }

    /// The follower has told by [`Memory::forget`] of every change made before the reading `begun`; `now` is the present one.
    pub(crate) fn heard(&self, begun: Duration, now: Duration) {
        let before = self.heard_until.load(Ordering::Acquire);
        if nanos(begun).saturating_sub(before) < nanos(self.staleness) {
            self.heard_until.store(nanos(begun), Ordering::Release);
        } else {
            // Nothing is known of what happened to the store in between, a restore from a copy perhaps.
            self.begin_hearing(now);
        }
    }
}

/// A look into the store that is under way.
struct Loader<'a, K: Eq + Hash + Send + Sync + Copy + 'static, V: Send + Sync + 'static> {
    memory: &'a Memory<K, V>,
    key: K,
}

impl<'a, K: Eq + Hash + Send + Sync + Copy + 'static, V: Send + Sync + 'static> Loader<'a, K, V> {
    fn begin(memory: &'a Memory<K, V>, key: K) -> Self {
        let mut loading = memory.loading.lock().expect("no code panics while it holds this");
        loading.entry(key).or_default().loaders += 1;
        drop(loading);
        Self { memory, key }
    }

    /// Keeps what was loaded, unless it may be what the row was before a change.
    fn keep(&self, loaded_at: Duration, value: Arc<V>) {
        let loading = self.memory.loading.lock().expect("no code panics while it holds this");
        if loading.get(&self.key).is_some_and(|loading| !loading.changed) {
            let entry = Entry { loaded_at, value, is_renewed: AtomicBool::new(false) };
            self.memory.insert(self.key, entry);
        }
    }
}

impl<K: Eq + Hash + Send + Sync + Copy + 'static, V: Send + Sync + 'static> Drop for Loader<'_, K, V> {
    fn drop(&mut self) {
        let mut loading = self.memory.loading.lock().expect("no code panics while it holds this");
        if let Some(own) = loading.get_mut(&self.key) {
            own.loaders -= 1;
            if own.loaders == 0 {
                loading.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
