//! A clock and a source of randomness that a test steers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::{Clock, Entropy, Timestamp};

/// A clock that stands still until it is moved. It starts on 1 January 2026.
#[derive(Debug)]
pub struct ManualClock {
    now_millis: AtomicI64,
    monotonic_micros: AtomicU64,
}

impl ManualClock {
    /// A clock at 2026-01-01T00:00:00Z, with a monotonic reading of zero.
    pub fn new() -> Self {
        Self { now_millis: AtomicI64::new(1_767_225_600_000), monotonic_micros: AtomicU64::new(0) }
    }

    /// Lets time pass: both readings move.
    pub fn advance(&self, by: Duration) {
        self.step_millis(i64::try_from(by.as_millis()).expect("a test does not move so far"));
        self.monotonic_micros
            .fetch_add(u64::try_from(by.as_micros()).expect("a test does not move so far"), Ordering::SeqCst);
    }

    /// Steps the time of day alone, as a corrected clock does.
    pub fn step_millis(&self, by: i64) {
        self.now_millis.fetch_add(by, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_millis.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.monotonic_micros.load(Ordering::SeqCst))
    }
}

/// The same bytes for the same seed (`SplitMix64`). Never for anything but a test.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<u64>);

impl SeededEntropy {
    /// A source that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().expect("no test panics while drawing");
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^= mixed >> 31;
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }
}
