//! What is particular to PostgreSQL, and what migrating promises on both.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use base::{StoreError, SystemClock, SystemEntropy};
use store::{Database, Migration, OpenError, Settings, Side, params};
use testkit::databases::{Cluster, Kind, Place};
use testkit::{Flow, Proxy};
use tokio_util::task::TaskTracker;

use crate::engine::{SCRATCH, ids, insert, put};
use crate::suite::Suite;

pub(crate) fn cases(suite: &mut Suite) {
    const POSTGRES: &[Kind] = &[Kind::Postgres];
    const KEPT: &[Kind] = &[Kind::Sqlite, Kind::Postgres];
    suite.places("engine::a_deadlock_is_run_again", POSTGRES, a_deadlock_is_run_again);
    suite.places(
        "engine::processes_that_start_together_migrate_once",
        POSTGRES,
        processes_that_start_together,
    );
    suite.places(
        "engine::a_cut_connection_is_told_and_replaced",
        POSTGRES,
        a_cut_connection_is_told_and_replaced,
    );
    suite.places("engine::a_commit_without_an_answer_is_no_success", POSTGRES, a_commit_without_an_answer);
    suite.places("engine::an_unreachable_server_is_told", POSTGRES, an_unreachable_server_is_told);
    suite.places("engine::tls_is_verified", POSTGRES, tls_is_verified);
    suite.places("engine::systems_have_schemas_of_their_own", POSTGRES, systems_have_schemas_of_their_own);
    suite.places("engine::a_newer_database_is_refused", KEPT, a_newer_database_is_refused);
    suite.places("engine::an_edited_migration_is_refused", KEPT, an_edited_migration_is_refused);
    suite.places(
        "engine::a_migration_that_fails_leaves_nothing",
        KEPT,
        a_migration_that_fails_leaves_nothing,
    );
    suite.places(
        "engine::a_later_version_migrates_what_is_there",
        KEPT,
        a_later_version_migrates_what_is_there,
    );
}

async fn open(place: &Place) -> Database {
    place.open_with(Side::Connect, SCRATCH).await.unwrap()
}

async fn a_deadlock_is_run_again(place: Place) {
    let database = open(&place).await;
    put(&database, "a", 0).await;
    put(&database, "b", 0).await;
    let runs = Arc::new(AtomicU32::new(0));
    let both_hold_one = Arc::new(Barrier::new(2));
    let tasks = TaskTracker::new();
    let (to_second, first_waits) = std::sync::mpsc::channel();
    let (to_first, second_waits) = std::sync::mpsc::channel();
    let sides = [(["a", "b"], first_waits, to_first), (["b", "a"], second_waits, to_second)];
    let running = sides.map(|(order, other_is_done, done)| {
        let (database, runs, barrier) = (database.clone(), Arc::clone(&runs), Arc::clone(&both_hold_one));
        let mut first_run = true;
        tasks.spawn(async move {
            let result = database
                .run_tx("test.cross", move |tx| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    if !first_run {
                        // Otherwise it could be quicker to get its first row back than the other one to go on, and lose again.
                        other_is_done.recv().unwrap();
                    }
                    tx.execute("UPDATE items SET amount = amount + 1 WHERE id = $1", params![order[0]])?;
                    if std::mem::take(&mut first_run) {
                        barrier.wait();
                    }
                    // A closure that swallows the collision is run again all the same.
                    Ok(tx
                        .execute("UPDATE items SET amount = amount + 1 WHERE id = $1", params![order[1]])
                        .unwrap_or(0))
                })
                .await;
            // Whoever was first has gone by then.
            let _heard_or_gone = done.send(());
            result
        })
    });
    for task in running {
        assert_eq!(task.await.unwrap(), Ok(1));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 3, "the loser of the deadlock ran twice");
    let sum = database
        .read("test.sum", |tx| tx.query_one("SELECT CAST(sum(amount) AS BIGINT) AS n FROM items", params![]));
    assert_eq!(sum.await.unwrap().get::<i64>("n"), Ok(4));
}

async fn processes_that_start_together(place: Place) {
    let opened = futures_util::future::join_all((0..6).map(|_| place.open(Side::Connect))).await;
    for database in opened {
        let database = database.unwrap();
        assert_eq!(database.is_empty().await, Ok(true));
        database.close().await;
    }
}

async fn through_a_proxy(place: &Place) -> (Database, Proxy) {
    open(place).await.close().await;
    let Place::Postgres(server) = place else { panic!("a proxy stands before a server") };
    let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
    let proxy = Proxy::start(upstream).await.unwrap();
    let location = server.url_by(proxy.address().port()).parse().unwrap();
    let settings =
        Settings::new(Side::Connect, location, Arc::new(SystemClock::new()), Arc::new(SystemEntropy));
    (Database::open_with(settings, SCRATCH).await.unwrap(), proxy)
}

async fn a_cut_connection_is_told_and_replaced(place: Place) {
    let (database, proxy) = through_a_proxy(&place).await;
    put(&database, "before", 1).await;
    proxy.set(Flow::Cut);
    for _ in 0..3 {
        let cut = database.run_tx("test.cut", |tx| insert(tx, "cut", "ada", 1)).await;
        assert!(matches!(cut, Err(StoreError::Unavailable(_))), "{cut:?}");
    }
    proxy.set(Flow::Open);
    put(&database, "since", 1).await;
    assert_eq!(ids(&database).await, ["before", "since"]);
}

