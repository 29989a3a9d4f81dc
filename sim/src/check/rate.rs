//! Requests are bounded (rules 10 and 11).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use refresh::{AttemptId, Cause, RotationStored};

use super::story::{Point, Story};
use super::{Findings, Invariant};
use crate::run::Record;

/// The most attempts with one credential of a grant within a minute that send a request: pauses of at least 1, 2, 4, 8 and 16 s
/// stand between them, and a crash or an outage of the store may take one of them away. An attempt with a newer credential
/// repeats nothing, and its pauses begin anew.
pub(super) const ATTEMPTS_A_MINUTE: usize = 8;
const MINUTE: Duration = Duration::from_mins(1);
/// The least time between two forced refreshes of a grant.
const FORCED: Duration = Duration::from_mins(5);

/// An attempt whose request has left.
struct Sent {
    point: Point,
    /// When its marker was written.
    marked: Point,
    attempt: AttemptId,
    /// The number of the refresh token.
    presented: usize,
}

pub(super) fn check(record: &Record, story: &Story, findings: &mut Findings) {
    answers(record, story, findings);
    let mut attempts = BTreeMap::<usize, Vec<Sent>>::new();
    let mut seen = BTreeSet::new();
    let mut sent: Vec<_> = story.refreshes.values().filter(|refresh| refresh.sent.is_some()).collect();
    sent.sort_by_key(|refresh| refresh.sent);
    for refresh in sent {
        if let (Some(point), Some(marker)) = (refresh.sent, refresh.marker)
            && seen.insert(marker.attempt)
        {
            let (attempt, presented) = (marker.attempt, refresh.refresh);
            let sent = Sent { point, marked: marker.point, attempt, presented };
            attempts.entry(refresh.grant).or_default().push(sent);
        }
    }
    // The interval is measured by the hosts' clocks.
    let least = FORCED.saturating_sub(record.plan.clock_spread() + Duration::from_secs(2));
    for (grant, sent) in attempts {
        for (index, Sent { point, presented, .. }) in sent.iter().enumerate() {
            findings.checked(Invariant::Bounded);
            let within = sent[..=index]
                .iter()
                .filter(|other| other.point.at + MINUTE > point.at && other.presented == *presented);
            let count = within.count();
            if count > ATTEMPTS_A_MINUTE {
                let what = format!(
                    "the grant {grant}: {count} attempts with the refresh token {presented} within a minute"
                );
                findings.violated(Invariant::Bounded, point.at, what);
            }
        }
        let mut forced: Vec<_> = sent
            .iter()
            .filter(|sent| story.causes.get(&sent.attempt) == Some(&Cause::Rejected))
            // They are counted from there: a process may be stopped before it sends, and be overtaken meanwhile.
            .map(|sent| sent.marked)
            .collect();
        forced.sort();
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

/// A grant that is refreshed again and again, with success, costs its provider as much as one that is tried again and again. Within
/// a minute one refresh may be due and one be forced, the new token of each may be due at once by the clock of each other
/// instance, and one more by a clock that has just stepped.
fn answers(record: &Record, story: &Story, findings: &mut Findings) {
    let most = 2 * record.plan.instances + 1;
    let mut answers = BTreeMap::<usize, Vec<Point>>::new();
    for stored in story.stored.iter().filter(|stored| stored.outcome == RotationStored::Stored) {
        findings.checked(Invariant::Bounded);
        let points = answers.entry(stored.grant).or_default();
        // What a restored database has forgotten is made again.
        points.retain(|point| {
            point.at + MINUTE > stored.point.at && story.restored_between(*point, stored.point).is_none()
        });
        points.push(stored.point);
        if points.len() > most {
            let what = format!("the grant {}: {} answers within a minute", stored.grant, points.len());
            findings.violated(Invariant::Bounded, stored.point.at, what);
        }
    }
}
