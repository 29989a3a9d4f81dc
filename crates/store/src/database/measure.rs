use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, StoreError};

use crate::{Side, Tx};

/// Measures one transaction under its name.
pub(super) struct Measure {
    clock: Arc<dyn Clock>,
    started: Duration,
    side: &'static str,
    name: &'static str,
    runs: Arc<AtomicU64>,
}

impl Measure {
    pub(super) fn start(clock: &Arc<dyn Clock>, side: Side, name: &'static str) -> Self {
        let side = match side {
            Side::Connect => "connect",
            Side::Platform => "platform",
            Side::Sandbox => "sandbox",
        };
        Self { clock: Arc::clone(clock), started: clock.monotonic(), side, name, runs: Arc::default() }
    }

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
        metrics::histogram!("mainstay_transaction_duration_seconds", &labels).record(taken.as_secs_f64());
        metrics::counter!("mainstay_transactions_total", &labels).increment(1);
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
