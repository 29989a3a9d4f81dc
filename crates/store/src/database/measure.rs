use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base::{Clock, StoreError};
use metrics::{Counter, Histogram};

use crate::{Side, Tx};

/// What is measured of one database's transactions. The handles are kept, as finding them by their labels costs more than counting.
#[derive(Debug)]
pub(super) struct Measures {
    clock: Arc<dyn Clock>,
    side: &'static str,
    by_name: RwLock<HashMap<&'static str, Arc<Handles>>>,
}

struct Handles {
    duration: Histogram,
    total: Counter,
}

impl std::fmt::Debug for Handles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handles")
    }
}

impl Measures {
    pub(super) fn new(clock: &Arc<dyn Clock>, side: Side) -> Self {
        let side = match side {
            Side::Connect => "connect",
            Side::Platform => "platform",
            Side::Sandbox => "sandbox",
        };
        Self { clock: Arc::clone(clock), side, by_name: RwLock::default() }
    }

    /// Begins to measure one transaction under its name.
    pub(super) fn start(&self, name: &'static str) -> Measure {
        let handles = self.handles(name);
        let (clock, started) = (Arc::clone(&self.clock), self.clock.monotonic());
        Measure { clock, started, side: self.side, name, handles, runs: Arc::default() }
    }

    fn handles(&self, name: &'static str) -> Arc<Handles> {
        if let Some(known) = self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Arc::clone(known);
        }
        let labels = [("side", self.side), ("transaction", name)];
        let made = Arc::new(Handles {
            duration: metrics::histogram!("mainstay_transaction_duration_seconds", &labels),
            total: metrics::counter!("mainstay_transactions_total", &labels),
        });
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_name.entry(name).or_insert(made))
    }
}

/// The measuring of one transaction.
pub(super) struct Measure {
    clock: Arc<dyn Clock>,
    started: Duration,
    side: &'static str,
    name: &'static str,
    handles: Arc<Handles>,
    runs: Arc<AtomicU64>,
}

impl Measure {
    /// The same closure, with its runs counted.
    pub(super) fn counting<T, F>(
        &self,
        mut work: F,
    ) -> impl FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static + use<T, F>
    where
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let runs = Arc::clone(&self.runs);
        move |tx| {
            runs.fetch_add(1, Ordering::Relaxed);
            work(tx)
        }
    }

    pub(super) fn finish<T>(self, result: &Result<T, StoreError>) {
        let labels = [("side", self.side), ("transaction", self.name)];
        let taken = self.clock.monotonic().saturating_sub(self.started);
        self.handles.duration.record(taken.as_secs_f64());
        self.handles.total.increment(1);
        let runs = self.runs.load(Ordering::Relaxed);
        if runs > 1 {
            metrics::counter!("mainstay_transaction_retries_total", &labels).increment(runs - 1);
        }
        if let Err(error) = result {
            let labels = [("side", self.side), ("transaction", self.name), ("error", kind(error))];
            metrics::counter!("mainstay_transaction_errors_total", &labels).increment(1);
        }
    }
}

fn kind(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "unavailable",
        StoreError::NotWritable(_) => "not_writable",
        StoreError::Duplicate(_) => "duplicate",
        StoreError::Corrupt(_) => "corrupt",
        StoreError::Statement(_) => "statement",
    }
}

#[cfg(test)]
mod tests;
