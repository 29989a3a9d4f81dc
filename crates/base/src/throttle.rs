use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Beyond so many keys the finished ones are cleared away; see [`Throttle::count`].
const MOST_KEYS: usize = 50_000;

/// Counts for each key in windows of fixed length, and says when one has reached its limit. In this process alone, and in bounded
/// memory: it slows somebody down, it is no proof against anything.
pub struct Throttle<K> {
    limit: u32,
    window: Duration,
    windows: Mutex<HashMap<K, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    started: Duration,
    count: u32,
}

impl<K: Eq + Hash> Throttle<K> {
    /// At most `limit` for each key in each `window`, which begins with the first.
    pub fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window, windows: Mutex::default() }
    }

    /// How long this key has to wait, if it has to. `monotonic` is that of the clock. The key is made only where anything was counted at all.
    pub fn pause(&self, key: impl FnOnce() -> K, monotonic: Duration) -> Option<Duration> {
        let windows = self.lock();
        if windows.is_empty() {
            return None;
        }
        self.left(windows.get(&key())?, monotonic)
    }

    /// Counts one. If there are too many keys, those whose window is over are forgotten; then those that have not reached the limit;
    /// and in the end all.
    pub fn count(&self, key: K, monotonic: Duration) {
        self.enter(&mut self.lock(), key, monotonic);
    }

    /// Counts one, unless the limit is reached: then, how long to wait.
    pub fn admit(&self, key: K, monotonic: Duration) -> Result<(), Duration> {
        let mut windows = self.lock();
        if let Some(pause) = windows.get(&key).and_then(|window| self.left(window, monotonic)) {
            return Err(pause);
        }
        self.enter(&mut windows, key, monotonic);
        Ok(())
    }

    fn left(&self, window: &Window, monotonic: Duration) -> Option<Duration> {
        let left = (window.started + self.window).checked_sub(monotonic)?;
        (window.count >= self.limit && !left.is_zero()).then_some(left)
    }

    fn enter(&self, windows: &mut HashMap<K, Window>, key: K, monotonic: Duration) {
        let is_over = |window: &Window| window.started + self.window <= monotonic;
        if windows.len() >= MOST_KEYS && !windows.contains_key(&key) {
            windows.retain(|_, window| !is_over(window));
            if windows.len() >= MOST_KEYS {
                windows.retain(|_, window| window.count >= self.limit);
            }
            if windows.len() >= MOST_KEYS {
                windows.clear();
            }
        }
        let fresh = Window { started: monotonic, count: 0 };
        let window = windows.entry(key).or_insert(fresh);
        if is_over(window) {
            *window = fresh;
        }
        window.count = window.count.saturating_add(1);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> fmt::Debug for Throttle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("limit", &self.limit)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
