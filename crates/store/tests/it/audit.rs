//! [`audit::Store`] on each database.

use std::sync::Arc;

use audit::{Actor, AuditEvent, AuditRecord, Auditor, Filter, Origin, Store as _};
use base::testing::{ManualClock, SeededEntropy};
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "audit", Side::Platform;
        records_come_back_as_they_were_and_verify,
        records_are_listed_newest_first_by_what_is_asked,
    );
}

struct Desk {
    auditor: Auditor,
    clock: Arc<ManualClock>,
}

impl Desk {
    fn new() -> Self {
        let (clock, entropy) = (Arc::new(ManualClock::new()), Arc::new(SeededEntropy::new(5)));
        Self { auditor: Auditor::new(seal::testing::keys(&*entropy), clock.clone(), entropy), clock }
    }

    fn record(&self, event: AuditEvent) -> AuditRecord {
        self.clock.advance(std::time::Duration::from_millis(2));
        self.auditor.record(event)
    }
}

async fn records_come_back_as_they_were_and_verify(database: Database) {
    let desk = Desk::new();
    let origin = Origin { source: Some("192.0.2.1".to_owned()), request_id: Some("r".to_owned()) };
    let full = AuditEvent::new("api_key.created", Actor::User("ü".to_owned()))
        .subject("s")
        .client("c")
        .origin(&origin);
    let full = desk.record(full.with("name", "\"'\n").with("a", ""));
    let bare = desk.record(AuditEvent::new("key.rotated", Actor::System));
    database.append_audit(vec![full.clone(), bare.clone()]).await.unwrap();
    let read = database.audit_records(Filter::default(), 10).await.unwrap();
    assert_eq!(read, [bare, full]);
    assert!(read.iter().all(|record| desk.auditor.verify(record).is_ok()));
}

async fn records_are_listed_newest_first_by_what_is_asked(database: Database) {
    let desk = Desk::new();
    let event = |kind, subject: &str| {
        AuditEvent::new(kind, Actor::System).subject(subject).client(format!("c-{subject}"))
    };
    let records: Vec<_> = [("a.made", "x"), ("b.made", "x"), ("a.made", "y")]
        .map(|(kind, subject)| desk.record(event(kind, subject)))
        .into();
    database.append_audit(records.clone()).await.unwrap();
    let list = async |filter: Filter, limit| {
        let found = database.audit_records(filter, limit).await.unwrap();
        found.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    let ids: Vec<_> = records.iter().map(|record| record.id).collect();
    let all = Filter::default();
    assert_eq!(list(all.clone(), 10).await, [ids[2], ids[1], ids[0]]);
    assert_eq!(list(Filter { subject: Some("x".to_owned()), ..all.clone() }, 10).await, [ids[1], ids[0]]);
    assert_eq!(list(Filter { client: Some("c-y".to_owned()), ..all.clone() }, 10).await, [ids[2]]);
    assert_eq!(list(Filter { kind: Some("a.made".to_owned()), ..all.clone() }, 1).await, [ids[2]]);
    assert_eq!(list(Filter { before: Some(ids[2]), ..all }, 10).await, [ids[1], ids[0]]);
}