async fn a_commit_without_an_answer(place: Place) {
    let (database, proxy) = through_a_proxy(&place).await;
    let proxy = Arc::new(proxy);
    let cutting = Arc::clone(&proxy);
    let outcome = database.run_tx("test.unknown", move |tx| {
        insert(tx, "unknown", "ada", 1)?;
        // The connection goes between the last statement and the answer of the commit.
        cutting.set(Flow::Cut);
        Ok(())
    });
    let outcome = outcome.await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    proxy.set(Flow::Open);
    put(&database, "since", 1).await;
}

async fn an_unreachable_server_is_told(place: Place) {
    let Place::Postgres(server) = &place else { panic!("it is about servers") };
    let open_at = |url: String| {
        let clock = Arc::new(SystemClock::new());
        let settings = Settings::new(Side::Connect, url.parse().unwrap(), clock, Arc::new(SystemEntropy));
        Database::open_with(settings, SCRATCH)
    };
    let unknown = open_at(server.url().replace("/test", "/no-such-database-")).await.unwrap_err();
    assert!(
        matches!(&unknown, OpenError::Unreachable { reason, .. } if reason.contains("does not exist")),
        "{unknown}"
    );
    // Port 1 of the loopback address: nobody listens there without being root.
    let refused = open_at("postgres://ada:hunter2@127.0.0.1:1/d".to_owned()).await.unwrap_err();
    assert!(
        matches!(&refused, OpenError::Unreachable { location, .. } if location == "postgres://127.0.0.1:1/d"),
        "{refused}"
    );
    assert!(!format!("{refused} {refused:?}").contains("hunter2"));
}

async fn tls_is_verified(place: Place) {
    // The shared cluster has no TLS; that PostgreSQL is here is known by it.
    drop(place);
    let cluster = Cluster::start_with_tls().unwrap();
    let open_with = |options: String| {
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres?{options}", cluster.port());
        let clock = Arc::new(SystemClock::new());
        let settings = Settings::new(Side::Connect, url.parse().unwrap(), clock, Arc::new(SystemEntropy));
        Database::open_with(settings, SCRATCH)
    };
    let database =
        open_with(format!("sslmode=require&sslrootcert={}", cluster.authority().display())).await.unwrap();
    let encrypted = database.read("test.tls", |tx| {
        tx.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", params![])?
            .get::<bool>("ssl")
    });
    assert_eq!(encrypted.await, Ok(true));
    // The authorities of the system do not know this one.
    let refused = open_with("sslmode=require".to_owned()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Unreachable { .. }), "{refused:?}");
    let in_clear = open_with("sslmode=disable".to_owned()).await.unwrap();
    in_clear.close().await;
    database.close().await;
}

async fn systems_have_schemas_of_their_own(place: Place) {
    let mut databases = Vec::new();
    for system in ["xero", "business-central"] {
        let settings = place.settings(Side::Sandbox).unwrap().system(system);
        databases.push(Database::open_with(settings, SCRATCH).await.unwrap());
    }
    put(&databases[0], "a", 1).await;
    assert_eq!(ids(&databases[0]).await, ["a"]);
    assert!(ids(&databases[1]).await.is_empty());
    let schema = databases[1]
        .read("test.schema", |tx| tx.query_one("SELECT CAST(current_schema() AS TEXT) AS s", params![]));
    assert_eq!(schema.await.unwrap().get::<String>("s").as_deref(), Ok("sandbox_business_central"));
}

const NEWER: &[Migration] = &[
    SCRATCH[0],
    Migration { number: 2, name: "more", sql: "CREATE TABLE more (id TEXT PRIMARY KEY, at BIGINT);" },
];

async fn a_newer_database_is_refused(place: Place) {
    place.open_with(Side::Connect, NEWER).await.unwrap().close().await;
    let refused = place.open_with(Side::Connect, SCRATCH).await.unwrap_err();
    assert_eq!(refused, OpenError::NewerVersion { found: 2, name: "more".to_owned(), known: 1 });
    place.open_with(Side::Connect, NEWER).await.unwrap().close().await;
}

async fn an_edited_migration_is_refused(place: Place) {
    const EDITED: &[Migration] =
        &[Migration { number: 1, name: "scratch", sql: "CREATE TABLE items (id TEXT PRIMARY KEY);" }];
    open(&place).await.close().await;
    let refused = place.open_with(Side::Connect, EDITED).await.unwrap_err();
    assert_eq!(refused, OpenError::OtherText { number: 1, name: "scratch".to_owned() });
}

async fn a_migration_that_fails_leaves_nothing(place: Place) {
    const BROKEN: &[Migration] = &[
        SCRATCH[0],
        Migration {
            number: 2,
            name: "broken",
            sql: "CREATE TABLE half (id TEXT); CREATE TABLE half (id TEXT);",
        },
    ];
    let refused = place.open_with(Side::Connect, BROKEN).await.unwrap_err();
    assert!(matches!(refused, OpenError::Store(StoreError::Statement(_))), "{refused:?}");
    let database = open(&place).await;
    let half = database.run_tx("test.half", |tx| tx.query("SELECT id FROM half", params![])).await;
    assert!(half.is_err(), "nothing of the broken migration is there");
    database.close().await;
}

async fn a_later_version_migrates_what_is_there(place: Place) {
    let database = open(&place).await;
    put(&database, "a", 1).await;
    database.close().await;
    let database = place.open_with(Side::Connect, NEWER).await.unwrap();
    assert_eq!(ids(&database).await, ["a"]);
    let more = database
        .run_tx("test.more", |tx| tx.execute("INSERT INTO more (id, at) VALUES ($1, $2)", params!["b", 5]));
    assert_eq!(more.await, Ok(1));
    database.close().await;
}
