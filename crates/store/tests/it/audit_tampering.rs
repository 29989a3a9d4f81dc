//! What somebody can do to the audit log who can write to the database and has no key, and what verification says to it, on each
//! database.

use std::sync::Arc;

use audit::{Actor, AuditEvent, AuditId, Chain, HeadInProcess, Sealing, Store as _, Verification};
use store::{Database, Side, Value, params};

use crate::audit::Desk;
use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    for (name, statement, place) in TAMPERINGS {
        suite.each(&format!("audit_tampering::{name}"), Side::Platform, move |database| {
            tampering_is_found_and_its_place_named(database, statement, place)
        });
    }
    conformance!(suite, "audit_tampering", Side::Platform;
        records_in_another_order_within_a_block_are_found,
        records_in_another_order_in_the_first_block_are_found,
        records_of_one_kind_that_are_missing_are_found,
        an_end_that_was_cut_off_is_found_by_what_is_remembered_outside,
        a_log_that_is_gone_as_a_whole_is_found,
        a_forged_record_is_not_sealed_and_is_named,
        a_check_of_another_length_is_no_check,
    );
}

/// Each way of tampering with the rows, and the place that is named.
const TAMPERINGS: [(&str, &str, &str); 14] = [
    ("another_actor", "UPDATE audit_records SET actor = 'user:other' WHERE position = 4", "position 4"),
    ("another_time", "UPDATE audit_records SET at = at + 1 WHERE position = 4", "position 4"),
    ("another_source", "UPDATE audit_records SET source = '' WHERE position = 4", "position 4"),
    ("a_missing_record", "DELETE FROM audit_records WHERE position = 4", "position 4"),
    ("a_missing_last_record", "DELETE FROM audit_records WHERE position = 7", "position 7"),
    (
        "a_last_record_taken_out_of_its_block",
        "UPDATE audit_records SET position = NULL WHERE position = 7",
        "position 7",
    ),
    (
        "two_records_moved_away",
        "UPDATE audit_records SET position = CASE position WHEN 6 THEN 1007 ELSE 1006 END WHERE position IN (6, 7)",
        "position 6",
    ),
    ("a_missing_block", "DELETE FROM audit_blocks WHERE number = 2", "block 2"),
    (
        "another_time_of_a_block",
        "UPDATE audit_blocks SET sealed_at = sealed_at + 1 WHERE number = 2",
        "block 2",
    ),
    (
        "a_longer_block",
        "UPDATE audit_blocks SET record_count = record_count + 1 WHERE number = 3",
        "position 8",
    ),
    (
        "a_shorter_block",
        "UPDATE audit_blocks SET record_count = record_count - 1 WHERE number = 2",
        "block 2",
    ),
    (
        "the_check_of_another_block",
        "UPDATE audit_blocks SET mac = (SELECT mac FROM audit_blocks WHERE number = 1) WHERE number = 2",
        "block 2",
    ),
    (
        "the_check_of_another_record",
        "UPDATE audit_records SET mac = (SELECT mac FROM audit_records WHERE position = 3) WHERE position = 4",
        "position 4",
    ),
    (
        "a_record_put_in_a_second_time",
        "INSERT INTO audit_records SELECT 'aud_0198d5c2-0000-7000-8000-000000000001', at, kind, actor, subject, client, \
         source, request_id, data, mac, key_id, 8 FROM audit_records WHERE position = 4",
        "position 8",
    ),
];

/// A side's log with its chain, and what is remembered of its end outside the database.
struct Log {
    database: Database,
    desk: Desk,
    memory: Arc<HeadInProcess>,
}

impl Log {
    fn new(database: Database) -> Self {
        Self { database, desk: Desk::new(), memory: Arc::default() }
    }

    /// Three blocks of two, two, and three records.
    async fn of_three_blocks(database: Database) -> Self {
        let log = Self::new(database);
        log.three_blocks().await;
        log
    }

    async fn three_blocks(&self) {
        for number in [2, 2, 3] {
            self.append(number).await;
            assert_eq!(self.chain().seal_waiting().await.unwrap().sealed, number as u64);
        }
    }

    /// The chain as another process with this memory would have it.
    fn chain(&self) -> Chain {
        let store = Arc::new(self.database.clone());
        Chain::new(store, self.desk.auditor.clone(), self.memory.clone(), self.desk.clock.clone())
    }

    /// Appends that many records.
    async fn append(&self, number: usize) -> Vec<AuditId> {
        let event =
            |number: usize| AuditEvent::new("thing.done", Actor::System).with("name", number.to_string());
        let records: Vec<_> = (0..number).map(|number| self.desk.record(event(number))).collect();
        let ids = records.iter().map(|record| record.id).collect();
        self.database.append_audit(records).await.unwrap();
        ids
    }

