use std::time::Duration;

use base::Timestamp;

/// How failures turn into delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many failures cost nothing.
    pub free: u32,
    /// The delay after that many; each further failure doubles it.
    pub first_delay: Duration,
    /// No delay is longer. An attacker can delay a victim's sign-in, but for no longer than this.
    pub longest_delay: Duration,
    /// A pause this long since the last attempt, and the count starts anew.
    pub forget_after: Duration,
}

impl Rule {
    /// Until when nothing is admitted after the attempt at `now` that made `failures` of them.
    pub fn blocked_until(&self, failures: u32, now: Timestamp) -> Timestamp {
        if failures < self.free {
            return now;
        }
        let doublings = (failures - self.free).min(31);
        now + self.first_delay.saturating_mul(2_u32.saturating_pow(doublings)).min(self.longest_delay)
    }
}

/// The rules for signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one account, wherever the attempts come from. Addresses without an account are counted alike.
    pub account: Rule,
    /// For one source, whichever accounts it tries.
    pub source: Rule,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            account: Rule {
                free: 10,
                first_delay: Duration::from_secs(2),
                longest_delay: Duration::from_mins(15),
                forget_after: Duration::from_hours(1),
            },
            // An office can share one address, so this one is wider.
            source: Rule {
                free: 60,
                first_delay: Duration::from_secs(1),
                longest_delay: Duration::from_mins(5),
                forget_after: Duration::from_mins(30),
            },
        }
    }
}

/// An attempt to sign in. It is counted as a failure before the password is looked at, so that a hundred attempts at the
/// same moment count as a hundred; success takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// A keyed hash of the address that was typed, in hex.
    pub account_key: String,
    /// A keyed hash of where it comes from, in hex.
    pub source_key: String,
    /// The rules.
    pub limits: Limits,
    /// Now.
    pub at: Timestamp,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, and is counted.
    Admitted,
    /// Not before then. It is not counted.
    BlockedUntil(Timestamp),
}

#[cfg(test)]
mod tests;
