//! What every database promises, whatever is stored in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base::{StoreError, Timestamp};
use futures_util::future::join_all;
use store::{Database, Migration, Side, Tx, Value, params};

use crate::suite::Suite;

pub(crate) const SCRATCH: &[Migration] = &[Migration {
    number: 1,
    name: "scratch",
    sql: "CREATE TABLE items (id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT, amount BIGINT NOT NULL, body BYTEA);
          CREATE UNIQUE INDEX items_owner_name ON items (owner, name);
          CREATE UNIQUE INDEX items_single ON items (amount) WHERE owner = 'single';
          CREATE TABLE server_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL, changed_at BIGINT NOT NULL);",
}];

macro_rules! engine {
    ($suite:expr; $($case:ident),+ $(,)?) => {
        $($suite.each_with(concat!("engine::", stringify!($case)), Side::Connect, SCRATCH, $case);)+
    };
}

pub(crate) fn cases(suite: &mut Suite) {
    engine!(suite;
        values_come_back_as_they_were,
        an_error_undoes_the_transaction,
        what_is_discarded_is_not_kept,
        a_failed_statement_undoes_the_transaction_even_if_its_error_is_swallowed,
        a_duplicate_is_named_by_its_columns,
        of_contenders_for_one_condition_exactly_one_wins,
        every_increment_counts_once,
        a_read_cannot_write,
        a_read_sees_one_moment,
        a_panic_reaches_its_caller_and_nobody_else,
        a_look_up_finds_what_was_written_before_it,
        a_look_up_that_goes_wrong_spares_its_neighbours,
        text_sorts_by_its_bytes,
        mistakes_in_statements_are_told,
        rows_can_be_locked,
        a_database_knows_whether_it_is_empty,
        the_clock_offset_is_kept,
    );
}

pub(crate) fn insert(tx: &mut Tx, id: &str, owner: &str, amount: i64) -> Result<usize, StoreError> {
    tx.execute(
        "INSERT INTO items (id, owner, name, amount, body) VALUES ($1, $2, $3, $4, $5)",
        params![id, owner, id, amount, None::<Vec<u8>>],
    )
}

pub(crate) async fn put(database: &Database, id: &'static str, amount: i64) {
    let wrote = database.run_tx("test.put", move |tx| insert(tx, id, "ada", amount)).await;
    assert_eq!(wrote, Ok(1));
}

pub(crate) async fn ids(database: &Database) -> Vec<String> {
    let ids = database.read("test.ids", |tx| {
        tx.query("SELECT id FROM items ORDER BY id", params![])?.iter().map(|row| row.get("id")).collect()
    });
    ids.await.unwrap()
}

async fn values_come_back_as_they_were(database: Database) {
    let rows = [
        ("plain", 0, Some(vec![])),
        ("zero bytes and the rest", i64::MAX, Some((0..=255).collect())),
        ("it's \"quoted\"; -- $1 ?1 {for_update}", i64::MIN, None),
        ("smörgås 🦀", -1, Some(vec![0; 100_000])),
    ];
    let given = rows.clone();
    let wrote = database.run_tx("test.write", move |tx| {
        for (position, (text, number, bytes)) in given.iter().enumerate() {
            tx.execute(
                "INSERT INTO items (id, owner, name, amount, body) VALUES ($2, $1, $3, $4, $5)",
                params!["o", position.to_string(), text, number, bytes],
            )?;
        }
        Ok(())
    });
    wrote.await.unwrap();
    let read = database.read("test.read", |tx| {
        tx.query("SELECT name, amount, body, NULL AS missing FROM items ORDER BY id", &[])
    });
    let read = read.await.unwrap();
    assert_eq!(read.len(), rows.len());
    for (row, (text, number, bytes)) in read.iter().zip(rows) {
        assert_eq!(row.get::<String>("name").unwrap(), text);
        assert_eq!(row.get::<Timestamp>("amount").unwrap(), Timestamp::from_millis(number));
        assert_eq!(row.get::<Option<Vec<u8>>>(2).unwrap(), bytes);
        assert_eq!(row.get::<Value>("missing").unwrap(), Value::Null);
        assert!(matches!(row.get::<i64>("name"), Err(StoreError::Corrupt(_))));
        assert!(matches!(row.get::<i64>("absent"), Err(StoreError::Statement(_))));
    }
}

