use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const WINDOW: Duration = Duration::from_mins(1);
/// Of longer names, the beginnings count; they are chosen by whoever sends them.
const MAX_NAME: usize = 100;
/// Beyond so many pairs the finished ones are cleared away, and if that is not enough, all.
const MAX_PAIRS: usize = 50_000;

/// Counts failed client authentications for a client and source, in windows of a minute. In this process alone: it slows
/// down guessing, it is no proof against it; the secrets are too long to be guessed.
#[derive(Debug)]
pub(crate) struct Throttle {
    limit: Option<u32>,
    windows: Mutex<HashMap<(String, String), Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    started: Duration,
    failures: u32,
}

impl Throttle {
    pub(crate) fn new(limit: Option<u32>) -> Self {
        Self { limit, windows: Mutex::default() }
    }

    /// How long this pair has to wait, if it has to.
    pub(crate) fn pause(&self, client: &str, source: &str, monotonic: Duration) -> Option<Duration> {
        let limit = self.limit?;
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get(&key(client, source))?;
        let left = (window.started + WINDOW).checked_sub(monotonic)?;
        (window.failures >= limit && !left.is_zero()).then_some(left)
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, client: &str, source: &str, monotonic: Duration) {
        if self.limit.is_none() {
            return;
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MAX_PAIRS {
            windows.retain(|_, window| window.started + WINDOW > monotonic);
            if windows.len() >= MAX_PAIRS {
                windows.clear();
            }
        }
        let window = windows.entry(key(client, source)).or_insert(Window { started: monotonic, failures: 0 });
        if window.started + WINDOW <= monotonic {
            *window = Window { started: monotonic, failures: 0 };
        }
        window.failures += 1;
    }
}

fn key(client: &str, source: &str) -> (String, String) {
    let begin = |name: &str| name.chars().take(MAX_NAME).collect();
    (begin(client), begin(source))
}

#[cfg(test)]
mod tests;
