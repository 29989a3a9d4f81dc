use std::collections::BTreeMap;
use std::time::Duration;

use refresh::{AttemptId, Cause, EndReason, RotationStored};

use crate::journal::{Asked, Code, Ended, Event, Place, RequestId};
use crate::plan::{Delivery, TrapKind};
use crate::run::Record;

/// How long the authority takes two doubts for one (`refresh/src/restored.rs`).
const SAME_RESTORE: Duration = Duration::from_mins(2);

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
    pub(super) generation: u64,
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

/// The database as it was put back.
#[derive(Debug)]
pub(super) struct Restored {
    /// When the copy had been made.
    pub(super) copied_at: Duration,
    pub(super) point: Point,
    pub(super) running: bool,
    pub(super) remembered_by: Vec<usize>,
    rows: Vec<(u64, usize)>,
}

impl Restored {
    /// The pair that a grant has in it; 0 for none.
    pub(super) fn pair(&self, grant: usize) -> usize {
        self.rows[grant].1
    }

    /// The generation that a grant has in it.
    pub(super) fn generation(&self, grant: usize) -> u64 {
        self.rows[grant].0
    }
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
    pub(super) restored: Vec<Restored>,
    accepted: Vec<Point>,
    recovered: Vec<(Point, Place)>,
    /// Who put all grants in doubt, and when.
    pub(super) raised: Vec<(Point, Place)>,
    shown: Vec<(Point, Place)>,
    /// Machines that were replaced by others.
    forgot: Vec<(Point, Place)>,
    began: BTreeMap<Place, Point>,
    /// When a process was told to stop, stopped, or gone.
    leaving: BTreeMap<Place, Point>,
    away: Vec<(Point, Place)>,
    pub(super) causes: BTreeMap<AttemptId, Cause>,
}

