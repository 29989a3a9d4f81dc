use super::*;

#[test]
fn row_locks_are_for_postgresql_alone() {
    let sql = "SELECT a FROM b WHERE c = $1 {for_update}";
    assert_eq!(for_sqlite(sql), "SELECT a FROM b WHERE c = $1 ");
    assert_eq!(for_postgres(sql), "SELECT a FROM b WHERE c = $1 FOR UPDATE");
    assert_eq!(
        for_postgres("SELECT a FROM b {for_update_skip_locked}"),
        "SELECT a FROM b FOR UPDATE SKIP LOCKED"
    );
}

#[test]
fn tables_are_strict_in_sqlite_and_sorted_by_bytes_in_postgresql() {
    let sql = "-- TEXT; said here\nCREATE TABLE a (b TEXT PRIMARY KEY, c BIGINT, d BYTEA, e TEXT DEFAULT 'TEXT;');\nCREATE INDEX f ON a (c);";
    assert_eq!(
        migration_for_sqlite(sql),
        "-- TEXT; said here\nCREATE TABLE a (b TEXT PRIMARY KEY, c INTEGER, d BLOB, e TEXT DEFAULT 'TEXT;') STRICT;\nCREATE INDEX f ON a (c);"
    );
    assert_eq!(
        migration_for_postgres(sql),
        "-- TEXT; said here\nCREATE TABLE a (b TEXT COLLATE \"C\" PRIMARY KEY, c BIGINT, d BYTEA, e TEXT COLLATE \"C\" DEFAULT 'TEXT;');\nCREATE INDEX f ON a (c);"
    );
}

#[test]
fn nothing_is_lost_from_unfinished_quotes() {
    for sql in ["SELECT 'a", "SELECT \"", "SELECT /* a", "-- a", "é $", ""] {
        assert_eq!(migration_for_sqlite(sql), sql);
    }
}

#[test]
fn a_record_counts_its_values_after_those_of_its_change() {
    assert_eq!(placeholders("UPDATE a SET b = $2, c = $12 WHERE d = $1"), 12);
    assert_eq!(placeholders("SELECT '$'"), 0);
    assert_eq!(
        shifted("INSERT INTO a SELECT $1, $2, '$', $10 {if_changed}", 3),
        "INSERT INTO a SELECT $4, $5, '$', $13 {if_changed}"
    );
    let one =
        change_and_record("UPDATE a SET b = $2 WHERE c = $1", 2, "INSERT INTO d (e) SELECT $1 {if_changed}");
    let begins = "WITH changed AS (UPDATE a SET b = $2 WHERE c = $1 RETURNING 1), \
                  recorded AS (INSERT INTO d (e) SELECT $3 FROM changed RETURNING 1) SELECT ";
    assert!(one.starts_with(begins), "{one}");
    assert_eq!(for_sqlite("INSERT INTO d (e) SELECT $1 {if_changed}"), "INSERT INTO d (e) SELECT $1 ");
}
