use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base::{Clock, Timestamp};

/// 1 January 2026.
const EPOCH_MILLIS: i64 = 1_767_225_600_000;

/// How long the simulation has run, as the present host sees it. Only to be called by a host's tasks.
pub(crate) fn elapsed() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}

/// What a clock that is right shows after so long.
pub(crate) fn right_time(elapsed: Duration) -> Timestamp {
    Timestamp::from_millis(EPOCH_MILLIS) + elapsed
}

/// The clock of one machine: off by so much, and it steps. Its monotonic reading is right.
#[derive(Debug)]
pub(crate) struct HostClock {
    offset_millis: AtomicI64,
}

impl HostClock {
    /// A clock that is off by so much.
    pub(crate) const fn new(offset_millis: i64) -> Self {
        Self { offset_millis: AtomicI64::new(offset_millis) }
    }

    /// Steps the time of day.
    pub(crate) fn step(&self, millis: i64) {
        self.offset_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Sets by how much it is off.
    pub(crate) fn set_offset(&self, millis: i64) {
        self.offset_millis.store(millis, Ordering::Relaxed);
    }
}

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        let right = right_time(elapsed()).as_millis();
        Timestamp::from_millis(right + self.offset_millis.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        elapsed()
    }
}