async fn an_error_undoes_the_transaction(database: Database) {
    put(&database, "before", 1).await;
    let failed = database.run_tx("test.fail", |tx| {
        insert(tx, "lost", "ada", 2)?;
        Err::<(), _>(StoreError::Corrupt("decided so".to_owned()))
    });
    assert_eq!(failed.await, Err(StoreError::Corrupt("decided so".to_owned())));
    put(&database, "since", 3).await;
    assert_eq!(ids(&database).await, ["before", "since"]);
}

async fn what_is_discarded_is_not_kept(database: Database) {
    let outcome = database.run_tx("test.discard", |tx| {
        insert(tx, "lost", "ada", 2)?;
        tx.discard();
        insert(tx, "lost too", "ada", 3)?;
        Ok("refused")
    });
    assert_eq!(outcome.await, Ok("refused"));
    assert!(ids(&database).await.is_empty());
}

async fn a_failed_statement_undoes_the_transaction_even_if_its_error_is_swallowed(database: Database) {
    put(&database, "taken", 1).await;
    let outcome = database.run_tx("test.swallow", |tx| {
        insert(tx, "other", "ada", 2)?;
        match insert(tx, "taken", "ada", 3) {
            Err(StoreError::Duplicate(_)) => {}
            other => panic!("{other:?}"),
        }
        assert!(insert(tx, "after", "ada", 4).is_err(), "a failed transaction takes no further statement");
        Ok("taken")
    });
    assert_eq!(outcome.await, Ok("taken"));
    assert_eq!(ids(&database).await, ["taken"]);
}

async fn a_duplicate_is_named_by_its_columns(database: Database) {
    put(&database, "a", 1).await;
    let by_key = database.run_tx("test.key", |tx| {
        tx.execute("INSERT INTO items (id, owner, name, amount) VALUES ('a', 'bob', 'x', 1)", params![])
    });
    assert_eq!(by_key.await, Err(StoreError::Duplicate("items.id".to_owned())));
    let by_index = database.run_tx("test.index", |tx| {
        tx.execute("INSERT INTO items (id, owner, name, amount) VALUES ('b', 'ada', 'a', 1)", params![])
    });
    assert_eq!(by_index.await, Err(StoreError::Duplicate("items.owner,name".to_owned())));
    let by_partial_index = database.run_tx("test.partial", |tx| {
        tx.execute("INSERT INTO items (id, owner, name, amount) VALUES ('c', 'single', 'x', 1), ('d', 'single', 'y', 1)", params![])
    });
    assert_eq!(by_partial_index.await, Err(StoreError::Duplicate("items.amount".to_owned())));
    let ignored = database.run_tx("test.ignored", |tx| {
        tx.execute(
            "INSERT INTO items (id, owner, name, amount) VALUES ('a', 'bob', 'x', 1) ON CONFLICT DO NOTHING",
            params![],
        )
    });
    assert_eq!(ignored.await, Ok(0));
}

/// Runs `count` of the same closure at the same time.
pub(crate) async fn together<T: Send + 'static>(
    database: &Database,
    count: usize,
    work: impl Fn(usize, &mut Tx) -> Result<T, StoreError> + Clone + Send + 'static,
) -> Vec<T> {
    let tasks = tokio_util::task::TaskTracker::new();
    let running: Vec<_> = (0..count)
        .map(|number| {
            let (database, work) = (database.clone(), work.clone());
            tasks.spawn(async move { database.run_tx("test.together", move |tx| work(number, tx)).await })
        })
        .collect();
    let mut results = Vec::new();
    for task in running {
        results.push(task.await.unwrap().unwrap());
    }
    results
}

