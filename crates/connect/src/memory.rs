use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, StoreError};

/// How long a store is waited for where there is something in memory.
const PATIENCE: Duration = Duration::from_secs(1);

/// Rows in memory: used for a bounded time after the last look into the store, and beyond it only while the store cannot be
/// reached (`refresh-authority` rule 1). This process drops what it writes itself; others follow within the bound.
pub(crate) struct Memory<K, V> {
    entries: moka::sync::Cache<K, (Duration, Arc<V>)>,
    staleness: Duration,
}

impl<K: Eq + Hash + Send + Sync + Copy + 'static, V: Send + Sync + 'static> Memory<K, V> {
    pub(crate) fn new(staleness: Duration) -> Self {
        Self { entries: moka::sync::Cache::new(100_000), staleness }
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
        let known = self.entries.get(&key);
        // Taken before the look into the store, so that the entry is never held to be younger than it is.
        let looked_at = clock.monotonic();
        if let Some((at, value)) = &known
            && looked_at.saturating_sub(*at) < self.staleness
        {
            return Ok(Some(value.clone()));
        }
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
                self.entries.insert(key, (looked_at, value.clone()));
                Ok(Some(value))
            }
            Ok(None) => {
                self.entries.invalidate(&key);
                Ok(None)
            }
            Err(StoreError::Unavailable(why)) => {
                known.map(|(_, value)| Some(value)).ok_or(StoreError::Unavailable(why))
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn forget(&self, key: &K) {
        self.entries.invalidate(key);
    }
}

#[cfg(test)]
mod tests;
