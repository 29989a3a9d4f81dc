use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Clock, StoreError};
use tokio::sync::Semaphore;

use super::connection::{Cache, open_reader};
use super::transaction::sqlite_of;
use crate::tx::Tx;

/// Connections for reading; each is opened when first needed.
const READERS: usize = 4;
/// How long one reading closure may work.
const CLOSURE_LIMIT: Duration = Duration::from_secs(30);

/// The readers of one file.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    free: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Tx>>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { path, clock, free: Arc::new(Semaphore::new(READERS)), idle: Arc::default() }
    }

    pub(crate) async fn run<T, F>(&self, mut work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let closed = || StoreError::Unavailable("the database is closed".to_owned());
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(|_| closed())?;
        let (path, clock, idle) = (self.path.clone(), Arc::clone(&self.clock), Arc::clone(&self.idle));
        let reading = tokio::task::spawn_blocking(move || {
            let kept = idle.lock().map_err(|_| closed())?.pop();
            let mut tx = match kept {
                Some(tx) => tx,
                None => open_reader(&path, &clock, Cache::Small)?,
            };
            // One snapshot for the whole closure. A connection that fails here, or whose closure panics, is not used again.
            sqlite_of(&mut tx).control("BEGIN DEFERRED")?;
            sqlite_of(&mut tx).bound(CLOSURE_LIMIT);
            let result = work(&mut tx);
            sqlite_of(&mut tx).unbound();
            if !sqlite_of(&mut tx).is_outside_transaction() {
                sqlite_of(&mut tx).control("ROLLBACK")?;
            }
            tx.reset();
            idle.lock().map_err(|_| closed())?.push(tx);
            drop(permit);
            result
        });
        match reading.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(closed()),
        }
    }

    /// Refuses further readings and closes the idle connections.
    pub(crate) fn close(&self) {
        self.free.close();
        if let Ok(mut idle) = self.idle.lock() {
            idle.clear();
        }
    }
}