impl Story {
    pub(super) fn of(record: &Record) -> Self {
        let mut story = Self::default();
        let mut markers = BTreeMap::<(Place, usize), Marked>::new();
        for (index, entry) in record.entries.iter().enumerate() {
            let point = Point { index, at: entry.at };
            match &entry.event {
                Event::Marked { grant, attempt, generation, asked_at, written: true } => {
                    let (asked_at, attempt, generation) = (*asked_at, *attempt, *generation);
                    let marked = Marked { point, asked_at, attempt, generation };
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
                    story.leaving.entry(entry.place).or_insert(point);
                }
                Event::Trapped(_, TrapKind::Pause(_)) => {
                    story.paused.push((point, entry.place));
                    story.leaving.entry(entry.place).or_insert(point);
                }
                Event::Restored { copied_at, rows, running, remembered_by } => {
                    let (running, rows, remembered_by) = (*running, rows.clone(), remembered_by.clone());
                    story.restored.push(Restored {
                        point,
                        copied_at: *copied_at,
                        running,
                        remembered_by,
                        rows,
                    });
                }
                Event::Recovered(_) => story.recovered.push((point, entry.place)),
                Event::ShownStepBack => story.shown.push((point, entry.place)),
                Event::EpochRaised => story.raised.push((point, entry.place)),
                Event::Forgot => story.forgot.push((point, entry.place)),
                Event::StoreAway(_) => story.away.push((point, entry.place)),
                Event::Began => {
                    story.began.insert(entry.place, point);
                }
                Event::ToldToStop => {
                    story.leaving.entry(entry.place).or_insert(point);
                }
                Event::Accepted => story.accepted.push(point),
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
        let stored = self.stored.iter().rev().find(stored).map(|stored| (stored.point, stored.pair));
        let restored = self.restored.iter().rev().find(|restored| restored.point < point);
        let restored = restored.map(|restored| (restored.point, restored.rows[grant].1));
        stored.max(restored).map_or(1, |(_, pair)| pair)
    }

    /// The restore between these, if there was one.
    pub(super) fn restored_between(&self, from: Point, until: Point) -> Option<&Restored> {
        self.restored.iter().find(|restored| from < restored.point && restored.point < until)
    }

    /// Whether `place` had to know of a restore by then: somebody has put all grants in doubt, it has itself been shown a step
    /// back, or an instance whose machine remembers more than the database held then has started.
    pub(super) fn is_known(&self, restored: &Restored, until: Point, place: Place) -> bool {
        let between = |point: Point| restored.point < point && point < until;
        let remembers = |at: Point, place: &Place| match place {
            Place::Instance { host, .. } => {
                restored.remembered_by.contains(host) && !self.has_forgotten(*host, restored.point, at)
            }
            _ => false,
        };
        self.raised.iter().any(|(point, _)| between(*point))
            || self.shown.iter().any(|(point, whose)| between(*point) && *whose == place)
            || self.recovered.iter().any(|(point, whose)| {
                between(*point) && remembers(*point, whose) && self.was_shown_at_start(*whose, *point)
            })
    }

    /// Whether a process was shown a step back while it started. A database that has gone on from a copy, past what its machine
    /// remembers, shows none.
    fn was_shown_at_start(&self, place: Place, recovered: Point) -> bool {
        let began = self.began.get(&place).copied();
        self.shown.iter().any(|(point, whose)| {
            *whose == place && *point < recovered && began.is_some_and(|began| began < *point)
        })
    }

    fn has_forgotten(&self, machine: usize, from: Point, until: Point) -> bool {
        let is_it = |place: &Place| matches!(place, Place::Instance { host, .. } if *host == machine);
        self.forgot.iter().any(|(point, whose)| is_it(whose) && from < *point && *point < until)
    }

    /// Whether another process ran, and had the database, all the while from before a process began until it put all grants in
    /// doubt: that one could have vouched for the database.
    pub(super) fn somebody_vouched(&self, place: Place, raised: Point) -> bool {
        let Some(began) = self.began.get(&place).copied() else { return false };
        let had_no_store = |whose: &Place| {
            self.away.iter().any(|(point, away)| {
                *point < raised
                    && point.at + Duration::from_secs(10) > began.at
                    && (away == whose || *away == place)
            })
        };
        self.recovered.iter().any(|(point, other)| {
            *other != place
                && point.at + Duration::from_secs(10) < began.at
                && self.leaving.get(other).is_none_or(|left| *left > raised)
                && !had_no_store(other)
        })
    }

    /// Whether the operator accepted a restore, after all grants had been put in doubt because of it, or while the copy still held a doubt
    /// so young that whoever starts on it takes it for the one of this restore.
    pub(super) fn is_accepted(&self, restored: &Restored, until: Point) -> bool {
        let concerns = |accepted: &Point, raised: &Point| {
            let is_in_the_copy = raised.at <= restored.copied_at;
            let is_young = accepted.at.saturating_sub(raised.at) < SAME_RESTORE;
            raised < accepted && (*raised > restored.point || is_in_the_copy && is_young)
        };
        let mut later = self.accepted.iter().filter(|point| restored.point < **point && **point < until);
        later.any(|accepted| self.raised.iter().any(|(raised, _)| concerns(accepted, raised)))
    }

    /// Whether grants wait for the operator at the end: none has been accepted since they were put in doubt last.
    pub(super) fn waits_for_operator(&self) -> bool {
        self.raised.last().is_some_and(|(raised, _)| self.accepted.iter().all(|accepted| accepted < raised))
    }

    /// When a pair came to the store and no longer fitted, if it did.
    pub(super) fn came_in_vain(&self, grant: usize, pair: usize) -> Option<Point> {
        let in_vain = |stored: &&Stored| {
            stored.grant == grant && stored.pair == pair && stored.outcome == RotationStored::NoLongerFits
        };
        self.stored.iter().find(in_vain).map(|stored| stored.point)
    }

    /// Whether a grant had been ended by then.
    pub(super) fn is_over_before(&self, grant: usize, point: Point) -> bool {
        self.ends.iter().any(|end| end.grant == grant && end.point < point)
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
