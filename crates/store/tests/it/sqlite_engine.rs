//! What is particular to SQLite: the writer that commits together, the lock on the file, backups.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, StoreError, SystemClock, SystemEntropy, Timestamp};
use store::{Database, Location, OpenError, Settings, Side, params};
use testkit::databases::{Kind, Place};
use tokio_util::task::TaskTracker;

use crate::engine::{SCRATCH, ids, insert, put};
use crate::suite::Suite;

pub(crate) fn cases(suite: &mut Suite) {
    const SQLITE: &[Kind] = &[Kind::Sqlite];
    suite.places("engine::what_gathers_is_committed_at_once", SQLITE, what_gathers_is_committed_at_once);
    suite.places("engine::a_failure_spares_its_neighbours", SQLITE, a_failure_spares_its_neighbours);
    suite.places(
        "engine::a_closure_that_takes_too_long_is_stopped_alone",
        SQLITE,
        a_slow_closure_is_stopped_alone,
    );
    suite.places("engine::a_full_disk_is_told", SQLITE, a_full_disk_is_told);
    suite.places("engine::a_second_process_is_refused", SQLITE, a_second_process_is_refused);
    suite.places("engine::a_foreign_file_is_refused", SQLITE, a_foreign_file_is_refused);
    suite.places("engine::a_backup_is_whole", SQLITE, a_backup_is_whole);
    suite.places("engine::a_closed_database_refuses", SQLITE, a_closed_database_refuses);
    suite.places("engine::files_are_private", SQLITE, files_are_private);
}

async fn open(place: &Place) -> Database {
    place.open_with(Side::Connect, SCRATCH).await.unwrap()
}

fn path(place: &Place) -> std::path::PathBuf {
    match place.location() {
        Some(Location::Sqlite(path)) => path,
        _ => panic!("these cases are about files"),
    }
}

type Work<T> = Box<dyn FnMut(&mut store::Tx) -> Result<T, StoreError> + Send>;

/// Holds the writer up with a first transaction until all of `works` wait behind it, then lets them all go.
async fn gathered<T: Send + 'static>(database: &Database, works: Vec<Work<T>>) -> Vec<Result<T, StoreError>> {
    let tasks = TaskTracker::new();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (wait, mut started) = (std::sync::Mutex::new(wait), Some(started));
    let holder = database.clone();
    let holding = tasks.spawn(async move {
        holder
            .run_tx("test.hold", move |_| {
                if let Some(started) = started.take() {
                    started.send(()).unwrap();
                    wait.lock().unwrap().recv().unwrap();
                }
                Ok(())
            })
            .await
    });
    has_started.await.unwrap();
    let mut running = Vec::new();
    for work in works {
        let mut transaction = Box::pin({
            let database = database.clone();
            async move { database.run_tx("test.gathered", work).await }
        });
        // The first poll hands the closure to the writer, so that they wait in this order.
        assert!(futures_util::poll!(&mut transaction).is_pending());
        running.push(transaction);
    }
    go.send(()).unwrap();
    holding.await.unwrap().unwrap();
    futures_util::future::join_all(running).await
}

async fn what_gathers_is_committed_at_once(place: Place) {
    const COUNT: u64 = 40;
    // A page of the log: 4096 bytes and the head of its frame.
    const FRAME: u64 = 4096 + 24;
    let database = open(&place).await;
    put(&database, "first", 1).await;
    let log = path(&place).with_extension("db-wal");
    let before = std::fs::metadata(&log).unwrap().len();
    let works = (0..COUNT).map(|number| {
        let id = format!("{number:02}");
        Box::new(move |tx: &mut store::Tx| insert(tx, &id, "ada", 1)) as Box<_>
    });
    let results = gathered(&database, works.collect()).await;
    assert!(results.iter().all(|result| *result == Ok(1_usize)), "{results:?}");
    let written = std::fs::metadata(&log).unwrap().len() - before;
    // Each commit writes at least the page of the table and those of the two indexes; one commit writes each of them once.
    assert!(written > 0 && written <= 12 * FRAME, "{} pages for {COUNT} transactions", written / FRAME);
    assert_eq!(ids(&database).await.len() as u64, COUNT + 1);
}

async fn a_failure_spares_its_neighbours(place: Place) {
    let database = open(&place).await;
    put(&database, "taken", 1).await;
    let results = gathered(
        &database,
        vec![
            Box::new(|tx| insert(tx, "before", "ada", 1)),
            Box::new(|tx| {
                insert(tx, "lost", "ada", 1)?;
                insert(tx, "taken", "bob", 1)
            }),
            Box::new(|tx| {
                insert(tx, "lost too", "ada", 1)?;
                Err(StoreError::Corrupt("decided so".to_owned()))
            }),
            Box::new(|tx| insert(tx, "after", "ada", 1)),
        ],
    )
    .await;
    assert_eq!(results[0], Ok(1));
    assert_eq!(results[1], Err(StoreError::Duplicate("items.id".to_owned())));
    assert_eq!(results[2], Err(StoreError::Corrupt("decided so".to_owned())));
    assert_eq!(results[3], Ok(1));
    assert_eq!(ids(&database).await, ["after", "before", "taken"]);
}

