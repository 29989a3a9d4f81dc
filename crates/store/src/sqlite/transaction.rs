use std::sync::Arc;
use std::time::Duration;

use base::{StoreError, Timestamp};
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::{RowWatcher, SqliteConnection, from_sqlite};
use crate::migrations::Migration;
use crate::migrator::{self, AppliedMigration};
use crate::open_error::OpenError;
use crate::row::Columns;
use crate::tx::{Backend, Tx};
use crate::{Row, Value, sql};

/// A connection of SQLite on which a closure works.
#[derive(Debug)]
pub(crate) struct SqliteTx(SqliteConnection);

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl SqliteTx {
    pub(crate) fn new(connection: SqliteConnection) -> Self {
        Self(connection)
    }

    /// How long one closure may work.
    pub(crate) fn bound(&self, limit: Duration) {
        self.0.deadline.set(limit);
    }

    pub(crate) fn unbound(&self) {
        self.0.deadline.clear();
    }

    pub(crate) fn monotonic(&self) -> Duration {
        self.0.deadline.now()
    }

    /// Whether SQLite has given up the whole transaction by itself, as it may when the disk is full or a write is interrupted.
    pub(crate) fn is_outside_transaction(&self) -> bool {
        self.0.connection.is_autocommit()
    }

    /// Lets statements fail at once where they would wait for a lock.
    pub(crate) fn do_not_wait(&self) -> Result<(), StoreError> {
        self.0.connection.busy_timeout(Duration::ZERO).map_err(from_sqlite)
    }

    /// Counts the rows changed on this connection since it was opened.
    pub(crate) fn changes_so_far(&self) -> u64 {
        self.0.connection.total_changes()
    }

    /// Tells a watcher of each row that is changed on this connection. SQLite does so for every way in which a statement can change a row,
    /// except `REPLACE` and a `DELETE` without `WHERE`, neither of which is used here.
    pub(crate) fn watch(&mut self, watcher: Arc<dyn RowWatcher>) -> Result<(), StoreError> {
        let tell = move |_, _database: &str, table: &str, row| watcher.changed(table, row);
        self.0.connection.update_hook(Some(tell)).map_err(from_sqlite)
    }

    /// A number that differs from an earlier one if another connection has committed something meanwhile.
    pub(crate) fn data_version(&self) -> Result<i64, StoreError> {
        let mut statement = self.0.connection.prepare_cached("PRAGMA data_version").map_err(from_sqlite)?;
        statement.query_row([], |row| row.get(0)).map_err(from_sqlite)
    }

    /// Runs a statement that steers transactions.
    pub(crate) fn control(&self, sql: &str) -> Result<(), StoreError> {
        let mut statement = self.0.connection.prepare_cached(sql).map_err(from_sqlite)?;
        statement.raw_execute().map(drop).map_err(from_sqlite)
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.0.connection.execute_batch(sql).map_err(from_sqlite)
    }

    pub(crate) fn connection_mut(&mut self) -> &mut rusqlite::Connection {
        &mut self.0.connection
    }

    fn bind(&self, sql: &str, values: &[Value]) -> Result<rusqlite::CachedStatement<'_>, StoreError> {
        // A closure that computes for too long between its statements is stopped here; within a statement SQLite itself looks.
        if self.0.deadline.has_passed() {
            return Err(StoreError::Unavailable("the transaction took too long and was stopped".to_owned()));
        }
        let mut statement = self.0.connection.prepare_cached(&sql::for_sqlite(sql)).map_err(from_sqlite)?;
        let wanted = statement.parameter_count();
        if wanted != values.len() {
            return Err(StoreError::Statement(format!(
                "the statement takes {wanted} values and was given {}",
                values.len()
            )));
        }
        for index in 1..=wanted {
            // To SQLite `$1` is a name, and names are numbered as they come.
            let value = statement
                .parameter_name(index)
                .and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok())
                .and_then(|number| values.get(number.checked_sub(1)?));
            let Some(value) = value else {
                return Err(StoreError::Statement(
                    "placeholders are $1, $2 and so on, without gaps".to_owned(),
                ));
            };
            statement.raw_bind_parameter(index, value).map_err(from_sqlite)?;
        }
        Ok(statement)
    }

    pub(crate) fn execute(&self, sql: &str, values: &[Value]) -> Result<usize, StoreError> {
        self.bind(sql, values)?.raw_execute().map_err(from_sqlite)
    }

    pub(crate) fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.bind(sql, values)?;
        let columns = Arc::new(Columns::new(statement.column_names()));
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            let values = (0..columns.len())
                .map(|index| match row.get_ref(index).map_err(from_sqlite)? {
                    ValueRef::Null => Ok(Value::Null),
                    ValueRef::Integer(number) => Ok(Value::Integer(number)),
                    ValueRef::Text(text) => String::from_utf8(text.to_vec()).map(Value::Text).map_err(|_| {
                        StoreError::Corrupt(format!("column {} holds no UTF-8", columns.name(index)))
                    }),
                    ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
                    ValueRef::Real(_) => Err(StoreError::Statement(format!(
                        "column {} is a floating-point number, which no statement here may give",
                        columns.name(index)
                    ))),
                })
                .collect::<Result<_, _>>()?;
            found.push(Row::new(Arc::clone(&columns), values));
        }
        Ok(found)
    }
}

/// The connection under a transaction that is known to be one of SQLite.
pub(crate) fn sqlite_of(tx: &mut Tx) -> &mut SqliteTx {
    match tx.backend() {
        Backend::Sqlite(sqlite) => sqlite,
        Backend::Postgres(_) => unreachable!("a SQLite backend makes only SQLite transactions"),
    }
}

/// Brings the schema up to date in one transaction: either all of it is there afterwards, or nothing new.
pub(crate) fn migrate(tx: &mut Tx, migrations: &[Migration], now: Timestamp) -> Result<(), OpenError> {
    sqlite_of(tx).control("BEGIN IMMEDIATE")?;
    let migrated = migrate_inside(tx, migrations, now);
    let end = if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = if sqlite_of(tx).is_outside_transaction() { Ok(()) } else { sqlite_of(tx).control(end) };
    tx.reset();
    migrated?;
    ended?;
    Ok(())
}

fn migrate_inside(tx: &mut Tx, migrations: &[Migration], now: Timestamp) -> Result<(), OpenError> {
    sqlite_of(tx).batch(&sql::migration_for_sqlite(migrator::TABLE))?;
    let applied = AppliedMigration::all(tx)?;
    for migration in migrator::missing(migrations, &applied)? {
        sqlite_of(tx).batch(&sql::migration_for_sqlite(migration.sql))?;
        migrator::note(tx, migration, now)?;
    }
    Ok(())
}
