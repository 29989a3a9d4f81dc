use std::collections::BTreeMap;
use std::time::Duration;

use refresh::{AttemptId, Cause, EndReason, RotationStored};

use crate::journal::{Asked, Code, Ended, Event, Place, RequestId};
use crate::plan::{Delivery, TrapKind};
use crate::run::Record;

/// A place in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub(super) index: usize,
    pub(super) at: Duration,
}

/// One refresh request.
#[derive(Debug)]
pub(super) struct Refresh {
    pub(super) id: RequestId,
    pub(super) grant: usize,
    #[expect(clippy::struct_field_names, reason = "the number of the refresh token that was presented")]
    pub(super) refresh: usize,
    pub(super) place: Place,
    pub(super) sent: Option<Point>,
    pub(super) over: Option<(Point, Ended)>,
    pub(super) delivery: Option<Delivery>,
    pub(super) processed: Vec<(Point, Result<usize, Code>)>,
    /// The marker under which it was sent.
    pub(super) marker: Option<Marked>,
}

/// A marker that was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marked {
    pub(super) point: Point,
    pub(super) asked_at: Duration,
    pub(super) attempt: AttemptId,
}

/// An answer that was given to the store.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) point: Point,
    pub(super) grant: usize,
    pub(super) generation: u64,
    pub(super) pair: usize,
    pub(super) outcome: RotationStored,
}

/// The end of a grant.
#[derive(Debug)]
pub(super) struct End {
    pub(super) point: Point,
    pub(super) grant: usize,
    pub(super) reason: EndReason,
}

/// The journal, told by what it is about.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) refreshes: BTreeMap<RequestId, Refresh>,
    pub(super) stored: Vec<Stored>,
    pub(super) ends: Vec<End>,
    pub(super) synced: Vec<(Point, Place, usize, usize)>,
    /// Questions about refresh tokens that were answered: grant, token, alive.
    pub(super) told: Vec<(Point, usize, usize, bool)>,
    /// When a process was killed, or gone without having been told to stop.
    killed: BTreeMap<Place, Point>,
    paused: Vec<(Point, Place)>,
    withdrawn: Vec<(Point, usize)>,
    pub(super) causes: BTreeMap<AttemptId, Cause>,
}

impl Story {
    pub(super) fn of(record: &Record) -> Self {
        let mut story = Self::default();
        let mut markers = BTreeMap::<(Place, usize), Marked>::new();
        for (index, entry) in record.entries.iter().enumerate() {
            let point = Point { index, at: entry.at };
            match &entry.event {
                Event::Marked { grant, attempt, asked_at, written: true, .. } => {
                    let marked = Marked { point, asked_at: *asked_at, attempt: *attempt };
                    markers.insert((entry.place, *grant), marked);
                }
                Event::Asks(id, Asked::Refresh { grant, refresh }) => {
                    let marker = markers.get(&(entry.place, *grant)).copied();
                    story.refreshes.insert(*id, Refresh::new(*id, *grant, *refresh, entry.place, marker));
                }
                Event::Stored { grant, attempt, generation, pair, outcome, cause } => {
                    story.causes.insert(*attempt, *cause);
                    let (grant, generation, pair, outcome) = (*grant, *generation, *pair, *outcome);
                    story.stored.push(Stored { point, grant, generation, pair, outcome });
                }
                Event::Failed { grant, attempt, cause, ends, written, .. } => {
                    story.causes.insert(*attempt, *cause);
                    if let (Some(reason), true) = (*ends, *written) {
                        story.ends.push(End { point, grant: *grant, reason });
                    }
                }
                Event::Synced { grant, pair } => story.synced.push((point, entry.place, *grant, *pair)),
                Event::Told(_, Asked::RefreshQuestion { grant, refresh }, alive) => {
                    story.told.push((point, *grant, *refresh, *alive));
                }
                Event::Trapped(_, TrapKind::Kill { .. }) | Event::Gone { orderly: false } => {
                    story.killed.entry(entry.place).or_insert(point);
                }
                Event::Trapped(_, TrapKind::Pause(_)) => story.paused.push((point, entry.place)),
                Event::Withdrawn(grant) => story.withdrawn.push((point, *grant)),
                event => story.request(point, event),
            }
        }
        story
    }

    fn request(&mut self, point: Point, event: &Event) {
        let (Event::Sent(id, _) | Event::Over(id, _) | Event::Arrived(id, _) | Event::Processed(id, ..)) =
            event
        else {
            return;
        };
        let Some(refresh) = self.refreshes.get_mut(id) else { return };
        match event {
            Event::Sent(..) => refresh.sent = Some(point),
            Event::Over(_, ended) => refresh.over = Some((point, *ended)),
            Event::Arrived(_, delivery) => refresh.delivery = Some(*delivery),
            Event::Processed(_, _, result) => refresh.processed.push((point, *result)),
            _ => {}
        }
    }

    /// Whether a process was stopped and woken between these.
    pub(super) fn was_paused(&self, place: Place, from: Point, until: Point) -> bool {
        self.paused.iter().any(|(point, whose)| *whose == place && from <= *point && *point <= until)
    }

    /// Whether a process was killed after this.
    pub(super) fn was_killed_after(&self, place: Place, after: Point) -> bool {
        self.killed.get(&place).is_some_and(|killed| *killed > after)
    }

    /// When the customer withdrew a grant.
    pub(super) fn withdrawn(&self, grant: usize) -> Option<Point> {
        self.withdrawn.iter().find(|(_, whose)| *whose == grant).map(|(point, _)| *point)
    }

    /// The pair that a grant's row held at this point.
    pub(super) fn pair_at(&self, grant: usize, point: Point) -> usize {
        let stored = |stored: &&Stored| {
            stored.grant == grant && stored.point < point && stored.outcome == RotationStored::Stored
        };
        self.stored.iter().rev().find(stored).map_or(1, |stored| stored.pair)
    }

    /// When a pair was stored, if it was.
    pub(super) fn stored_at(&self, grant: usize, pair: usize) -> Option<Point> {
        self.stored
            .iter()
            .find(|stored| {
                stored.grant == grant && stored.pair == pair && stored.outcome == RotationStored::Stored
            })
            .map(|stored| stored.point)
    }
}

impl Refresh {
    fn new(id: RequestId, grant: usize, refresh: usize, place: Place, marker: Option<Marked>) -> Self {
        let (sent, over, delivery, processed) = (None, None, None, Vec::new());
        Self { id, grant, refresh, place, sent, over, delivery, processed, marker }
    }

    /// The pair of its whole answer, if it got one.
    pub(super) fn received(&self) -> Option<(Point, usize)> {
        match self.over {
            Some((point, Ended::Answered { issued: Some(pair), .. })) => Some((point, pair)),
            _ => None,
        }
    }
}
