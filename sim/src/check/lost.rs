//! Nothing is lost (rule 7): a pair that an instance has received whole is stored, or superseded by a later one, unless the instance
//! was killed before the pair was in the store or synced to disk.

use super::once::DEADLINE;
use super::story::{Refresh, Story};
use super::{Findings, Invariant, Window};
use crate::plan::RotationKind;
use crate::run::Record;

pub(super) fn check(record: &Record, story: &Story, findings: &mut Findings) {
    for refresh in story.refreshes.values() {
        let Some((received, pair)) = refresh.received() else { continue };
        findings.checked(Invariant::NothingLost);
        if story.stored_at(refresh.grant, pair).is_some() || is_superseded(record, story, refresh, pair) {
            continue;
        }
        if record.provider.family(refresh.grant).is_withdrawn() || is_of_no_use(record, story, refresh, pair)
        {
            continue;
        }
        if was_sent_late(story, refresh, pair) {
            findings.went_through(Window::StoppedBeforeSending);
            continue;
        }
        if was_restored_away(story, refresh, pair) {
            findings.went_through(Window::Restored);
            continue;
        }
        let synced =
            story.synced.iter().find(|(_, _, grant, synced)| *grant == refresh.grant && *synced == pair);
        let what = match synced {
            None if story.was_killed_after(refresh.place, received) => {
                findings.went_through(Window::KilledBeforeSafe);
                continue;
            }
            None => "was not stored, although its process was not killed",
            Some(_) => "was synced to disk and not stored",
        };
        let what =
            format!("the pair {pair} of the grant {}, received by {}, {what}", refresh.grant, refresh.place);
        findings.violated(Invariant::NothingLost, received.at, what);
    }
}

/// Whether its process was stopped between the last look at its time and the sending, for so long that others had given it up and
/// gone on with the same refresh token meanwhile (QuickBooks, within its day).
fn was_sent_late(story: &Story, refresh: &Refresh, pair: usize) -> bool {
    let sent_late = refresh.marker.map(|marker| marker.point).zip(refresh.sent);
    sent_late.is_some_and(|(from, until)| {
        until.at.saturating_sub(from.at) > DEADLINE && story.was_paused(refresh.place, from, until)
    }) && story.came_in_vain(refresh.grant, pair).is_some()
}

/// Whether it came to a row that holds another credential than the one that had been presented, because the database was restored.
fn was_restored_away(story: &Story, refresh: &Refresh, pair: usize) -> bool {
    let Some(marker) = refresh.marker else { return false };
    let Some(point) = story.came_in_vain(refresh.grant, pair) else { return false };
    story.restored_between(marker.point, point).is_some_and(|restored| {
        restored.generation(refresh.grant) != marker.generation
            || restored.pair(refresh.grant) == 0
            || story.is_over_before(refresh.grant, point)
    })
}

/// Whether it came to a grant that had ended, as the refresh token in it, which is the one that had been presented, was refused
/// meanwhile (QuickBooks, within its day).
fn is_of_no_use(record: &Record, story: &Story, refresh: &Refresh, pair: usize) -> bool {
    record.provider.family(refresh.grant).refresh_of(pair) == refresh.refresh
        && story
            .came_in_vain(refresh.grant, pair)
            .is_some_and(|point| story.is_over_before(refresh.grant, point))
}

/// Whether another answer took its place, at a provider where more than one can be good.
fn is_superseded(record: &Record, story: &Story, refresh: &Refresh, pair: usize) -> bool {
    let kind = record.plan.kind;
    let family = record.provider.family(refresh.grant);
    let another = story.stored.iter().any(|stored| {
        stored.grant == refresh.grant
            && stored.pair != pair
            && refresh.sent.is_some_and(|sent| sent < stored.point)
            && stored.outcome == refresh::RotationStored::Stored
            && (kind != RotationKind::ChangesDaily
                || family.refresh_of(stored.pair) >= family.refresh_of(pair))
    });
    another && !matches!(kind, RotationKind::StrictWithQuestion | RotationKind::StrictWithout)
}