async fn of_contenders_for_one_condition_exactly_one_wins(database: Database) {
    put(&database, "grant", 7).await;
    let touched = together(&database, 24, |_, tx| {
        // What is read first is what all of them see; the condition of the write decides.
        let row = tx.query_one("SELECT amount FROM items WHERE id = 'grant'", params![])?;
        let _seen: i64 = row.get("amount")?;
        tx.execute("UPDATE items SET amount = 8 WHERE id = 'grant' AND amount = $1", params![7])
    });
    let touched = touched.await;
    assert_eq!(touched.iter().sum::<usize>(), 1, "{touched:?}");
}

async fn every_increment_counts_once(database: Database) {
    put(&database, "counter", 0).await;
    let mut numbers = together(&database, 60, |_, tx| {
        let row = tx.query_one(
            "UPDATE items SET amount = amount + 1 WHERE id = 'counter' RETURNING amount",
            params![],
        )?;
        row.get::<i64>("amount")
    })
    .await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
}

async fn a_read_cannot_write(database: Database) {
    let written = database.read("test.write_in_read", |tx| insert(tx, "a", "ada", 1)).await;
    assert!(written.is_err(), "{written:?}");
    put(&database, "b", 1).await;
    assert_eq!(ids(&database).await, ["b"]);
}

async fn a_read_sees_one_moment(database: Database) {
    put(&database, "a", 1).await;
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (written, was_written) = std::sync::mpsc::channel();
    let (mut begun, was_written) = (Some(begun), std::sync::Mutex::new(was_written));
    let reader = database.clone();
    let reading = tokio_util::task::TaskTracker::new().spawn(async move {
        let count = |tx: &mut Tx| tx.query_one("SELECT count(*) AS n FROM items", params![])?.get::<i64>("n");
        reader
            .read("test.two_looks", move |tx| {
                let before = count(tx)?;
                if let Some(begun) = begun.take() {
                    begun.send(()).unwrap();
                    // Memory has one connection, so there nobody can write meanwhile.
                    was_written.lock().unwrap().recv_timeout(std::time::Duration::from_millis(300)).ok();
                }
                Ok((before, count(tx)?))
            })
            .await
    });
    has_begun.await.unwrap();
    put(&database, "b", 2).await;
    // Only a database whose reading had to end first has no receiver any more.
    written.send(()).ok();
    assert_eq!(reading.await.unwrap(), Ok((1, 1)));
}

async fn a_panic_reaches_its_caller_and_nobody_else(database: Database) {
    let panicking = database.clone();
    let panicked = tokio_util::task::TaskTracker::new().spawn(async move {
        panicking
            .run_tx("test.panic", |tx| -> Result<(), StoreError> {
                insert(tx, "lost", "ada", 1)?;
                // As `panic!` does, without a message in the report of the run.
                std::panic::resume_unwind(Box::new("on purpose"));
            })
            .await
    });
    assert!(panicked.await.unwrap_err().is_panic());
    put(&database, "kept", 1).await;
    assert_eq!(ids(&database).await, ["kept"]);
}

async fn amount_of(database: &Database, id: &str) -> Result<Option<i64>, StoreError> {
    let rows = database.look_up("test.amount", "SELECT amount FROM items WHERE id = $1", params![id]).await?;
    rows.first().map(|row| row.get("amount")).transpose()
}

async fn a_look_up_finds_what_was_written_before_it(database: Database) {
    for amount in 0..50 {
        let id = format!("item {amount}");
        let own = id.clone();
        database.run_tx("test.put", move |tx| insert(tx, &id, "ada", amount)).await.unwrap();
        let found = join_all((0..8).map(|_| amount_of(&database, &own))).await;
        assert!(found.into_iter().all(|found| found == Ok(Some(amount))), "{amount}");
    }
    for sql in [
        "INSERT INTO items (id, owner, amount) VALUES ('z', 'ada', 1)",
        "WITH one AS (SELECT 1) DELETE FROM items",
        "DELETE FROM items",
    ] {
        let written = database.look_up("test.write_in_look_up", sql, params![]).await;
        assert!(matches!(written, Err(StoreError::Statement(_))), "{written:?}");
    }
    assert_eq!(amount_of(&database, "z").await, Ok(None));
    assert_eq!(amount_of(&database, "item 0").await, Ok(Some(0)));
}

