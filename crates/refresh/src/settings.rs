use std::time::Duration;

use base::Backoff;

use crate::margin::MarginPolicy;

/// How the authority behaves in a deployment. The defaults are right for production.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names this process uniquely over time: lease owner and attempt rows carry it.
    pub instance: String,
    /// When tokens are refreshed.
    pub margin: MarginPolicy,
    /// A grant lent within this time is refreshed ahead; others on use and by keep-alive (rule 2).
    pub in_use_for: Duration,
    /// How long a lease lasts without renewal; it is renewed three times in that time.
    pub lease: Duration,
    /// How long one caller waits for a refresh before it gets a clear, retryable error (rule 4).
    pub caller_patience: Duration,
    /// How long a refresh waits for the calls under way (rule 10).
    pub gate_patience: Duration,
    /// Pauses between attempts after an outage: start within seconds, under 45 s apart at first.
    pub retry: Backoff,
    /// Pauses while waiting for a lease.
    pub lease_wait: Backoff,
    /// How many token requests may be under way at one provider.
    pub requests_per_provider: usize,
    /// At most one forced refresh of a grant in this time (rule 10).
    pub forced_refresh_interval: Duration,
    /// How often the scheduler and the follower look into the store.
    pub poll: Duration,
    /// An entry in memory is used without looking into the store for at most this long after the last look (rule 1).
    pub staleness: Duration,
}

impl Settings {
    /// The defaults, for the process called `instance`.
    pub fn new(instance: String) -> Self {
        Self {
            instance,
            margin: MarginPolicy::default(),
            in_use_for: Duration::from_hours(24),
            lease: Duration::from_secs(15),
            caller_patience: Duration::from_secs(10),
            gate_patience: Duration::from_secs(5),
            retry: Backoff { first: Duration::from_secs(2), cap: Duration::from_secs(40) },
            lease_wait: Backoff { first: Duration::from_millis(50), cap: Duration::from_secs(1) },
            requests_per_provider: 32,
            forced_refresh_interval: Duration::from_mins(5),
            poll: Duration::from_millis(500),
            staleness: Duration::from_secs(1),
        }
    }

    /// The pause before the next attempt after `failures` of them in a row: as `retry` says for the first ten minutes or
    /// so, then slower, up to an hour apart, so that a provider that is gone for days costs nothing.
    pub(crate) fn retry_pause(&self, failures: u32, entropy: &dyn base::Entropy) -> Duration {
        if failures <= 15 {
            return self.retry.pause(failures.saturating_sub(1), entropy);
        }
        Backoff { first: self.retry.cap, cap: Duration::from_hours(1) }.pause(failures - 15, entropy)
    }
}

#[cfg(test)]
mod tests;
