use std::time::Duration;

use base::Timestamp;

use crate::GrantId;

/// When tokens are refreshed (rule 2). All of it is a matter of the deployment; the catalogue adds what a provider forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarginPolicy {
    /// The margin is this part of the token's life ...
    pub fraction_percent: u32,
    /// ... but at least this, as long as that leaves half of the life ...
    pub floor: Duration,
    /// ... and at most this.
    pub cap: Duration,
}

impl Default for MarginPolicy {
    /// A fifth of the life, between 10 s and 5 min: Pleo's 15 minutes give 3 minutes, Sage's five give one.
    fn default() -> Self {
        Self { fraction_percent: 20, floor: Duration::from_secs(10), cap: Duration::from_mins(5) }
    }
}

impl MarginPolicy {
    /// How long before its expiry a token with this life is refreshed. Up to a tenth of it is taken off by a jitter that
    /// stays the same for a grant, so that grants which expire together are not refreshed together.
    /// `earliest` is the provider's own bound: it refuses a refresh before that long ahead of expiry (Exact Online: 30 s).
    pub fn margin(&self, life: Duration, earliest: Option<Duration>, grant: GrantId) -> Duration {
        let wanted =
            (life * self.fraction_percent / 100).clamp(self.floor.min(self.cap), self.cap).min(life / 2);
        let bounded = earliest.map_or(wanted, |earliest| wanted.min(earliest));
        let per_mille =
            u32::from(u16::from_be_bytes([grant.uuid().as_bytes()[14], grant.uuid().as_bytes()[15]]) % 100);
        bounded.saturating_sub(bounded * per_mille / 1000)
    }

    /// The moment from which a token obtained at `obtained_at` and expiring at `expires_at` is due.
    pub fn due_at(
        &self,
        obtained_at: Timestamp,
        expires_at: Timestamp,
        earliest: Option<Duration>,
        grant: GrantId,
    ) -> Timestamp {
        expires_at - self.margin(expires_at.since(obtained_at), earliest, grant)
    }
}

#[cfg(test)]
mod tests;
