//! Look-ups run where they are asked: finding a row by its key in the system's file cache takes less time than handing the question
//! to another thread. That holds for as long as the disk answers at once; where it does not, they are handed on after all, so that
//! a slow disk holds up single requests and not the threads of the runtime.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{Clock, StoreError};

use super::connection::{Cache, open_reader};
use super::transaction::sqlite_of;
use crate::tx::Tx;

/// Look-ups that take longer than this on average come from a slow disk, or are none. A single one says nothing: the thread may have
/// had to wait for a processor.
const QUICK: Duration = Duration::from_millis(2);
/// How many of the latest make up the average, roughly.
const LATEST: u64 = 32;
/// What one alone can count, so that it takes several to tell.
const COUNTED_AT_MOST: Duration = Duration::from_millis(16);
/// When they are not quick, how long all of them are handed on.
const DETOUR: Duration = Duration::from_secs(1);
/// At this point a closure is stopped; it runs again on another thread.
const CLOSURE_LIMIT: Duration = Duration::from_millis(20);
/// Connections that are kept; as a rule there is one for each thread of the runtime.
const KEPT: usize = 4;

/// Connections for look-ups.
#[derive(Debug)]
pub(crate) struct LookUps {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    idle: Mutex<Idle>,
    /// What one takes, in microseconds, averaged over the latest.
    average: AtomicU64,
    /// Until when they are handed on, in microseconds of the monotonic clock.
    detour_until: AtomicU64,
}

#[derive(Debug, Default)]
struct Idle {
    connections: Vec<Tx>,
    closed: bool,
}

impl LookUps {
    pub(crate) fn new(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self {
            path,
            clock,
            idle: Mutex::default(),
            average: AtomicU64::new(0),
            detour_until: AtomicU64::new(0),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a closure on this thread, on one snapshot. None if it is to be run elsewhere.
    pub(crate) fn run_here<T>(
        &self,
        work: &mut impl FnMut(&mut Tx) -> Result<T, StoreError>,
    ) -> Option<Result<T, StoreError>> {
        let started = self.clock.monotonic();
        if micros(started) < self.detour_until.load(Ordering::Relaxed) {
            return None;
        }
        let result = self.attempt(work);
        self.learn(started, self.clock.monotonic());
        match result {
            // A lock of another process, or stopped for taking too long: the readers have more patience.
            Err(StoreError::Unavailable(_)) => None,
            result => Some(result),
        }
    }

    /// Takes note of what one took. Several threads may do so at once; if one of them is lost, the average is little the worse.
    fn learn(&self, started: Duration, ended: Duration) {
        let before = self.average.load(Ordering::Relaxed);
        let took = ended.saturating_sub(started).min(COUNTED_AT_MOST);
        let average = (before * (LATEST - 1) + micros(took)) / LATEST;
        if average > micros(QUICK) {
            self.detour_until.store(micros(ended + DETOUR), Ordering::Relaxed);
        }
        // Afterwards a few that are slow again are enough.
        self.average.store(average.min(micros(QUICK)), Ordering::Relaxed);
    }

    fn attempt<T>(&self, work: &mut impl FnMut(&mut Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let kept = {
            let mut idle = self.idle();
            if idle.closed {
                return Err(StoreError::Unavailable("the database is closed".to_owned()));
            }
            idle.connections.pop()
        };
        let mut tx = if let Some(tx) = kept {
            tx
        } else {
            let mut tx = open_reader(&self.path, &self.clock, Cache::Medium)?;
            sqlite_of(&mut tx).do_not_wait()?;
            tx
        };
        // A connection that fails here, or whose closure panics, is not used again.
        sqlite_of(&mut tx).control("BEGIN DEFERRED")?;
        sqlite_of(&mut tx).bound(CLOSURE_LIMIT);
        let result = work(&mut tx);
        sqlite_of(&mut tx).unbound();
        if !sqlite_of(&mut tx).is_outside_transaction() {
            sqlite_of(&mut tx).control("ROLLBACK")?;
        }
        tx.reset();
        let mut idle = self.idle();
        if !idle.closed && idle.connections.len() < KEPT {
            idle.connections.push(tx);
        }
        result
    }

    /// Closes the connections that are idle; the others close themselves.
    pub(crate) fn close(&self) {
        let mut idle = self.idle();
        idle.closed = true;
        idle.connections.clear();
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
