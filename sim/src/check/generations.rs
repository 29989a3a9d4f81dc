//! Generations rise by one with each answer that is stored; events are numbered without a gap; attempts agree with both.

use std::time::Duration;

use refresh::{AttemptOutcome, GrantChange, RotationStored};

use super::story::Story;
use super::{Findings, Invariant};
use crate::run::Record;

pub(super) fn check(record: &Record, story: &Story, findings: &mut Findings) {
    let at = record.plan.ends_at;
    positions(record, findings, at);
    for (number, row) in record.rows.iter().enumerate() {
        findings.checked(Invariant::Generations);
        // What was made after the copy of a restored database is gone with it, and made again.
        let restored = story.restored.last();
        let base = restored.map_or(1, |restored| restored.generation(number));
        let stored = story.stored.iter().filter(|stored| {
            stored.grant == number
                && stored.outcome == RotationStored::Stored
                && restored.is_none_or(|restored| restored.point < stored.point)
        });
        let made: Vec<u64> = stored.map(|stored| stored.generation).collect();
        let expected: Vec<u64> = (base + 1..=row.generation).collect();
        let mut complain = |what: String| {
            findings.violated(Invariant::Generations, at, format!("the grant {number}: {what}"));
        };
        if made != expected {
            complain(format!("the store made the generations {made:?}, the row has {}", row.generation));
        }
        let told: Vec<u64> = record
            .events
            .iter()
            .filter(|numbered| numbered.event.grant == row.id)
            .filter(|numbered| {
                let change = numbered.event.change;
                matches!(change, GrantChange::Given | GrantChange::Refreshed { .. } | GrantChange::Revived)
            })
            .map(|numbered| numbered.event.generation)
            .collect();
        if told != (1..=row.generation).collect::<Vec<_>>() {
            complain(format!("the events tell of the generations {told:?}, the row has {}", row.generation));
        }
        let advanced =
            record.attempts[number].iter().filter(|attempt| attempt.outcome == AttemptOutcome::Advanced);
        let mut attempted: Vec<(u64, u64)> =
            advanced.map(|attempt| (attempt.generation_before, attempt.generation_after)).collect();
        attempted.sort_unstable();
        if attempted != (1..row.generation).map(|before| (before, before + 1)).collect::<Vec<_>>() {
            complain(format!("the attempts tell of {attempted:?}, the row has {}", row.generation));
        }
    }
}

fn positions(record: &Record, findings: &mut Findings, at: Duration) {
    findings.checked(Invariant::Generations);
    let positions: Vec<u64> = record.events.iter().map(|numbered| numbered.position).collect();
    if !positions.iter().copied().eq(1..=positions.len() as u64) {
        let what = format!("the positions of the events are not 1 to {}: {positions:?}", positions.len());
        findings.violated(Invariant::Generations, at, what);
    }
}
