//! What is particular to single statements on PostgreSQL.

use std::pin::pin;
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::time::Duration;

use base::StoreError;
use futures_util::future::{join_all, poll_immediate};
use store::{Database, RecordedChange, Side, params};
use testkit::databases::{Kind, Place};
use tokio_util::task::TaskTracker;

use crate::engine::{SCRATCH, put};
use crate::suite::Suite;

const BY_ID: &str = "SELECT * FROM items WHERE id = $1";
/// Longer than any of it takes.
const PATIENCE: Duration = Duration::from_secs(8);

static CHANGE: LazyLock<RecordedChange> = LazyLock::new(|| {
    RecordedChange::new(
        "UPDATE items SET amount = amount + 1 WHERE id = $1".to_owned(),
        "INSERT INTO items (id, owner, amount) SELECT $1, 'record', 0 {if_changed}",
    )
});

pub(crate) fn cases(suite: &mut Suite) {
    const POSTGRES: &[Kind] = &[Kind::Postgres];
    suite.places(
        "engine::a_table_that_a_newer_process_has_changed_is_read_all_the_same",
        POSTGRES,
        a_table_that_was_changed_is_read,
    );
    suite.places(
        "engine::nobody_waits_behind_a_statement_whose_caller_has_gone",
        POSTGRES,
        nobody_waits_behind_a_statement,
    );
}

async fn open(place: &Place) -> Database {
    place.open_with(Side::Connect, SCRATCH).await.unwrap()
}

async fn columns(database: &Database) -> [Result<usize, StoreError>; 2] {
    let alone = database.look_up("test.alone", BY_ID, params!["a"]).await;
    let inside = database.read("test.inside", |tx| tx.query(BY_ID, params!["a"])).await;
    [alone, inside].map(|rows| rows.map(|rows| rows[0].columns().len()))
}

async fn a_table_that_was_changed_is_read(place: Place) {
    let (database, newer) = (open(&place).await, open(&place).await);
    put(&database, "a", 1).await;
    assert_eq!(columns(&database).await, [Ok(5), Ok(5)]);
    let sql = "ALTER TABLE items ADD COLUMN later TEXT";
    newer.run_tx("test.alter", move |tx| tx.execute(sql, &[])).await.unwrap();
    assert_eq!(columns(&database).await, [Ok(6), Ok(6)]);
}

async fn waiting_for_a_row(database: &Database) -> i64 {
    let sql = "SELECT count(*) AS waiting FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    database.look_up("test.waiting", sql, &[]).await.unwrap()[0].get("waiting").unwrap()
}

async fn nobody_waits_behind_a_statement(place: Place) {
    let database = open(&place).await;
    put(&database, "a", 1).await;
    put(&database, "b", 2).await;
    let (release, released) = channel::<()>();
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let (holder, mut locked) = (database.clone(), Some(locked));
    let holding = TaskTracker::new().spawn(async move {
        holder
            .run_tx("test.hold", move |tx| {
                tx.execute("UPDATE items SET amount = 7 WHERE id = 'a'", &[])?;
                if let Some(locked) = locked.take() {
                    locked.send(()).unwrap();
                }
                // An error once the others were done before it: they have dropped their end.
                Ok(released.recv_timeout(PATIENCE).is_ok())
            })
            .await
    });
    is_locked.await.unwrap();
    for number in 0..4 {
        let record = format!("record {number}");
        let (change, record) = (params!["a"].to_vec(), params![record].to_vec());
        let mut abandoned = Box::pin(database.change_and_record("test.abandoned", &CHANGE, change, record));
        // Until the server has it; then its caller goes away.
        while waiting_for_a_row(&database).await <= number {
            assert!(poll_immediate(pin!(&mut abandoned)).await.is_none());
        }
    }
    let asked =
        join_all((0..200).map(async |_| database.look_up("test.other", BY_ID, params!["b"]).await)).await;
    assert!(asked.into_iter().all(|found| found.unwrap().len() == 1));
    assert_eq!(waiting_for_a_row(&database).await, 4, "the statements without a caller still wait");
    release.send(()).unwrap();
    assert_eq!(holding.await.unwrap(), Ok(true), "the others were not held up until the row was free");
    // What was sent is done for all that.
    while waiting_for_a_row(&database).await > 0 {
        tokio::task::yield_now().await;
    }
}
