//! One request per refresh token (rule 8): where a refresh kills the old token, a second request with it only if the first was
//! certainly not processed, or after its time has passed and, where there is a question, the answer was "alive".

use std::collections::BTreeMap;
use std::time::Duration;

use super::story::{Point, Refresh, Story};
use super::{Findings, Invariant, Window};
use crate::journal::{Code, Ended};
use crate::plan::{RotationKind, TICK};
use crate::run::Record;

/// How long a request may be under way.
pub(super) const DEADLINE: Duration = Duration::from_mins(1);

pub(super) fn check(record: &Record, story: &Story, findings: &mut Findings) {
    let mut last = BTreeMap::<(usize, usize), &Refresh>::new();
    let mut sent: Vec<_> =
        story.refreshes.values().filter_map(|refresh| refresh.sent.map(|point| (point, refresh))).collect();
    sent.sort_by_key(|(point, _)| *point);
    for (point, second) in sent {
        findings.checked(Invariant::OneRequestPerToken);
        let first = last.insert((second.grant, second.refresh), second);
        let Some(first) = first else { continue };
        if !record.plan.kind.is_strict()
            || certainly_not_processed(record, first, point)
            || settled(record, story, first, point)
        {
            continue;
        }
        if let Some(window) = after_a_restore(story, first, second) {
            findings.went_through(window);
            continue;
        }
        let late = |refresh: &Refresh| {
            let marker = refresh.marker.map(|marker| marker.point);
            marker.zip(refresh.sent).is_some_and(|(from, until)| story.was_paused(refresh.place, from, until))
        };
        if late(first) || late(second) {
            findings.went_through(Window::StoppedBeforeSending);
            continue;
        }
        let what = format!(
            "the refresh token {} of the grant {} was sent again by {} (request {}), after {} (request {})",
            second.refresh, second.grant, second.place, second.id, first.place, first.id
        );
        findings.violated(Invariant::OneRequestPerToken, point.at, what);
    }
}

/// Running instances look at the database at least every two seconds. Weather can keep them from it, but not for so long.
const UNNOTICED: Duration = Duration::from_mins(3);

/// Whether the token is one that a restored database brought back, and nobody could know, or the operator took it upon himself.
fn after_a_restore(story: &Story, first: &Refresh, second: &Refresh) -> Option<Window> {
    let (first, second) =
        if first.marker?.point <= second.marker?.point { (first, second) } else { (second, first) };
    let marked = second.marker?.point;
    // The restore has taken the marker of the first one away, whether that had left already or was about to.
    let restored = story.restored_between(first.marker?.point, marked)?;
    if story.is_accepted(restored, marked) {
        return Some(Window::OperatorAccepted);
    }
    let looked = restored.running
        && !restored.remembered_by.is_empty()
        && marked.at.saturating_sub(restored.point.at) > UNNOTICED;
    (!looked && !story.is_known(restored, marked, second.place)).then_some(Window::RestoredUnnoticed)
}

/// Whether the first one's sender knew, when the second one was sent, that it had changed nothing.
fn certainly_not_processed(record: &Record, first: &Refresh, second: Point) -> bool {
    let Some((over, Ended::Answered { status, issued, code })) = first.over else { return false };
    if over > second {
        return false;
    }
    // The answer brought the same refresh token again (QuickBooks, within its day).
    let family = record.provider.family(first.grant);
    if issued.is_some_and(|pair| family.refresh_of(pair) == first.refresh) {
        return true;
    }
    let is_refused_otherwise = matches!(code, Some(Code::InvalidClient | Code::InvalidRequest));
    status == 429 || (is_refused_otherwise && (400..500).contains(&status))
}

fn settled(record: &Record, story: &Story, first: &Refresh, second: Point) -> bool {
    let Some(marker) = first.marker else { return false };
    // The hosts of one tick run one after the other.
    let settled_at = (marker.asked_at + DEADLINE).saturating_sub(TICK);
    if second.at < settled_at {
        return false;
    }
    if record.plan.kind != RotationKind::StrictWithQuestion {
        return true;
    }
    story.told.iter().any(|(told, grant, refresh, alive)| {
        let between = first.sent.is_some_and(|sent| sent < *told) && *told < second;
        *alive && (*grant, *refresh) == (first.grant, first.refresh) && between && told.at >= settled_at
    })
}
