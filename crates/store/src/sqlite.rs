//! SQLite: one writer thread that commits together what has gathered, a few readers, and look-ups on the threads that ask.

mod connection;
mod error;
mod file_lock;
mod look_ups;
mod readers;
mod row_watcher;
mod transaction;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use base::{Clock, StoreError};

pub(crate) use connection::{Cache, SqliteConnection};
pub(crate) use error::from_sqlite;
pub(crate) use row_watcher::RowWatcher;
pub(crate) use transaction::{SqliteTx, migrate, sqlite_of};

use crate::migrations::Migration;
use crate::open_error::OpenError;
use crate::tx::Tx;
use file_lock::FileLock;
use look_ups::LookUps;
use readers::Readers;
use writer::Writer;

/// The backend over a file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    writer: Writer,
    readers: Readers,
    look_ups: LookUps,
    path: PathBuf,
}

impl Sqlite {
    /// Takes the file's lock, opens and migrates. Blocking. The watcher hears of every row that changes from then on.
    pub(crate) fn open(
        path: PathBuf,
        migrations: &[Migration],
        clock: &Arc<dyn Clock>,
        watcher: Option<Arc<dyn RowWatcher>>,
    ) -> Result<Self, OpenError> {
        let lock = FileLock::take(&path)?;
        let mut tx = connection::open_writer(&path, clock)?;
        migrate(&mut tx, migrations, clock.now())?;
        if let Some(watcher) = &watcher {
            sqlite_of(&mut tx).watch(Arc::clone(watcher))?;
        }
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let writer = Writer::start(&name, tx, lock, watcher).map_err(|error| OpenError::File {
            path: path.clone(),
            reason: format!("no writer thread: {error}"),
        })?;
        let readers = Readers::new(path.clone(), Arc::clone(clock));
        let look_ups = LookUps::new(path.clone(), Arc::clone(clock));
        Ok(Self { writer, readers, look_ups, path })
    }

    pub(crate) async fn run_tx<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.writer.run(work).await
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.readers.run(work).await
    }

    pub(crate) async fn look_up<T, F>(&self, mut work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        match self.look_ups.run_here(&mut work) {
            Some(result) => result,
            None => self.readers.run(work).await,
        }
    }

    /// Lets the writer look whether anybody else has written to the file, without waiting for it; whether it could be asked.
    pub(crate) fn look_for_others(&self) -> bool {
        self.writer.look()
    }

    /// Waits until what was given to the writer is done and the lock is released.
    pub(crate) async fn close(&self) {
        self.readers.close();
        self.look_ups.close();
        self.writer.close().await;
    }

    pub(crate) async fn backup_to(&self, target: PathBuf) -> Result<(), StoreError> {
        let source = self.path.clone();
        tokio::task::spawn_blocking(move || connection::backup(&source, &target))
            .await
            .map_err(|error| StoreError::Unavailable(format!("the backup stopped: {error}")))?
    }
}
