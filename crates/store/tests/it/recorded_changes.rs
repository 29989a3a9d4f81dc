//! What a change and its record promise on every database.

use std::sync::LazyLock;

use base::StoreError;
use futures_util::future::join_all;
use store::{Database, Migration, RecordedChange, Side, params};

use crate::suite::Suite;

const ACCOUNTS: &[Migration] = &[Migration {
    number: 1,
    name: "accounts",
    sql: "CREATE TABLE accounts (id TEXT PRIMARY KEY, version BIGINT NOT NULL, note TEXT);
          CREATE TABLE moves (id TEXT NOT NULL, version BIGINT NOT NULL, note TEXT, mark BYTEA, PRIMARY KEY (id, version));",
}];

static MOVE: LazyLock<RecordedChange> = LazyLock::new(|| {
    RecordedChange::new(
        "UPDATE accounts SET version = $2, note = $4 WHERE id = $1 AND version = $3".to_owned(),
        "INSERT INTO moves (mark, version, note, id) SELECT $4, $1, $3, $2 {if_changed}",
    )
});

pub(crate) fn cases(suite: &mut Suite) {
    macro_rules! recorded {
        ($($case:ident),+ $(,)?) => {
            $(suite.each_with(concat!("engine::", stringify!($case)), Side::Connect, ACCOUNTS, $case);)+
        };
    }
    recorded!(
        a_change_is_recorded_once,
        a_change_that_does_not_apply_is_not_recorded,
        a_change_that_cannot_be_recorded_is_undone,
        a_change_whose_record_is_swallowed_is_undone,
        of_contenders_for_one_change_exactly_one_is_recorded,
        a_caller_that_goes_away_leaves_a_change_whole,
    );
}

async fn with_an_account(database: &Database) {
    let sql = "INSERT INTO accounts (id, version) VALUES ('a', 1), ('b', 1)";
    assert_eq!(database.run_tx("test.put", move |tx| tx.execute(sql, &[])).await, Ok(2));
}

async fn moved(database: &Database, from: i64, to: i64, note: Option<&str>) -> Result<bool, StoreError> {
    let (change, record) =
        (params!["a", to, from, note].to_vec(), params![to, "a", note, vec![7_u8]].to_vec());
    database.change_and_record("test.move", &MOVE, change, record).await
}

/// The versions of the accounts, and the moves.
async fn state(database: &Database) -> (Vec<i64>, Vec<(i64, Option<String>)>) {
    let read = database.read("test.state", |tx| {
        let accounts = tx.query("SELECT version FROM accounts ORDER BY id", &[])?;
        let moves = tx.query("SELECT version, note, mark FROM moves WHERE id = 'a' ORDER BY version", &[])?;
        assert!(moves.iter().all(|row| row.get::<Vec<u8>>("mark") == Ok(vec![7])));
        Ok((
            accounts.iter().map(|row| row.get("version")).collect::<Result<_, _>>()?,
            moves.iter().map(|row| Ok((row.get("version")?, row.get("note")?))).collect::<Result<_, _>>()?,
        ))
    });
    read.await.unwrap()
}

async fn a_change_is_recorded_once(database: Database) {
    with_an_account(&database).await;
    assert_eq!(moved(&database, 1, 2, Some("first")).await, Ok(true));
    assert_eq!(moved(&database, 2, 3, None).await, Ok(true));
    assert_eq!(state(&database).await, (vec![3, 1], vec![(2, Some("first".to_owned())), (3, None)]));
}

async fn a_change_that_does_not_apply_is_not_recorded(database: Database) {
    with_an_account(&database).await;
    assert_eq!(moved(&database, 4, 5, None).await, Ok(false));
    assert_eq!(state(&database).await, (vec![1, 1], vec![]));
}

async fn a_change_that_cannot_be_recorded_is_undone(database: Database) {
    with_an_account(&database).await;
    assert_eq!(moved(&database, 1, 2, None).await, Ok(true));
    assert_eq!(moved(&database, 2, 3, None).await, Ok(true));
    // The move to version 2 is on record already.
    let again = moved(&database, 3, 2, None).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    assert_eq!(state(&database).await, (vec![3, 1], vec![(2, None), (3, None)]));
}

async fn a_change_whose_record_is_swallowed_is_undone(database: Database) {
    with_an_account(&database).await;
    let swallow: &[&str] = if database.is_exclusive() {
        &["CREATE TRIGGER swallow BEFORE INSERT ON moves BEGIN SELECT RAISE(IGNORE); END"]
    } else {
        &[
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER swallow BEFORE INSERT ON moves FOR EACH ROW EXECUTE FUNCTION swallow()",
        ]
    };
    for sql in swallow {
        database.run_tx("test.swallow", move |tx| tx.execute(sql, &[])).await.unwrap();
    }
    let swallowed = moved(&database, 1, 2, None).await;
    let told =
        matches!(&swallowed, Err(StoreError::Statement(text)) if text.contains("did not record 1 change"));
    assert!(told, "{swallowed:?}");
    assert_eq!(state(&database).await, (vec![1, 1], vec![]));
    assert_eq!(moved(&database, 7, 8, None).await, Ok(false), "where nothing changes nothing is missing");
}

async fn of_contenders_for_one_change_exactly_one_is_recorded(database: Database) {
    with_an_account(&database).await;
    for version in 1..20 {
        let all = join_all((0..8).map(|_| moved(&database, version, version + 1, None))).await;
        assert_eq!(all.iter().filter(|made| **made == Ok(true)).count(), 1, "{all:?}");
        assert_eq!(all.iter().filter(|made| **made == Ok(false)).count(), 7, "{all:?}");
    }
    let (versions, moves) = state(&database).await;
    assert_eq!((versions, moves.len()), (vec![20, 1], 19));
}

async fn yields(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

async fn a_caller_that_goes_away_leaves_a_change_whole(database: Database) {
    with_an_account(&database).await;
    let mut version = 1;
    for patience in 0..200 {
        {
            let abandoned = std::pin::pin!(moved(&database, version, version + 1, Some("abandoned")));
            futures_util::future::select(abandoned, std::pin::pin!(yields(patience * patience))).await;
        }
        // Whatever became of it, the database serves the next caller, from the version that is there.
        loop {
            let (versions, moves) = state(&database).await;
            version = versions[0];
            assert_eq!(i64::try_from(moves.len()), Ok(version - 1), "each change has its record");
            if moved(&database, version, version + 1, None).await == Ok(true) {
                version += 1;
                break;
            }
        }
    }
    let (_, moves) = state(&database).await;
    let abandoned = moves.iter().filter(|(_, note)| note.is_some()).count();
    assert!(abandoned > 0, "some were made for a caller that was still there or had gone");
    assert!(moves.len() >= 200, "those who stayed were all served");
}
