//! The two schemas of each side are the same.

use std::collections::BTreeSet;

use store::{Database, Side, params};
use testkit::databases::{Kind, Place};

use crate::suite::Suite;

pub(crate) fn cases(suite: &mut Suite) {
    suite.places("schema::is_the_same_as_on_sqlite", &[Kind::Postgres], |place| async move {
        for side in [Side::Connect, Side::Platform, Side::Sandbox] {
            let postgres = place.open(side).await.unwrap();
            let sqlite = Place::new(Kind::Sqlite).unwrap();
            let sqlite = sqlite.open(side).await.unwrap();
            let (left, right) = (of_sqlite(&sqlite).await, of_postgres(&postgres).await);
            assert!(left.len() > 5, "{side}: something is compared");
            let only_left: Vec<_> = left.difference(&right).collect();
            let only_right: Vec<_> = right.difference(&left).collect();
            assert!(
                only_left.is_empty() && only_right.is_empty(),
                "{side}: only on SQLite {only_left:#?}, only on PostgreSQL {only_right:#?}"
            );
            sqlite.close().await;
            postgres.close().await;
        }
    });
}

/// Lines that describe a schema: columns, primary keys, unique indexes.
type Description = BTreeSet<String>;

async fn describe(database: &Database, statements: &'static [&'static str]) -> Description {
    let lines = database.read("test.describe", move |tx| {
        let mut lines = Description::new();
        for sql in statements {
            for row in tx.query(sql, params![])? {
                lines.insert(row.get::<String>(0)?);
            }
        }
        Ok(lines)
    });
    lines.await.unwrap()
}

async fn of_sqlite(database: &Database) -> Description {
    describe(
        database,
        &[
            // A column of a primary key is never NULL in a STRICT table, whether it says so or not.
            "SELECT 'column ' || m.name || '.' || c.name || ' '
                    || CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' ELSE lower(c.type) END
                    || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN ' not null' ELSE '' END
               FROM sqlite_schema m, pragma_table_info(m.name) c
              WHERE m.type = 'table'",
            "SELECT 'primary key ' || m.name || ': '
                    || (SELECT group_concat(c.name, ',' ORDER BY c.pk) FROM pragma_table_info(m.name) c WHERE c.pk > 0)
               FROM sqlite_schema m
              WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.pk > 0)",
            "SELECT 'unique ' || m.name || ': '
                    || (SELECT group_concat(coalesce(c.name, 'expression'), ',' ORDER BY c.seqno) FROM pragma_index_info(i.name) c)
                    || CASE i.partial WHEN 1 THEN ' partial' ELSE '' END
               FROM sqlite_schema m, pragma_index_list(m.name) i
              WHERE m.type = 'table' AND i.\"unique\" = 1 AND i.origin <> 'pk'",
            "SELECT 'foreign key ' || m.name || '.' || f.\"from\" || ' to ' || f.\"table\"
               FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
              WHERE m.type = 'table'",
        ],
    )
    .await
}

async fn of_postgres(database: &Database) -> Description {
    describe(
        database,
        &[
            "SELECT CAST('column ' || table_name || '.' || column_name || ' ' || data_type
                    || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END AS TEXT)
               FROM information_schema.columns WHERE table_schema = current_schema()",
            "SELECT CAST('primary key ' || t.relname || ': ' || (
                        SELECT string_agg(a.attname, ',' ORDER BY k.position)
                          FROM unnest(i.indkey) WITH ORDINALITY AS k (number, position)
                          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) AS TEXT)
               FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
              WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND i.indisprimary",
            "SELECT CAST('unique ' || t.relname || ': ' || (
                        SELECT string_agg(coalesce(a.attname, 'expression'), ',' ORDER BY k.position)
                          FROM unnest(i.indkey) WITH ORDINALITY AS k (number, position)
                          LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number)
                    || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END AS TEXT)
               FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
              WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND i.indisunique AND NOT i.indisprimary",
            "SELECT CAST('foreign key ' || t.relname || '.' || a.attname || ' to ' || f.relname AS TEXT)
               FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
               JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (c.conkey)
              WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND c.contype = 'f'",
        ],
    )
    .await
}
