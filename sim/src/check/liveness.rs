//! After the faults everything comes to rest within the quiet, and every instance serves every grant that has not ended.

use std::time::Duration;

use refresh::{DegradedReason, GrantState};

use super::story::Story;
use super::{Findings, Invariant, Window};
use crate::journal::{Event, Place};
use crate::plan::{LAST_LOOK, RotationKind};
use crate::provider::Death;
use crate::run::Record;

pub(super) fn check(record: &Record, story: &Story, findings: &mut Findings) {
    let at = record.plan.ends_at;
    let from = at.saturating_sub(LAST_LOOK);
    let last: Vec<_> = record.entries.iter().filter(|entry| entry.at >= from).collect();
    findings.checked(Invariant::Liveness);
    if record.left_on_disk > 0 {
        let what = format!("{} answers are left on disks", record.left_on_disk);
        findings.violated(Invariant::Liveness, at, what);
    }
    doubts(record, story, findings);
    for (number, row) in record.rows.iter().enumerate() {
        findings.checked(Invariant::Liveness);
        let mut complain = |what: String| {
            findings.violated(Invariant::Liveness, at, format!("the grant {number}: {what}"));
        };
        let waits = last.iter().rev().find_map(|entry| match &entry.event {
            Event::NotAtRest(grant, what) if *grant == number => Some(what.as_str()),
            _ => None,
        });
        let rests = last.iter().any(|entry| matches!(entry.event, Event::AtRest(grant) if grant == number));
        if !rests {
            complain(format!("it does not come to rest: {}", waits.unwrap_or("it was not looked at")));
        }
        let nobody_can_be_asked =
            !matches!(record.plan.kind, RotationKind::StrictWithQuestion | RotationKind::Lives);
        let waits_for_operator = story.waits_for_operator()
            && nobody_can_be_asked
            && matches!(row.state, GrantState::Degraded { reason: DegradedReason::PossiblyRestored, .. });
        if waits_for_operator || matches!(row.state, GrantState::Ended { .. }) {
            continue;
        }
        let refresh = record.pairs[number].map(|pair| record.provider.family(number).refresh_of(pair));
        let Some(refresh) = refresh else {
            complain("its credential cannot be opened".to_owned());
            continue;
        };
        let death = record.provider.death(number, refresh, at);
        if let Some(death) = death.filter(|death| !is_under_way(story, *death, at)) {
            complain(format!("the stored refresh token is dead ({death:?}), and nobody has noticed"));
            continue;
        }
        for host in 0..record.plan.instances {
            let served = last.iter().any(|entry| {
                matches!(entry.event, Event::Served(grant) if grant == number)
                    && matches!(entry.place, Place::Instance { host: whose, .. } if whose == host)
            });
            if !served {
                complain(format!("the instance {host} does not serve it: {}", why_not(&last, host, number)));
            }
        }
    }
}

/// A database that was not restored is doubted only by an instance on a fresh machine that nobody vouches for (rule 14).
fn doubts(record: &Record, story: &Story, findings: &mut Findings) {
    for (point, place) in &story.raised {
        if story.restored.iter().any(|restored| restored.point < *point) {
            continue;
        }
        findings.checked(Invariant::Liveness);
        // A store that takes its time takes that of who waits for somebody to vouch.
        let is_slow = record.plan.has_store_trouble(point.at);
        if !is_slow && story.somebody_vouched(*place, *point) {
            let what = format!("{place} put all grants in doubt, although another instance vouched");
            findings.violated(Invariant::Liveness, point.at, what);
        } else {
            findings.went_through(Window::NobodyVouched);
        }
    }
}

/// Whether the run ended in the middle of the refresh that killed a token.
fn is_under_way(story: &Story, death: Death, at: Duration) -> bool {
    let Death::Superseded { request } = death else { return false };
    let processed = &story.refreshes[&request].processed;
    processed.first().is_some_and(|(point, _)| point.at + Duration::from_secs(10) > at)
}

fn why_not(last: &[&crate::journal::Entry], host: usize, number: usize) -> String {
    last.iter()
        .rev()
        .find_map(|entry| match (&entry.event, entry.place) {
            (Event::NotLent { grant, why, .. }, Place::Instance { host: whose, .. })
                if *grant == number && whose == host =>
            {
                Some(why.clone())
            }
            _ => None,
        })
        .unwrap_or_else(|| format!("nobody was told why in the last {} s", Duration::as_secs(&LAST_LOOK)))
}
