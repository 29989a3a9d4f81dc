use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{SqliteTx, from_sqlite};
use crate::open_error::OpenError;
use crate::tx::{Backend, Tx};

/// How many steps of SQLite's machine pass between two looks at the clock: about a millisecond of work.
const STEPS_BETWEEN_LOOKS: i32 = 20_000;
/// How much of the file one connection may keep in memory, in KiB. What it does not keep it asks the system for, page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    /// For what is read now and then.
    Small,
    /// For what is looked up all the time, on several connections: the inner pages of every tree, also of one over a million rows.
    Medium,
    /// For what is changed all the time.
    Large,
}

impl Cache {
    const fn kibibytes(self) -> u32 {
        match self {
            Self::Small => 512,
            Self::Medium => 4 * 1024,
            Self::Large => 8 * 1024,
        }
    }
}

/// Pages in the journal before they are copied into the file: 16 MiB. Of rows that change again and again only the last state is
/// copied.
const PAGES_BETWEEN_CHECKPOINTS: u32 = 4000;
/// Statements kept prepared by one connection.
const PREPARED_STATEMENTS: usize = 128;
/// How long to wait for another process's lock: backups and `sqlite3` shells, as Mainstay itself is alone.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection whose work can be bounded in time.
#[derive(Debug)]
pub(crate) struct SqliteConnection {
    pub(crate) connection: Connection,
    pub(crate) deadline: Deadline,
}

/// Until when the present closure may work, on the monotonic clock.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    clock: Arc<dyn Clock>,
    /// Microseconds; the largest number means no bound.
    micros: Arc<AtomicU64>,
}

impl Deadline {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, micros: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    pub(crate) fn set(&self, from_now: Duration) {
        self.micros.store(micros(self.clock.monotonic() + from_now), Ordering::Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.micros.store(u64::MAX, Ordering::Relaxed);
    }

    pub(crate) fn has_passed(&self) -> bool {
        let deadline = self.micros.load(Ordering::Relaxed);
        deadline != u64::MAX && micros(self.clock.monotonic()) > deadline
    }

    /// The monotonic reading, for measuring how long a batch has taken.
    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX - 1)
}

impl SqliteConnection {
    pub(crate) fn prepare(
        mut connection: Connection,
        clock: &Arc<dyn Clock>,
        cache: Cache,
    ) -> Result<Self, StoreError> {
        let deadline = Deadline::new(Arc::clone(clock));
        let watched = deadline.clone();
        connection
            .progress_handler(STEPS_BETWEEN_LOOKS, Some(move || watched.has_passed()))
            .map_err(from_sqlite)?;
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        connection.busy_timeout(BUSY_TIMEOUT).map_err(from_sqlite)?;
        // Otherwise a value bound to a column that has a partial index makes SQLite prepare the statement anew each time, which
        // costs more than running it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(from_sqlite)?;
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA case_sensitive_like = ON; PRAGMA cache_size = -{};",
                cache.kibibytes()
            ))
            .map_err(from_sqlite)?;
        Ok(Self { connection, deadline })
    }
}

/// The connection that writes. The file is made with mode 0600, as are its companions after it.
pub(crate) fn open_writer(path: &Path, clock: &Arc<dyn Clock>) -> Result<Tx, OpenError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file_error = |reason: String| OpenError::File { path: path.to_owned(), reason };
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| file_error(error.to_string()))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| file_error(error.to_string()))?;
    let refused = |error: rusqlite::Error| match from_sqlite(error) {
        StoreError::Corrupt(reason) => OpenError::Foreign { path: path.to_owned(), reason },
        other => OpenError::Store(other),
    };
    // FULL: a commit that was answered survives a power cut. The WAL is cut back after a checkpoint.
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; \
                 PRAGMA wal_autocheckpoint = {PAGES_BETWEEN_CHECKPOINTS};"
        ))
        .map_err(refused)?;
    let connection = SqliteConnection::prepare(connection, clock, Cache::Large)?;
    Ok(Tx::new(Backend::Sqlite(SqliteTx::new(connection))))
}

/// A connection that cannot write.
pub(crate) fn open_reader(path: &Path, clock: &Arc<dyn Clock>, cache: Cache) -> Result<Tx, StoreError> {
    let connection = open_for_reading(path)?;
    connection.execute_batch("PRAGMA query_only = ON;").map_err(from_sqlite)?;
    let connection = SqliteConnection::prepare(connection, clock, cache)?;
    Ok(Tx::new(Backend::Sqlite(SqliteTx::new(connection))))
}

fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(from_sqlite)
}

/// A consistent copy while others write. One step over all pages holds one read snapshot, so that it never starts over; the
/// copy appears under its name only when it is whole and on disk.
pub(crate) fn backup(source: &Path, target: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        StoreError::NotWritable(format!("the backup {} {what}: {error}", target.display()))
    };
    if target.exists() {
        return Err(failed("is not made", &"a file of that name exists; give another name"));
    }
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)
        .map_err(|error| failed("cannot be made", &error))?;
    let copied = copy(source, &partial).and_then(|()| {
        let file = std::fs::File::open(&partial).map_err(|error| failed("cannot be read back", &error))?;
        file.sync_all().map_err(|error| failed("cannot be written to disk", &error))?;
        std::fs::rename(&partial, target).map_err(|error| failed("cannot be put in place", &error))
    });
    if copied.is_err()
        && let Err(error) = std::fs::remove_file(&partial)
    {
        tracing::warn!(path = %partial.display(), %error, "the unfinished backup could not be removed");
    }
    copied
}

fn copy(source: &Path, target: &Path) -> Result<(), StoreError> {
    let from = open_for_reading(source)?;
    from.busy_timeout(BUSY_TIMEOUT).map_err(from_sqlite)?;
    let mut to = Connection::open(target).map_err(from_sqlite)?;
    {
        let backup = rusqlite::backup::Backup::new(&from, &mut to).map_err(from_sqlite)?;
        let step = backup.step(-1).map_err(from_sqlite)?;
        if step != rusqlite::backup::StepResult::Done {
            return Err(StoreError::Unavailable(
                "the database was locked while the backup was to be made".to_owned(),
            ));
        }
    }
    // The copy is to be one file, without a journal beside it.
    to.execute_batch("PRAGMA journal_mode = DELETE;").map_err(from_sqlite)?;
    to.close().map_err(|(_, error)| from_sqlite(error))
}
