//! What is lent has been stored (rule 7): the row had that generation before, and with that pair.

use std::collections::BTreeMap;

use refresh::RotationStored;

use super::story::Story;
use super::{Findings, Invariant};
use crate::journal::Event;
use crate::run::Record;

pub(super) fn check(record: &Record, story: &Story, findings: &mut Findings) {
    // After a restore a generation is made again.
    let mut pairs = BTreeMap::<(usize, u64), Vec<(usize, usize)>>::new();
    for stored in story.stored.iter().filter(|stored| stored.outcome == RotationStored::Stored) {
        let made = pairs.entry((stored.grant, stored.generation)).or_default();
        made.push((stored.point.index, stored.pair));
    }
    for (index, entry) in record.entries.iter().enumerate() {
        let Event::Lent { grant, generation, pair, .. } = entry.event else { continue };
        findings.checked(Invariant::StoredBeforeLent);
        let is_first = generation == 1 && pair == 1;
        let was_stored = pairs
            .get(&(grant, generation))
            .is_some_and(|made| made.iter().any(|(stored, same)| *stored < index && *same == pair));
        if !is_first && !was_stored {
            let what = format!(
                "{} lent the pair {pair} of the grant {grant} as generation {generation}, which the store had not",
                entry.place
            );
            findings.violated(Invariant::StoredBeforeLent, entry.at, what);
        }
    }
}
