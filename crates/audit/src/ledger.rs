use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Clock, Throttle};

use crate::{Actor, AuditEvent, Auditor, Store};

const WINDOW: Duration = Duration::from_mins(1);
/// Of one kind, for one client or person and from one source, so many a minute are recorded one by one.
const EACH: u32 = 10;
/// Of all together, in this process. With about half a kilobyte each, a flood that never ends fills less than 100 MB a day.
const ALL: u32 = 120;
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
    recorded: u32,
    counted: BTreeMap<&'static str, u64>,
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
        let source = event.origin.source.clone().unwrap_or_default();
        let admitted = self.each.admit((event.kind, who, source), monotonic).is_ok();
        let (counted, recorded) = {
            let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
            let counted = minute.turn(monotonic);
            let recorded = admitted && minute.recorded < ALL;
            if recorded {
                minute.recorded += 1;
            } else {
                *minute.counted.entry(event.kind).or_default() += 1;
            }
            (counted, recorded)
        };
        metrics::counter!("mainstay_refusals_total", "type" => event.kind).increment(1);
        self.append(counted, recorded.then_some(event)).await;
    }

    /// Records an act right after it was done. A record that cannot be written is told in the log, and the act stands.
    pub async fn done(&self, event: AuditEvent) {
        self.append(BTreeMap::new(), Some(event)).await;
    }

    /// Writes down what was only counted and whose minute is over; to be called now and then.
    pub async fn flush(&self) {
        let counted = {
            let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
            minute.turn(self.clock.monotonic())
        };
        self.append(counted, None).await;
    }

    async fn append(&self, counted: BTreeMap<&'static str, u64>, event: Option<AuditEvent>) {
        let counted = (!counted.is_empty()).then(|| {
            counted
                .into_iter()
                .fold(AuditEvent::new("refusals.counted", Actor::System), |event, (kind, number)| {
                    event.with(kind, number)
                })
        });
        let records: Vec<_> =
            counted.into_iter().chain(event).map(|event| self.auditor.record(event)).collect();
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
    fn turn(&mut self, monotonic: Duration) -> BTreeMap<&'static str, u64> {
        if monotonic < self.started + WINDOW {
            return BTreeMap::new();
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
