//! The simulation's database: SQLite in memory, run on the calling task. No threads and no waiting, so that the same seed gives
//! the same run.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Clock, StoreError};
use rusqlite::Connection;

use crate::migrations::Migration;
use crate::open_error::OpenError;
use crate::sqlite::{Cache, SqliteConnection, SqliteTx, from_sqlite, migrate, sqlite_of};
use crate::tx::{Backend, Tx};

/// What a fault hook does to a transaction of the memory database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is not run; the caller gets this error.
    Refuse(StoreError),
    /// It is run and kept, and yet the caller gets this error: the answer of the commit was lost.
    LoseAnswer(StoreError),
    /// It is run after a pause (of tokio's clock, which a simulation steers).
    Delay(Duration),
}

/// Asked before each transaction, with its name, what is to go wrong.
pub type FaultHook = Arc<dyn Fn(&'static str) -> Option<Fault> + Send + Sync>;

/// A copy of a memory database at one moment.
#[derive(Clone)]
pub struct Snapshot(Vec<u8>);

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot({} bytes)", self.0.len())
    }
}

impl Snapshot {
    /// Its bytes: those of a SQLite file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

pub(crate) struct Memory {
    tx: Mutex<Tx>,
    fault: Mutex<Option<FaultHook>>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    pub(crate) fn open(migrations: &[Migration], clock: &Arc<dyn Clock>) -> Result<Self, OpenError> {
        let connection = Connection::open_in_memory().map_err(from_sqlite)?;
        let connection = SqliteConnection::prepare(connection, clock, Cache::Small)?;
        let mut tx = Tx::new(Backend::Sqlite(SqliteTx::new(connection)));
        migrate(&mut tx, migrations, clock.now())?;
        Ok(Self { tx: Mutex::new(tx), fault: Mutex::default() })
    }

    fn with_tx<T>(&self, work: impl FnOnce(&mut Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        // A closure that panicked has left a transaction open; the next BEGIN says so.
        let mut tx = self.tx.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut tx)
    }

    pub(crate) async fn run<T, F>(
        &self,
        name: &'static str,
        write: bool,
        mut work: F,
    ) -> Result<T, StoreError>
    where
        F: FnMut(&mut Tx) -> Result<T, StoreError>,
    {
        let hook = self.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let mut lost = None;
        match hook.and_then(|hook| hook(name)) {
            None => {}
            Some(Fault::Refuse(error)) => return Err(error),
            Some(Fault::LoseAnswer(error)) => lost = Some(error),
            Some(Fault::Delay(pause)) => tokio::time::sleep(pause).await,
        }
        let result = self.with_tx(|tx| {
            if !sqlite_of(tx).is_outside_transaction() {
                sqlite_of(tx).control("ROLLBACK")?;
                tx.reset();
            }
            sqlite_of(tx).control("BEGIN")?;
            // `PRAGMA query_only` would make SQLite prepare every statement anew each time.
            let changes = sqlite_of(tx).connection_mut().total_changes();
            let mut result = work(tx);
            if !write && sqlite_of(tx).connection_mut().total_changes() != changes {
                result = Err(StoreError::Statement("a transaction that only reads has written".to_owned()));
            }
            let keep = write && result.is_ok() && tx.is_to_be_kept();
            tx.reset();
            sqlite_of(tx).control(if keep { "COMMIT" } else { "ROLLBACK" })?;
            result
        });
        lost.map_or(result, Err)
    }

    pub(crate) fn set_fault_hook(&self, hook: Option<FaultHook>) {
        *self.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = hook;
    }

    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.with_tx(|tx| {
            let data = sqlite_of(tx).connection_mut().serialize("main").map_err(from_sqlite)?;
            Ok(Snapshot(data.to_vec()))
        })
    }

    pub(crate) fn restore(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.with_tx(|tx| {
            let connection = sqlite_of(tx).connection_mut();
            connection.flush_prepared_statement_cache();
            let bytes = snapshot.as_bytes();
            connection.deserialize_read_exact("main", bytes, bytes.len(), false).map_err(from_sqlite)
        })
    }
}