/// A clock that can be told to jump ten seconds ahead at one of the next readings.
#[derive(Debug)]
struct JumpingClock {
    real: SystemClock,
    readings_until_jump: AtomicI32,
    ahead_seconds: AtomicU64,
}

impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        self.real.now()
    }
    fn monotonic(&self) -> Duration {
        if self.readings_until_jump.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.ahead_seconds.fetch_add(10, Ordering::SeqCst);
        }
        self.real.monotonic() + Duration::from_secs(self.ahead_seconds.load(Ordering::SeqCst))
    }
}

async fn a_slow_closure_is_stopped_alone(place: Place) {
    let clock = Arc::new(JumpingClock {
        real: SystemClock::new(),
        readings_until_jump: AtomicI32::new(0),
        ahead_seconds: AtomicU64::new(0),
    });
    let settings = Settings::new(
        Side::Connect,
        place.location().unwrap(),
        Arc::clone(&clock) as _,
        Arc::new(SystemEntropy),
    );
    let database = Database::open_with(settings, SCRATCH).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let results = gathered(
        &database,
        vec![
            Box::new(move |tx| {
                counted.fetch_add(1, Ordering::SeqCst);
                insert(tx, "before", "ada", 1)
            }),
            Box::new(move |tx| {
                // One reading before the statement, the second within it.
                clock.readings_until_jump.store(2, Ordering::SeqCst);
                tx.execute(
                    "INSERT INTO items (id, owner, amount)
                     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000)
                     SELECT CAST(i AS TEXT), 'slow', i FROM n",
                    params![],
                )
            }),
            Box::new(|tx| insert(tx, "after", "ada", 1)),
        ],
    )
    .await;
    assert_eq!(results[0], Ok(1));
    assert!(
        matches!(&results[1], Err(StoreError::Unavailable(text)) if text.contains("too long")),
        "{:?}",
        results[1]
    );
    assert_eq!(results[2], Ok(1));
    assert_eq!(ids(&database).await, ["after", "before"]);
    // SQLite gives up the whole transaction when a write is interrupted, so the neighbour was run again.
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

async fn a_full_disk_is_told(place: Place) {
    let database = open(&place).await;
    put(&database, "before", 1).await;
    // SQLite's own limit on the file behaves as a full disk does.
    let limited = database.run_tx("test.limit", |tx| tx.query("PRAGMA max_page_count = 1", params![])).await;
    assert!(limited.is_ok(), "{limited:?}");
    let big = vec![7_u8; 200_000];
    let full = database.run_tx("test.big", move |tx| {
        tx.execute("INSERT INTO items (id, owner, amount, body) VALUES ('big', 'ada', 1, $1)", params![big])
    });
    let full = full.await;
    assert!(matches!(full, Err(StoreError::NotWritable(_))), "{full:?}");
    let unlimited =
        database.run_tx("test.limit", |tx| tx.query("PRAGMA max_page_count = 1000000", params![])).await;
    assert!(unlimited.is_ok(), "{unlimited:?}");
    put(&database, "since", 1).await;
    assert_eq!(ids(&database).await, ["before", "since"]);
}

async fn a_second_process_is_refused(place: Place) {
    let database = open(&place).await;
    let refused = place.open_with(Side::Connect, SCRATCH).await.unwrap_err();
    let holder = format!(" (process {})", std::process::id());
    assert_eq!(refused, OpenError::InUse { path: path(&place), holder });
    database.close().await;
    open(&place).await;
}

async fn a_foreign_file_is_refused(place: Place) {
    std::fs::write(path(&place), "This is a letter and no database. ".repeat(100)).unwrap();
    let refused = place.open_with(Side::Connect, SCRATCH).await.unwrap_err();
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused:?}");
}

async fn a_backup_is_whole(place: Place) {
    let database = open(&place).await;
    put(&database, "a", 1).await;
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("copy.db");
    database.backup_to(target.clone()).await.unwrap();
    put(&database, "later", 2).await;
    let again = database.backup_to(target.clone()).await;
    assert!(
        matches!(again, Err(StoreError::NotWritable(_))),
        "an existing file is not overwritten: {again:?}"
    );
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing lies beside the copy");
    let clock = Arc::new(SystemClock::new());
    let settings = Settings::new(Side::Connect, Location::Sqlite(target), clock, Arc::new(SystemEntropy));
    let copy = Database::open_with(settings, SCRATCH).await.unwrap();
    assert_eq!(ids(&copy).await, ["a"]);
}

async fn a_closed_database_refuses(place: Place) {
    let database = open(&place).await;
    let one = "SELECT 1 AS one";
    assert_eq!(database.look_up("test.early", one, &[]).await.unwrap().len(), 1);
    database.close().await;
    let written = database.run_tx("test.late", |tx| insert(tx, "a", "ada", 1)).await;
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    let read = database.read("test.late", |_| Ok(())).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    let found = database.look_up("test.late", one, &[]).await;
    assert!(matches!(found, Err(StoreError::Unavailable(_))), "{found:?}");
}

async fn files_are_private(place: Place) {
    let database = open(&place).await;
    put(&database, "a", 1).await;
    let directory = path(&place).parent().unwrap().to_owned();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["test.db", "test.db-shm", "test.db-wal", "test.db.lock"]);
}
