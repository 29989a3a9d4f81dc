//! Requests are bounded (rules 10 and 11).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use refresh::{AttemptId, Cause};

use super::story::{Point, Story};
use super::{Findings, Invariant};
use crate::run::Record;

/// The most attempts on a grant within a minute that send a request: pauses of at least 1, 2, 4, 8 and 16 s stand between
/// them, and a crash or an outage of the store may take one of them away.
pub(super) const ATTEMPTS_A_MINUTE: usize = 8;
/// The least time between two forced refreshes of a grant.
const FORCED: Duration = Duration::from_mins(5);

pub(super) fn check(record: &Record, story: &Story, findings: &mut Findings) {
    let mut attempts = BTreeMap::<usize, Vec<(Point, AttemptId)>>::new();
    let mut seen = BTreeSet::new();
    let mut sent: Vec<_> = story.refreshes.values().filter(|refresh| refresh.sent.is_some()).collect();
    sent.sort_by_key(|refresh| refresh.sent);
    for refresh in sent {
        if let (Some(point), Some(marker)) = (refresh.sent, refresh.marker)
            && seen.insert(marker.attempt)
        {
            attempts.entry(refresh.grant).or_default().push((point, marker.attempt));
        }
    }
    // The interval is measured by the hosts' clocks.
    let least = FORCED.saturating_sub(record.plan.clock_spread() + Duration::from_secs(2));
    for (grant, sent) in attempts {
        for (index, (point, _)) in sent.iter().enumerate() {
            findings.checked(Invariant::Bounded);
            let within =
                sent[..=index].iter().filter(|(other, _)| other.at + Duration::from_mins(1) > point.at);
            let count = within.count();
            if count > ATTEMPTS_A_MINUTE {
                let what = format!("the grant {grant}: {count} attempts within a minute");
                findings.violated(Invariant::Bounded, point.at, what);
            }
        }
        let forced: Vec<_> = sent
            .iter()
            .filter(|(_, attempt)| story.causes.get(attempt) == Some(&Cause::Rejected))
            .map(|(point, _)| *point)
            .collect();
        for pair in forced.windows(2) {
            findings.checked(Invariant::Bounded);
            let apart = pair[1].at.saturating_sub(pair[0].at);
            // The trace of an attempt goes with the database that a copy has replaced.
            if apart < least && story.restored_between(pair[0], pair[1]).is_none() {
                let what = format!("the grant {grant}: two forced refreshes within {} s", apart.as_secs());
                findings.violated(Invariant::Bounded, pair[1].at, what);
            }
        }
    }
}