    async fn tamper(&self, statement: &'static str) {
        self.tamper_with(statement, params![]).await;
    }

    async fn tamper_with(&self, statement: &'static str, values: &[Value]) {
        let values = values.to_vec();
        let changed = self.database.run_tx("test.tamper", move |tx| tx.execute(statement, &values));
        assert!(changed.await.unwrap() > 0, "nothing was done by {statement}");
    }

    async fn verify(&self) -> Verification {
        self.chain().verify().await.unwrap()
    }

    /// The place that verification names.
    async fn bad_place(&self) -> String {
        self.verify().await.problem.expect("nothing was found").place
    }
}

async fn tampering_is_found_and_its_place_named(
    database: Database,
    statement: &'static str,
    place: &'static str,
) {
    let log = Log::of_three_blocks(database).await;
    log.tamper(statement).await;
    assert_eq!(log.bad_place().await, place, "{statement}");
}

async fn exchanged(database: Database, one: u64, other: u64) -> String {
    let log = Log::of_three_blocks(database).await;
    for (from, to) in [(one, 1000), (other, one), (1000, other)] {
        let move_it = "UPDATE audit_records SET position = $2 WHERE position = $1";
        log.tamper_with(move_it, params![from, to]).await;
    }
    log.bad_place().await
}

async fn records_in_another_order_within_a_block_are_found(database: Database) {
    assert_eq!(exchanged(database, 6, 7).await, "block 3");
}

async fn records_in_another_order_in_the_first_block_are_found(database: Database) {
    assert_eq!(exchanged(database, 2, 3).await, "block 1");
}

async fn records_of_one_kind_that_are_missing_are_found(database: Database) {
    let log = Log::of_three_blocks(database).await;
    let granted = AuditEvent::new("authorisation.granted", Actor::User("anna".to_owned()));
    log.database.append_audit(vec![log.desk.record(granted)]).await.unwrap();
    assert_eq!(log.verify().await.problem, None);
    log.tamper("DELETE FROM audit_records WHERE kind = 'authorisation.granted'").await;
    assert_eq!(log.bad_place().await, "position 8");
}

async fn an_end_that_was_cut_off_is_found_by_what_is_remembered_outside(database: Database) {
    let log = Log::of_three_blocks(database).await;
    log.tamper("DELETE FROM audit_records WHERE position >= 5").await;
    log.tamper("DELETE FROM audit_blocks WHERE number = 3").await;
    assert_eq!(log.bad_place().await, "block 2");
    // Also when it has gone on since, so that the number that is remembered is there again.
    log.append(1).await;
    log.chain().seal_waiting().await.unwrap();
    assert_eq!(log.bad_place().await, "block 3");
    log.append(1).await;
    log.chain().seal_waiting().await.unwrap();
    let problem = log.verify().await.problem.unwrap();
    assert_eq!(problem.place, "block 3", "{}", problem.what);
    // Nothing but the operator makes it forget.
    log.chain().accept().await.unwrap();
    assert_eq!(log.verify().await.problem, None);
}

async fn a_log_that_is_gone_as_a_whole_is_found(database: Database) {
    let log = Log::of_three_blocks(database).await;
    log.tamper("DELETE FROM audit_records").await;
    log.tamper("DELETE FROM audit_blocks").await;
    assert_eq!(log.bad_place().await, "block 0");
    log.chain().accept().await.unwrap();
    assert_eq!(log.verify().await.problem, None);
    log.three_blocks().await;
    assert_eq!(log.verify().await.problem, None);
}

async fn a_forged_record_is_not_sealed_and_is_named(database: Database) {
    let log = Log::new(database);
    let ids = log.append(3).await;
    let forge = "UPDATE audit_records SET kind = 'thing.forged' WHERE id = $1";
    log.tamper_with(forge, params![ids[0]]).await;
    assert_eq!(log.chain().seal_waiting().await.unwrap(), Sealing { sealed: 2, refused: 1 });
    assert_eq!(log.bad_place().await, format!("record {}", ids[0]));
}

async fn a_check_of_another_length_is_no_check(database: Database) {
    let log = Log::new(database);
    log.append(1).await;
    let forge = "INSERT INTO audit_blocks VALUES (1, 1, 1, 1, $1, 'mac_000000000000')";
    log.tamper_with(forge, params![vec![0_u8]]).await;
    assert!(log.chain().verify().await.is_err());
    log.tamper("DELETE FROM audit_blocks").await;
    assert_eq!(log.verify().await.problem, None);
}
