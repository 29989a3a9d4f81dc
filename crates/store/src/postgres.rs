//! PostgreSQL: a bounded pool; closures run on blocking threads that drive the asynchronous client.

mod error;
mod open;
mod transaction;
mod url;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base::{Backoff, Entropy, StoreError};
use deadpool_postgres::{Object, Pool, PoolError};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

pub(crate) use transaction::PostgresTx;
pub(crate) use url::check_url;

use crate::tx::{Backend, Tx};
use crate::{Row, Value};
use transaction::{Attempt, BEGIN_READING, BEGIN_WRITING};

/// How often a transaction is run when it keeps colliding with others.
const ATTEMPTS: u32 = 10;
/// The pauses between the runs.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(5), cap: Duration::from_millis(250) };

/// The backend over a server.
pub(crate) struct Postgres {
    pool: Pool,
    schema: String,
    entropy: Arc<dyn Entropy>,
    tasks: TaskTracker,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Postgres {
    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    async fn connection(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error::from_postgres(&error),
            PoolError::Timeout(_) => {
                StoreError::Unavailable("no connection to PostgreSQL became free in time".to_owned())
            }
            PoolError::Closed => StoreError::Unavailable("the database is closed".to_owned()),
            other => StoreError::Unavailable(other.to_string()),
        })
    }

    /// Runs one statement that is a transaction of its own, without a thread to wait for it. A caller that goes away does not stop it: the
    /// task that asks keeps the connection until the answer is there, so that nobody else waits behind it.
    pub(crate) async fn statement(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let values: Arc<[Value]> = values.into();
        let mut attempt = 0;
        loop {
            let client = self.connection().await?;
            let asking = self.tasks.spawn(transaction::run_statement(client, sql, Arc::clone(&values)));
            match asking.await {
                Ok(Attempt::Ended(result)) => return result,
                Ok(Attempt::Collided(error)) => self.pause_after(&mut attempt, error).await?,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => return Err(StoreError::Unavailable("the process is stopping".to_owned())),
            }
        }
    }

    /// Runs a closure in a transaction, again if it collided with another.
    pub(crate) async fn run<T, F>(&self, write: bool, mut work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let handle = Handle::current();
        let begin = if write { BEGIN_WRITING } else { BEGIN_READING };
        let mut attempt = 0;
        loop {
            let client = self.connection().await?;
            let mut tx = Tx::new(Backend::Postgres(PostgresTx::new(client, handle.clone())));
            let running = tokio::task::spawn_blocking(move || {
                let ran = transaction::run_once(&mut tx, begin, write, &mut work);
                (ran, work)
            });
            let ran = match running.await {
                Ok((ran, back)) => {
                    work = back;
                    ran
                }
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => return Err(StoreError::Unavailable("the process is stopping".to_owned())),
            };
            match ran {
                Attempt::Ended(result) => return result,
                Attempt::Collided(error) => self.pause_after(&mut attempt, error).await?,
            }
        }
    }

    /// Waits before the next attempt, or gives the error if there is to be none.
    async fn pause_after(&self, attempt: &mut u32, error: StoreError) -> Result<(), StoreError> {
        *attempt += 1;
        if *attempt == ATTEMPTS {
            return Err(error);
        }
        tokio::time::sleep(PAUSES.pause(*attempt - 1, &*self.entropy)).await;
        Ok(())
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}
