use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Clock, Throttle};

use crate::{Actor, AuditEvent, Auditor, Store};

const WINDOW: Duration = Duration::from_mins(1);
/// Of one kind, for one client or person and from one source, so many a minute are recorded one by one.
const EACH: u32 = 10;
/// Of all that name nobody's company or account, in this process, and as many of those that do: anybody can cause the former, so that they
/// must not use up the room for the latter. With about half a kilobyte each, a flood that never ends fills less than 200 MB a day.
const ALL: u32 = 120;
/// Of so many types and clients (or persons) the refusals that are not recorded are counted one by one; of those beyond, by type.
const COUNTED: usize = 1000;
/// Of longer texts, the beginnings count: they are chosen by whoever is refused.
const LONGEST: usize = 200;

/// Takes the records that no write of their own carries: what was refused and so changed nothing, and what somebody did whose act
/// lies in several writes.
pub struct Ledger {
    store: Arc<dyn Store>,
    auditor: Auditor,
    clock: Arc<dyn Clock>,
    each: Throttle<(&'static str, String, String)>,
    minute: Mutex<Minute>,
}

#[derive(Debug, Default)]
struct Minute {
    started: Duration,
    /// Of those without and with a subject.
    recorded: [u32; 2],
    counted: Counted,
}

/// What was refused and not recorded.
#[derive(Debug, Default)]
struct Counted {
    /// By type.
    all: BTreeMap<&'static str, u64>,
    /// By type and whose it was, so that no flood hides who else was refused.
    each: BTreeMap<(&'static str, String), u64>,
    /// By type, where there was no more room in `each`.
    others: BTreeMap<&'static str, u64>,
}

impl Counted {
    fn count(&mut self, kind: &'static str, who: String) {
        *self.all.entry(kind).or_default() += 1;
        let (room, key) = (self.each.len() < COUNTED, (kind, who));
        if room || self.each.contains_key(&key) {
            *self.each.entry(key).or_default() += 1;
        } else {
            *self.others.entry(kind).or_default() += 1;
        }
    }

    /// The record: numbers under `type`, under `type whose`, and under `type (others)`.
    fn told(self) -> Option<AuditEvent> {
        if self.all.is_empty() {
            return None;
        }
        let all = self.all.into_iter().map(|(kind, number)| (kind.to_owned(), number));
        let each = self.each.into_iter().map(|((kind, who), number)| (format!("{kind} {who}"), number));
        let others = self.others.into_iter().map(|(kind, number)| (format!("{kind} (others)"), number));
        let event = AuditEvent::new("refusals.counted", Actor::System);
        Some(all.chain(each).chain(others).fold(event, |event, (name, number)| event.with(&name, number)))
    }
}

impl Ledger {
    /// The ledger of one side.
    pub fn new(store: Arc<dyn Store>, auditor: Auditor, clock: Arc<dyn Clock>) -> Self {
        let each = Throttle::new(EACH, WINDOW);
        Self { store, auditor, clock, each, minute: Mutex::default() }
    }

    /// Records a refusal, or counts it: a stranger can cause any number of refusals, so those beyond the bounds are counted, and their
    /// numbers go into one record a minute. Whoever refuses waits for the record, and refuses whether it could be written or not.
    pub async fn refused(&self, mut event: AuditEvent) {
        let texts = [&mut event.subject, &mut event.client, &mut event.origin.source];
        for text in texts.into_iter().flatten() {
            shorten(text);
        }
        event.data.values_mut().for_each(shorten);
        let monotonic = self.clock.monotonic();
        let who = event.client.clone().unwrap_or_else(|| event.actor.to_string());
        let source = event.origin.counted_as();
        let admitted = self.each.admit((event.kind, who.clone(), source), monotonic).is_ok();
        let (counted, recorded) = {
            let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
            let counted = minute.turn(monotonic);
            let room = &mut minute.recorded[usize::from(event.subject.is_some())];
            let recorded = admitted && *room < ALL;
            if recorded {
                *room += 1;
            } else {
                minute.counted.count(event.kind, who);
            }
            (counted, recorded)
        };
        metrics::counter!("mainstay_refusals_total", "type" => event.kind).increment(1);
        self.append(counted, recorded.then_some(event)).await;
    }

    /// Records an act right after it was done. A record that cannot be written is told in the log, and the act stands.
    pub async fn done(&self, event: AuditEvent) {
        self.append(Counted::default(), Some(event)).await;
    }

    /// Writes down what was only counted and whose minute is over; to be called now and then.
    pub async fn flush(&self) {
        let counted = {
            let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
            minute.turn(self.clock.monotonic())
        };
        self.append(counted, None).await;
    }

    async fn append(&self, counted: Counted, event: Option<AuditEvent>) {
        let records: Vec<_> =
            counted.told().into_iter().chain(event).map(|event| self.auditor.record(event)).collect();
        if records.is_empty() {
            return;
        }
        let kinds: Vec<_> = records.iter().map(|record| record.kind.clone()).collect();
        if let Err(error) = self.store.append_audit(records).await {
            tracing::error!(event = "audit.not_recorded", kinds = kinds.join(" "), %error, "what was done or refused could not be recorded");
        }
    }
}

impl Minute {
    /// Begins a new minute if the present one is over; gives what was counted in it.
    fn turn(&mut self, monotonic: Duration) -> Counted {
        if monotonic < self.started + WINDOW {
            return Counted::default();
        }
        std::mem::replace(self, Self { started: monotonic, ..Self::default() }).counted
    }
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}
