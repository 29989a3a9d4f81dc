use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Connect;

/// So many walks may be begun from one source in one window: an office behind one address has room, a program that fills the database
/// has not.
const MOST: u32 = 60;
const WINDOW: Duration = Duration::from_mins(10);
/// More sources than this are not told apart; their windows begin anew.
const MOST_SOURCES: usize = 10_000;

/// Counts walks that people begin by themselves. Each leaves a row, and nobody has had to sign in for it.
#[derive(Debug, Default)]
pub(crate) struct Visitors(Mutex<HashMap<String, (Duration, u32)>>);

impl Visitors {
    fn admit(&self, source: &str, now: Duration) -> Result<(), Duration> {
        // A count is right after each single change, whoever panicked.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST_SOURCES {
            counts.retain(|_, (since, _)| now.saturating_sub(*since) < WINDOW);
            if counts.len() >= MOST_SOURCES {
                counts.clear();
            }
        }
        let (since, count) = counts.entry(source.to_owned()).or_insert((now, 0));
        if now.saturating_sub(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        if *count >= MOST {
            return Err(WINDOW.saturating_sub(now.saturating_sub(*since)));
        }
        *count += 1;
        Ok(())
    }
}

impl Connect {
    /// Whether somebody who comes without a link may begin a walk from this source now; if not, how long until then.
    pub fn admit_visitor(&self, source: &str) -> Result<(), Duration> {
        self.inner.visitors.admit(source, self.clock().monotonic())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_has_its_own_window() {
        let visitors = Visitors::default();
        let at = Duration::from_secs;
        for _ in 0..MOST {
            visitors.admit("a", at(100)).unwrap();
        }
        assert_eq!(visitors.admit("a", at(160)), Err(Duration::from_mins(9)));
        assert_eq!(visitors.admit("b", at(160)), Ok(()));
        assert_eq!(visitors.admit("a", at(100) + WINDOW), Ok(()));
    }

    #[test]
    fn many_sources_take_no_more_room_than_there_is() {
        let visitors = Visitors::default();
        for number in 0..MOST_SOURCES * 2 {
            visitors.admit(&number.to_string(), Duration::ZERO).unwrap();
            assert!(visitors.0.lock().unwrap().len() <= MOST_SOURCES);
        }
    }
}
