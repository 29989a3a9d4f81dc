use std::sync::Arc;
use std::time::Duration;

use base::StoreError;
use bytes::BytesMut;
use deadpool_postgres::Object;
use futures_util::FutureExt as _;
use futures_util::future::join;
use tokio::runtime::Handle;
use tokio_postgres::Statement;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::error::{from_postgres, is_collision, is_outdated};
use crate::open_error::OpenError;
use crate::row::Columns;
use crate::tx::{Backend, Tx};
use crate::{Row, Value, sql};

/// Every condition is checked by the statement that writes, so this level is enough.
pub(super) const BEGIN_WRITING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// One snapshot for all statements, as a reader of SQLite has it.
pub(super) const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Longer than any statement timeout of the server: beyond it the network is taken for dead.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);

/// The same for a statement by a key, which waits for one row at most: longer than the server lets anybody wait for a lock, and short
/// enough that a refresh is answered while its client still may ask again.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(12);

/// A migration may rewrite large tables, or wait for another process that does.
const MIGRATION_TIMEOUT: Duration = Duration::from_hours(1);

/// A connection of PostgreSQL on which a closure works, from a blocking thread.
pub(crate) struct PostgresTx {
    client: Option<Object>,
    handle: Handle,
    /// A statement collided with another transaction: the whole is to be run again, whatever the closure makes of it.
    collision: Option<StoreError>,
    /// The BEGIN that goes out with the first statement.
    begin: Option<&'static str>,
    /// A transaction may be open on the connection.
    open: bool,
    /// How long the server may take for an answer.
    patience: Duration,
}

impl std::fmt::Debug for PostgresTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresTx")
    }
}

/// Why an answer was none.
enum Failure {
    Server(tokio_postgres::Error),
    Ours(StoreError),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

/// What one run of a closure came to.
pub(super) enum Attempt<T> {
    Ended(Result<T, StoreError>),
    Collided(StoreError),
}

impl PostgresTx {
    pub(super) fn new(client: Object, handle: Handle) -> Self {
        Self {
            client: Some(client),
            handle,
            collision: None,
            begin: None,
            open: false,
            patience: ANSWER_TIMEOUT,
        }
    }

    /// Waits for the server, but not for ever. The BEGIN that is still owed goes out with the first question, without waiting for
    /// its own answer: a transaction costs one way to the server and back less.
    fn wait<T>(&mut self, ask: impl AsyncFnOnce(&Object) -> Result<T, Failure>) -> Result<T, StoreError> {
        let begin = self.begin.take();
        let Some(client) = &self.client else {
            return Err(StoreError::Unavailable("the connection to PostgreSQL was lost".to_owned()));
        };
        let asking = async {
            let Some(begin) = begin else { return ask(client).await };
            // The first of the two is polled, and so sent, first.
            let (begun, answer) = join(client.batch_execute(begin), ask(client)).await;
            begun?;
            answer
        };
        let answer = self.handle.block_on(async { tokio::time::timeout(self.patience, asking).await });
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Failure::Ours(error))) => Err(error),
            Ok(Err(Failure::Server(error))) => {
                let text = from_postgres(&error);
                if is_to_be_run_again(client, &error) {
                    self.collision = Some(text.clone());
                }
                Err(text)
            }
            Err(_) => {
                self.abandon();
                Err(no_answer())
            }
        }
    }

    /// Closes the connection instead of giving it back: nobody knows what is open on it.
    fn abandon(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }

    pub(super) fn control(&mut self, sql: &str) -> Result<(), StoreError> {
        self.wait(async |client| Ok(client.batch_execute(sql).await?))
    }

    /// Ends a transaction that wrote nothing. The answer is not waited for: whoever uses the connection next comes after it.
    fn end_reading(&mut self) {
        if self.begin.take().is_none()
            && let Some(client) = &self.client
        {
            // Polling once sends it.
            let unanswered = client.batch_execute("ROLLBACK").now_or_never();
            if matches!(unanswered, Some(Err(_))) {
                return;
            }
        }
        self.open = false;
    }

    pub(crate) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<usize, StoreError> {
        let sql = sql::for_postgres(sql);
        let touched = self.wait(async |client| {
            let statement = prepare(client, &sql, values).await?;
            Ok(client.execute_raw(&statement, values).await?)
        })?;
        Ok(usize::try_from(touched).unwrap_or(usize::MAX))
    }

    pub(crate) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.wait(async |client| query(client, sql, values).await)
    }
}

/// Runs one statement outside a transaction, so that it is one itself.
pub(super) async fn run_statement(
    client: Object,
    sql: &'static str,
    values: Arc<[Value]>,
) -> Attempt<Vec<Row>> {
    let Ok(answer) = tokio::time::timeout(STATEMENT_TIMEOUT, query(&client, sql, &values)).await else {
        // Closed instead of given back: the statement may still be running on it.
        drop(Object::take(client));
        return Attempt::Ended(Err(no_answer()));
    };
    match answer {
        Ok(rows) => Attempt::Ended(Ok(rows)),
        Err(Failure::Ours(error)) => Attempt::Ended(Err(error)),
        Err(Failure::Server(error)) if is_to_be_run_again(&client, &error) => {
            Attempt::Collided(from_postgres(&error))
        }
        Err(Failure::Server(error)) => Attempt::Ended(Err(from_postgres(&error))),
    }
}

