use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// Keeps an outage at one provider from costing more than it must (rule 11): after some requests in a row that found nobody, no
/// further one is sent for a while, and then a single one.
#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<HashMap<String, Breaker>>);

#[derive(Debug, Default)]
struct Breaker {
    /// Requests in a row that found nobody.
    failures: u32,
    /// Until when none is sent, on the monotonic clock.
    open_until: Option<Duration>,
}

/// So many in a row open it.
const THRESHOLD: u32 = 5;
/// The first pause; doubled with each further failure.
const FIRST: Duration = Duration::from_secs(2);
/// The longest pause: retries stay under 45 s apart.
const LONGEST: Duration = Duration::from_secs(30);

impl Breakers {
    /// Whether a request may be sent at `now`; otherwise when to ask again. Who is let through after a pause holds the others
    /// back for another one, so that a single request tries the provider out.
    pub(crate) fn admit(&self, provider: &str, now: Duration) -> Result<(), Duration> {
        let mut breakers = self.0.lock().expect("no code panics while it holds the breakers");
        let Some(breaker) = breakers.get_mut(provider) else { return Ok(()) };
        match breaker.open_until {
            Some(until) if now < until => Err(until.saturating_sub(now)),
            Some(_) => {
                breaker.open_until = Some(now + breaker.pause());
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Tells what came of a request: whether somebody was there, whatever the answer.
    pub(crate) fn report(&self, provider: &str, answered: bool, now: Duration) {
        let mut breakers = self.0.lock().expect("no code panics while it holds the breakers");
        if answered {
            breakers.remove(provider);
            return;
        }
        let breaker = breakers.entry(provider.to_owned()).or_default();
        breaker.failures = breaker.failures.saturating_add(1);
        if breaker.failures >= THRESHOLD {
            breaker.open_until = Some(now + breaker.pause());
        }
    }
}

impl Breaker {
    fn pause(&self) -> Duration {
        FIRST
            .saturating_mul(2_u32.saturating_pow(self.failures.saturating_sub(THRESHOLD).min(8)))
            .min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_opens_after_five_in_a_row_and_lets_one_through_at_a_time() {
        let breakers = Breakers::default();
        for _ in 0..4 {
            breakers.report("xero", false, at(0));
        }
        assert_eq!(breakers.admit("xero", at(0)), Ok(()));
        breakers.report("xero", false, at(0));
        assert_eq!(breakers.admit("xero", at(1)), Err(at(1)));
        assert_eq!(breakers.admit("pleo", at(1)), Ok(()), "another provider is not held back");
        assert_eq!(breakers.admit("xero", at(2)), Ok(()), "one tries it out");
        assert!(breakers.admit("xero", at(2)).is_err(), "and only one");
        breakers.report("xero", false, at(2));
        assert_eq!(breakers.admit("xero", at(3)), Err(at(3)), "the pause has doubled");
        breakers.report("xero", true, at(7));
        assert_eq!(breakers.admit("xero", at(7)), Ok(()));
    }

    #[test]
    fn pauses_stay_under_half_a_minute() {
        let breakers = Breakers::default();
        for _ in 0..100 {
            breakers.report("xero", false, at(0));
        }
        assert_eq!(breakers.admit("xero", at(0)), Err(LONGEST));
    }
}
