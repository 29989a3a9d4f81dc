use std::time::Duration;

use crate::{Entropy, EntropyExt as _};

/// Growing, jittered pauses: the n-th is drawn evenly from the upper half of `first * 2^n`, capped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest the first pause can be.
    pub first: Duration,
    /// The longest any pause can be.
    pub cap: Duration,
}

impl Backoff {
    /// The pause before attempt `attempt`, counted from 0.
    pub fn pause(&self, attempt: u32, entropy: &dyn Entropy) -> Duration {
        let ceiling = self.first.saturating_mul(2_u32.saturating_pow(attempt.min(31))).min(self.cap);
        let half = ceiling / 2;
        let spread = u64::try_from(ceiling.saturating_sub(half).as_micros()).unwrap_or(u64::MAX);
        half + Duration::from_micros(entropy.below(spread.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests;
