//! What is particular to memory: copies of a moment, faults, and running on the calling task; and what is measured.

use std::sync::Arc;
use std::time::Duration;

use base::StoreError;
use base::testing::ManualClock;
use store::{Database, Fault, Side, params};
use testkit::databases::{Kind, Place};

use crate::engine::{SCRATCH, ids, insert, put};
use crate::suite::Suite;

pub(crate) fn cases(suite: &mut Suite) {
    const MEMORY: &[Kind] = &[Kind::Memory];
    suite.places("engine::a_moment_can_be_copied_and_brought_back", MEMORY, a_moment_can_be_brought_back);
    suite.places("engine::faults_strike_by_name", MEMORY, faults_strike_by_name);
    suite.places("engine::it_runs_on_the_calling_task", MEMORY, it_runs_on_the_calling_task);
}

fn open() -> Database {
    Database::memory_with(Side::Connect, Arc::new(ManualClock::new()), SCRATCH).unwrap()
}

async fn a_moment_can_be_brought_back(_: Place) {
    let database = open();
    put(&database, "a", 1).await;
    let moment = database.snapshot().unwrap();
    put(&database, "b", 2).await;
    let later = database.snapshot().unwrap();
    database.restore(&moment).unwrap();
    assert_eq!(ids(&database).await, ["a"]);
    put(&database, "c", 3).await;
    assert_eq!(ids(&database).await, ["a", "c"]);
    let other = open();
    other.restore(&later).unwrap();
    assert_eq!(ids(&other).await, ["a", "b"]);
    let again = later.as_bytes() == other.snapshot().unwrap().as_bytes();
    assert!(again, "a copy of a copy is the same");
}

async fn faults_strike_by_name(_: Place) {
    let database = open();
    let gone = StoreError::Unavailable("gone".to_owned());
    database.fail_next("test.put", 2, Fault::Refuse(gone.clone()));
    for _ in 0..2 {
        let refused = database.run_tx("test.put", |tx| insert(tx, "a", "ada", 1)).await;
        assert_eq!(refused, Err(gone.clone()));
    }
    let other = database.run_tx("test.other", |tx| insert(tx, "b", "ada", 1)).await;
    assert_eq!(other, Ok(1));
    put(&database, "c", 1).await;
    assert_eq!(ids(&database).await, ["b", "c"]);

    database.fail_next("test.put", 1, Fault::LoseAnswer(gone.clone()));
    let lost = database.run_tx("test.put", |tx| insert(tx, "d", "ada", 1)).await;
    assert_eq!(lost, Err(gone));
    assert_eq!(ids(&database).await, ["b", "c", "d"], "the answer was lost, the commit was not");

    database.fail_next("test.put", 1, Fault::Delay(Duration::from_millis(20)));
    let mut late = Box::pin(database.run_tx("test.put", |tx| insert(tx, "e", "ada", 1)));
    assert!(futures_util::poll!(&mut late).is_pending());
    assert_eq!(late.await, Ok(1));
}

async fn it_runs_on_the_calling_task(_: Place) {
    let database = open();
    let here = std::thread::current().id();
    let mut transaction = Box::pin(database.run_tx("test.here", move |tx| {
        tx.query("SELECT 1 AS one", params![])?;
        Ok(std::thread::current().id() == here)
    }));
    let first = futures_util::poll!(&mut transaction);
    assert_eq!(first, std::task::Poll::Ready(Ok(true)), "ready at once, and here");
}