async fn a_look_up_that_goes_wrong_spares_its_neighbours(database: Database) {
    put(&database, "a", 1).await;
    let tasks = tokio_util::task::TaskTracker::new();
    let asked: Vec<_> = (0..90)
        .map(|number| {
            let database = database.clone();
            tasks.spawn(async move {
                let one = "SELECT amount FROM items WHERE id = $1";
                match number % 4 {
                    0 | 1 => amount_of(&database, "a").await,
                    2 => database
                        .look_up("test.nowhere", "SELECT nothing FROM nowhere", &[])
                        .await
                        .map(|_| None),
                    _ => database.look_up("test.no_value", one, &[]).await.map(|_| None),
                }
            })
        })
        .collect();
    for (number, answer) in join_all(asked).await.into_iter().enumerate() {
        match number % 4 {
            0 | 1 => assert_eq!(answer.unwrap(), Ok(Some(1))),
            _ => assert!(matches!(answer.unwrap(), Err(StoreError::Statement(_)))),
        }
    }
}

async fn text_sorts_by_its_bytes(database: Database) {
    for id in ["b", "a", "B", "A", "_", "é", "a-b", "ab"] {
        put(&database, id, 1).await;
    }
    assert_eq!(ids(&database).await, ["A", "B", "_", "a", "a-b", "ab", "b", "é"]);
}

async fn mistakes_in_statements_are_told(database: Database) {
    let statements: [(&str, &[Value]); 4] = [
        ("SELECT nothing FROM items", &[]),
        ("SELECT id FROM items WHERE id = $1", &[]),
        ("SELEC id", &[]),
        ("INSERT INTO items (id, owner, amount) VALUES ('a', NULL, 1)", &[]),
    ];
    for (sql, values) in statements {
        let told = database.run_tx("test.mistake", move |tx| tx.query(sql, values)).await;
        assert!(matches!(told, Err(StoreError::Statement(_))), "{sql}: {told:?}");
    }
    let wrong_kind = database.run_tx("test.kind", |tx| {
        tx.execute("INSERT INTO items (id, owner, amount) VALUES ('a', 'b', $1)", params!["not a number"])
    });
    assert!(matches!(wrong_kind.await, Err(StoreError::Statement(_))));
    assert!(ids(&database).await.is_empty());
}

async fn rows_can_be_locked(database: Database) {
    put(&database, "a", 1).await;
    // Reading and then writing is safe where the read locks.
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    together(&database, 12, move |_, tx| {
        counted.fetch_add(1, Ordering::Relaxed);
        let row = tx.query_one("SELECT amount FROM items WHERE id = $1 {for_update}", params!["a"])?;
        let amount: i64 = row.get("amount")?;
        tx.execute("UPDATE items SET amount = $2 WHERE id = $1", params!["a", amount + 1])
    })
    .await;
    let row =
        database.read("test.read", |tx| tx.query_one("SELECT amount FROM items WHERE id = 'a'", params![]));
    assert_eq!(row.await.unwrap().get::<i64>("amount"), Ok(13));
    assert!(runs.load(Ordering::Relaxed) >= 12);
}

async fn a_database_knows_whether_it_is_empty(database: Database) {
    assert_eq!(database.is_empty().await, Ok(true));
    database.probe_writable().await.unwrap();
    assert_eq!(database.is_empty().await, Ok(true), "its own marks do not count");
    put(&database, "a", 1).await;
    assert_eq!(database.is_empty().await, Ok(false));
}

async fn the_clock_offset_is_kept(database: Database) {
    assert_eq!(database.clock_offset().await, Ok(0));
    database.set_clock_offset(-5000).await.unwrap();
    database.set_clock_offset(86_400_000).await.unwrap();
    assert_eq!(database.clock_offset().await, Ok(86_400_000));
}
