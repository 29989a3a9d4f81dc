//! [`audit::Store`] on each database.

use std::sync::Arc;

use audit::{
    Actor, AuditEvent, AuditRecord, Auditor, Block, Chain, ExportFilter, Filter, HeadInProcess, Origin,
    SealOutcome, Store as _,
};
use base::Timestamp;
use base::testing::{ManualClock, SeededEntropy};
use store::{Database, Side};

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "audit", Side::Platform;
        records_come_back_as_they_were_and_verify,
        records_are_listed_newest_first_by_what_is_asked,
        records_are_exported_oldest_first_in_pages,
        a_block_is_sealed_once_and_only_as_a_whole,
        sealers_at_the_same_time_make_one_chain,
    );
}

fn chain(database: &Database, desk: &Desk) -> Chain {
    let memory = Arc::new(HeadInProcess::default());
    Chain::new(Arc::new(database.clone()), desk.auditor.clone(), memory, desk.clock.clone())
}

fn block(number: u64, first: u64, count: u32) -> Block {
    let key_id = "mac_000000000001".parse().unwrap();
    Block { number, first, count, sealed_at: Timestamp::from_seconds(5), mac: [7; 32], key_id }
}

/// Makes records, each at a time of its own.
pub(crate) struct Desk {
    pub(crate) auditor: Auditor,
    pub(crate) clock: Arc<ManualClock>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let (clock, entropy) = (Arc::new(ManualClock::new()), Arc::new(SeededEntropy::new(5)));
        Self { auditor: Auditor::new(seal::testing::keys(&*entropy), clock.clone(), entropy), clock }
    }

    pub(crate) fn record(&self, event: AuditEvent) -> AuditRecord {
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
    assert_eq!(list(Filter { before: Some(ids[2]), ..all.clone() }, 10).await, [ids[1], ids[0]]);
    let by_hand = desk.record(AuditEvent::new("a.made", Actor::CommandLine).subject("x"));
    database.append_audit(vec![by_hand.clone()]).await.unwrap();
    let by = |actor: &Actor| Filter { actor: Some(actor.to_string()), ..all.clone() };
    assert_eq!(list(by(&Actor::CommandLine), 10).await, [by_hand.id]);
    assert_eq!(list(Filter { before: Some(ids[1]), ..by(&Actor::System) }, 10).await, [ids[0]]);
}

async fn records_are_exported_oldest_first_in_pages(database: Database) {
    let desk = Desk::new();
    let records: Vec<_> = (0..5).map(|_| desk.record(AuditEvent::new("a.made", Actor::System))).collect();
    let other = desk.record(AuditEvent::new("b.made", Actor::System));
    database.append_audit([records.clone(), vec![other.clone()]].concat()).await.unwrap();
    let all = ExportFilter::default();
    let first = database.export_audit(all.clone(), 3).await.unwrap();
    assert_eq!(first, records[..3]);
    let next = ExportFilter { after: Some(first[2].id), kind: Some("a.made".to_owned()), ..all.clone() };
    assert_eq!(database.export_audit(next, 3).await.unwrap(), records[3..]);
    let times = ExportFilter { from: Some(records[1].at), until: Some(records[3].at), ..all };
    assert_eq!(database.export_audit(times, 10).await.unwrap(), records[1..3]);
}

async fn a_block_is_sealed_once_and_only_as_a_whole(database: Database) {
    let desk = Desk::new();
    let records: Vec<_> = (0..4).map(|_| desk.record(AuditEvent::new("a.made", Actor::System))).collect();
    let ids: Vec<_> = records.iter().map(|record| record.id).collect();
    database.append_audit(records.clone()).await.unwrap();
    assert_eq!(database.unsealed_audit(None, 10).await.unwrap(), records);
    assert_eq!(database.audit_block(None).await.unwrap(), None);
    // The order is the sealer's.
    let first = block(1, 1, 2);
    assert_eq!(database.seal_audit(&first, vec![ids[1], ids[0]]).await.unwrap(), SealOutcome::Sealed);
    assert_eq!(database.seal_audit(&first, vec![ids[2], ids[3]]).await.unwrap(), SealOutcome::Moved);
    // One of these is sealed already: nothing of the block is kept.
    let second = block(2, 3, 2);
    assert_eq!(database.seal_audit(&second, vec![ids[2], ids[0]]).await.unwrap(), SealOutcome::Moved);
    assert_eq!(database.audit_blocks(0, 10).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(database.unsealed_audit(Some(ids[2]), 10).await.unwrap(), records[3..]);
    assert_eq!(database.seal_audit(&second, vec![ids[2], ids[3]]).await.unwrap(), SealOutcome::Sealed);
    let expected: Vec<_> =
        [1, 0, 2, 3].into_iter().zip(1_u64..).map(|(at, position)| (position, records[at].clone())).collect();
    assert_eq!(database.sealed_audit(1, 10).await.unwrap(), expected);
    assert_eq!(database.sealed_audit(2, 2).await.unwrap(), expected[1..3]);
    assert_eq!(database.unsealed_audit(None, 10).await.unwrap(), []);
    assert_eq!(database.audit_block(None).await.unwrap(), Some(second.clone()));
    assert_eq!(database.audit_block(Some(1)).await.unwrap(), Some(first));
    assert_eq!(database.audit_blocks(1, 10).await.unwrap(), [second]);
}

async fn sealers_at_the_same_time_make_one_chain(database: Database) {
    let desk = Desk::new();
    for _ in 0..20 {
        let records: Vec<_> = (0..7).map(|_| desk.record(AuditEvent::new("a.made", Actor::System))).collect();
        database.append_audit(records).await.unwrap();
        let chains = [chain(&database, &desk), chain(&database, &desk), chain(&database, &desk)];
        let (one, two, three) =
            tokio::join!(chains[0].seal_waiting(), chains[1].seal_waiting(), chains[2].seal_waiting());
        let sealed: u64 = [one, two, three].into_iter().map(|sealing| sealing.unwrap().sealed).sum();
        assert!(sealed <= 7, "{sealed}");
    }
    let found = chain(&database, &desk).verify().await.unwrap();
    assert_eq!((found.problem, found.records, found.waiting), (None, 140, 0));
}