async fn query(client: &Object, sql: &str, values: &[Value]) -> Result<Vec<Row>, Failure> {
    let statement = prepare(client, &sql::for_postgres(sql), values).await?;
    let parameters: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
    let rows = client.query(&statement, &parameters).await?;
    let columns = Arc::new(Columns::new(statement.columns().iter().map(tokio_postgres::Column::name)));
    let rows = rows.iter().map(|row| {
        let value = |index| {
            row.try_get::<_, Value>(index).map_err(|error| {
                let (column, kind) = (columns.name(index), row.columns()[index].type_());
                StoreError::Statement(format!("column {column} of type {kind} cannot be read: {error}"))
            })
        };
        let values = (0..columns.len()).map(value).collect::<Result<_, _>>()?;
        Ok(Row::new(Arc::clone(&columns), values))
    });
    rows.collect::<Result<_, _>>().map_err(Failure::Ours)
}

/// Whether it may well succeed the next time. What the connection has prepared is made anew where a newer process has changed a table under
/// it.
fn is_to_be_run_again(client: &Object, error: &tokio_postgres::Error) -> bool {
    let is_outdated = is_outdated(error);
    if is_outdated {
        client.statement_cache.clear();
    }
    is_outdated || is_collision(error)
}

fn no_answer() -> StoreError {
    StoreError::Unavailable("PostgreSQL did not answer in time".to_owned())
}

/// The server is asked once a connection; later the statement is the connection's own.
async fn prepare(client: &Object, sql: &str, values: &[Value]) -> Result<Statement, Failure> {
    let statement = client.prepare_cached(sql).await?;
    let (wanted, given) = (statement.params().len(), values.len());
    if wanted == given {
        Ok(statement)
    } else {
        Err(Failure::Ours(StoreError::Statement(format!(
            "the statement takes {wanted} values and was given {given}"
        ))))
    }
}

impl Drop for PostgresTx {
    fn drop(&mut self) {
        // A closure panicked in the middle: the pool must not lend this connection again.
        if self.open {
            self.abandon();
        }
    }
}

fn postgres_of(tx: &mut Tx) -> &mut PostgresTx {
    match tx.backend() {
        Backend::Postgres(postgres) => postgres,
        Backend::Sqlite(_) => unreachable!("a PostgreSQL backend makes only PostgreSQL transactions"),
    }
}

/// Begins, runs the closure, and commits or rolls back.
pub(super) fn run_once<T>(
    tx: &mut Tx,
    begin: &'static str,
    write: bool,
    work: &mut impl FnMut(&mut Tx) -> Result<T, StoreError>,
) -> Attempt<T> {
    postgres_of(tx).open = true;
    postgres_of(tx).begin = Some(begin);
    let result = work(tx);
    let keep = write && result.is_ok() && tx.is_to_be_kept();
    let postgres = postgres_of(tx);
    if !write || postgres.begin.is_some() {
        postgres.end_reading();
    } else if keep {
        // If the answer is lost nobody knows whether the commit took place, so it counts as not done: `wait` gives an error, and
        // the connection is not used again.
        return match postgres.control("COMMIT") {
            Ok(()) => {
                postgres.open = false;
                Attempt::Ended(result)
            }
            Err(error) => match postgres.collision.take() {
                Some(error) => Attempt::Collided(error),
                None => Attempt::Ended(Err(error)),
            },
        };
    } else if postgres.control("ROLLBACK").is_ok() {
        postgres.open = false;
    }
    match postgres.collision.take() {
        Some(error) => Attempt::Collided(error),
        None => Attempt::Ended(result),
    }
}

/// Begins, runs what changes the schema, and commits or rolls back. Never runs it again.
pub(super) fn run_alone(
    tx: &mut Tx,
    work: impl FnOnce(&mut Tx) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    postgres_of(tx).patience = MIGRATION_TIMEOUT;
    postgres_of(tx).open = true;
    postgres_of(tx).control(BEGIN_WRITING)?;
    work(tx)?;
    postgres_of(tx).control("COMMIT")?;
    postgres_of(tx).open = false;
    Ok(())
}

/// Runs several statements without values.
pub(super) fn batch(tx: &mut Tx, sql: &str) -> Result<(), StoreError> {
    postgres_of(tx).control(sql)
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Self::Integer(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Integer(number) if *kind == Type::INT2 => i16::try_from(*number)?.to_sql(kind, out),
            Self::Text(text) if <&str as ToSql>::accepts(kind) => text.as_str().to_sql(kind, out),
            Self::Bytes(bytes) if *kind == Type::BYTEA => bytes.as_slice().to_sql(kind, out),
            other => Err(format!("{other:?} was given where PostgreSQL wants {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match *kind {
            Type::INT8 => i64::from_sql(kind, raw).map(Self::Integer),
            Type::INT4 => i32::from_sql(kind, raw).map(|number| Self::Integer(number.into())),
            Type::INT2 => i16::from_sql(kind, raw).map(|number| Self::Integer(number.into())),
            Type::BOOL => bool::from_sql(kind, raw).map(|truth| Self::Integer(truth.into())),
            Type::BYTEA => Ok(Self::Bytes(raw.to_vec())),
            _ => String::from_sql(kind, raw).map(Self::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::INT4 | Type::INT2 | Type::BOOL | Type::BYTEA)
            || <String as FromSql<'_>>::accepts(kind)
    }
}
