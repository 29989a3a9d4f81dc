use base::StoreError;

use crate::postgres::PostgresTx;
use crate::sqlite::SqliteTx;
use crate::{Row, Value};

/// A transaction while it runs. Statements are synchronous and the same for every database.
///
/// A statement that fails ends the transaction: all later ones fail too, and nothing of it is kept, whatever the closure
/// returns. So `Err(Duplicate(_)) => Ok(Outcome::Taken)` is fine, and going on writing afterwards is not; where that is
/// wanted, say `ON CONFLICT DO NOTHING`.
#[derive(Debug)]
pub struct Tx {
    backend: Backend,
    state: State,
}

#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(SqliteTx),
    Postgres(PostgresTx),
}

/// What is to become of the transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Open,
    Discarded,
    Failed(StoreError),
}

impl Tx {
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend, state: State::Open }
    }

    /// Runs a statement; gives the number of rows it touched.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<usize, StoreError> {
        self.statement(|backend| match backend {
            Backend::Sqlite(sqlite) => sqlite.execute(sql, values),
            Backend::Postgres(postgres) => postgres.execute(sql, values),
        })
    }

    /// Runs a statement; gives the rows it returned (SELECT, or anything with RETURNING).
    pub fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.statement(|backend| match backend {
            Backend::Sqlite(sqlite) => sqlite.query(sql, values),
            Backend::Postgres(postgres) => postgres.query(sql, values),
        })
    }

    /// The first row, if there is one.
    pub fn query_opt(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// The first row of a statement that always gives one (`SELECT count(*)`); `Corrupt` if it gave none.
    pub fn query_one(&mut self, sql: &str, values: &[Value]) -> Result<Row, StoreError> {
        self.query_opt(sql, values)?
            .ok_or_else(|| StoreError::Corrupt("a row that must be there is missing".to_owned()))
    }

    /// Lets nothing of this transaction be kept, although the closure returns `Ok`: for an outcome that is known only after
    /// something was written.
    pub fn discard(&mut self) {
        if self.state == State::Open {
            self.state = State::Discarded;
        }
    }

    fn statement<T>(
        &mut self,
        run: impl FnOnce(&mut Backend) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let State::Failed(error) = &self.state {
            let text = format!("an earlier statement of the same transaction failed: {error}");
            return Err(StoreError::Statement(text));
        }
        run(&mut self.backend).inspect_err(|error| self.state = State::Failed(error.clone()))
    }

    /// Whether what was done is to be kept.
    pub(crate) fn is_to_be_kept(&self) -> bool {
        self.state == State::Open
    }

    /// For the next closure on the same connection.
    pub(crate) fn reset(&mut self) {
        self.state = State::Open;
    }

    pub(crate) fn backend(&mut self) -> &mut Backend {
        &mut self.backend
    }
}
