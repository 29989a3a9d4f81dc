mod measure;
mod own_state;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, StoreError};

use crate::authserver::AccessMemory;
use crate::memory::{Fault, FaultHook, Memory, Snapshot};
use crate::migrations::{Migration, migrations_of};
use crate::postgres::Postgres;
use crate::sqlite::{RowWatcher, Sqlite};
use crate::{Location, OpenError, RecordedChange, Row, Settings, Side, Tx, Value};
use measure::{Measure, Measures};

/// An open database with its schema up to date. Cloning is cheap; all clones are the same database.
#[derive(Debug, Clone)]
pub struct Database {
    backend: Arc<Backend>,
    side: Side,
    clock: Arc<dyn Clock>,
    measures: Arc<Measures>,
    slowed_by: Option<Duration>,
    /// Only where the file is this process's alone and its changes can be followed.
    accesses: Option<Arc<AccessMemory>>,
}

#[derive(Debug)]
enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
    Memory(Box<Memory>),
}

impl Database {
    /// Opens the database and brings its schema up to date.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let migrations = migrations_of(settings.side);
        Self::open_with(settings, migrations).await
    }

    /// The same with another list of migrations; for tests of migrating.
    pub async fn open_with(settings: Settings, migrations: &'static [Migration]) -> Result<Self, OpenError> {
        let (side, clock) = (settings.side, Arc::clone(&settings.clock));
        let mut accesses = None;
        let backend = match &settings.location {
            Location::Sqlite(path) => {
                if side != Side::Connect {
                    accesses = Some(Arc::new(AccessMemory::new(Arc::clone(&clock))));
                }
                let watcher = accesses.clone().map(|memory| memory as Arc<dyn RowWatcher>);
                let (path, clock) = (path.clone(), Arc::clone(&clock));
                let opening =
                    tokio::task::spawn_blocking(move || Sqlite::open(path, migrations, &clock, watcher));
                let stopped = |error| StoreError::Unavailable(format!("opening stopped: {error}"));
                Backend::Sqlite(opening.await.map_err(stopped)??)
            }
            Location::Postgres(_) => Backend::Postgres(Postgres::open(&settings, migrations).await?),
        };
        let measures = Arc::new(Measures::new(&clock, side));
        let (backend, slowed_by) = (Arc::new(backend), settings.slowed_by);
        Ok(Self { backend, side, clock, measures, slowed_by, accesses })
    }

    /// A database in memory, with its schema, for the simulation and for tests: it runs on the calling task, without threads.
    pub fn memory(side: Side, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::memory_with(side, clock, migrations_of(side))
    }

    /// The same with another list of migrations; for tests of migrating.
    pub fn memory_with(
        side: Side,
        clock: Arc<dyn Clock>,
        migrations: &[Migration],
    ) -> Result<Self, OpenError> {
        let memory = Memory::open(migrations, &clock)?;
        let (backend, measures) = (Backend::Memory(Box::new(memory)), Measures::new(&clock, side));
        let (backend, measures) = (Arc::new(backend), Arc::new(measures));
        Ok(Self { backend, side, clock, measures, slowed_by: None, accesses: None })
    }

    /// Whose schema it holds.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Whether only one process at a time can have it open.
    pub fn is_exclusive(&self) -> bool {
        !matches!(&*self.backend, Backend::Postgres(_))
    }

    /// Runs a transaction that writes. `name` is what it is measured under (`refresh.take_lease`). The closure may run more than
    /// once, so what it changes outside the database must bear that. What it wrote is kept if it returns `Ok`, no statement failed
    /// and [`Tx::discard`] was not called; when this returns `Ok`, the commit has returned.
    ///
    /// A caller that goes away while its transaction runs does not stop it.
    pub async fn run_tx<T, F>(&self, name: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.measured(name, async |measure| match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.run_tx(measure.counting(work)).await,
            Backend::Postgres(postgres) => postgres.run(true, measure.counting(work)).await,
            Backend::Memory(memory) => memory.run(name, true, measure.counting(work)).await,
        })
        .await
    }

    /// Runs a transaction that only reads, on one snapshot; beside the writer where the database allows it.
    pub async fn read<T, F>(&self, name: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.measured(name, async |measure| match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(measure.counting(work)).await,
            Backend::Postgres(postgres) => postgres.run(false, measure.counting(work)).await,
            Backend::Memory(memory) => memory.run(name, false, measure.counting(work)).await,
        })
        .await
    }

    /// Looks up a few rows by their keys: one SELECT, for what is asked all the time. Like [`Database::read`], but on SQLite it runs
    /// on the calling thread while the disk answers at once, and on PostgreSQL without a transaction and a thread of its own. Nothing that
    /// reads much belongs here.
    pub async fn look_up(
        &self,
        name: &'static str,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        if !sql.starts_with("SELECT ") {
            return Err(StoreError::Statement("a look-up is a SELECT".to_owned()));
        }
        let select = |values: Vec<Value>| move |tx: &mut Tx| tx.query(sql, &values);
        self.measured(name, async |measure| match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.look_up(measure.counting(select(values.to_vec()))).await,
            Backend::Postgres(postgres) => postgres.statement(sql, values.to_vec()).await,
            Backend::Memory(memory) => {
                memory.run(name, false, measure.counting(select(values.to_vec()))).await
            }
        })
        .await
    }

    /// Changes one row and records it, both or neither; whether the row was there to be changed. On PostgreSQL it is one statement and
    /// so a transaction of its own; elsewhere as [`Database::run_tx`].
    pub async fn change_and_record(
        &self,
        name: &'static str,
        statement: &'static RecordedChange,
        change: Vec<Value>,
        record: Vec<Value>,
    ) -> Result<bool, StoreError> {
        let Backend::Postgres(postgres) = &*self.backend else {
            return self.run_tx(name, move |tx| statement.run(tx, &change, &record)).await;
        };
        self.measured(name, async |_| {
            let rows = postgres.statement(statement.as_one(), [change, record].concat()).await?;
            RecordedChange::was_made(&rows)
        })
        .await
    }

    /// Where what was read of authorisations in use may be remembered, if it may.
    pub(crate) fn accesses(&self) -> Option<&AccessMemory> {
        self.accesses.as_deref()
    }

    /// Lets the writer look soon for what others have written to the file; whether it could be asked.
    pub(crate) fn look_for_others(&self) -> bool {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.look_for_others(),
            Backend::Postgres(_) | Backend::Memory(_) => false,
        }
    }

    /// Runs one transaction and measures it under its name. Where a slow database is wanted, others get their turn before it.
    async fn measured<T>(
        &self,
        name: &'static str,
        run: impl AsyncFnOnce(&Measure) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(pause) = self.slowed_by {
            tokio::time::sleep(pause).await;
        }
        let measure = self.measures.start(name);
        let result = run(&measure).await;
        measure.finish(&result);
        result
    }

    /// Lets what was begun be finished and closes the database; on SQLite another process may open it afterwards. Later
    /// transactions are refused.
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => postgres.close(),
            Backend::Memory(_) => {}
        }
    }

    /// A consistent copy of a SQLite database while it is in use. The target must not exist.
    pub async fn backup_to(&self, target: PathBuf) -> Result<(), StoreError> {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.backup_to(target).await,
            Backend::Postgres(postgres) => Err(StoreError::Statement(format!(
                "a PostgreSQL database is backed up with its own programs: `pg_dump --format=custom --schema={} --file={}`",
                postgres.schema(),
                target.display()
            ))),
            Backend::Memory(_) => {
                Err(StoreError::Statement("a database in memory has snapshots, not backups".to_owned()))
            }
        }
    }

    /// Sets what goes wrong with each transaction of a database in memory; `None` for nothing. Other databases are not touched.
    pub fn set_fault_hook(&self, hook: Option<FaultHook>) {
        if let Backend::Memory(memory) = &*self.backend {
            memory.set_fault_hook(hook);
        }
    }

    /// Lets the next `times` transactions of that name on a database in memory meet `fault`, in place of any other hook.
    pub fn fail_next(&self, name: &'static str, times: u32, fault: Fault) {
        let left = std::sync::atomic::AtomicU32::new(times);
        self.set_fault_hook(Some(Arc::new(move |running| {
            use std::sync::atomic::Ordering::SeqCst;
            let meets =
                running == name && left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
            meets.then(|| fault.clone())
        })));
    }

    /// A copy of a database in memory.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.in_memory()?.snapshot()
    }

    /// Puts a database in memory back to what it was.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.in_memory()?.restore(snapshot)
    }

    fn in_memory(&self) -> Result<&Memory, StoreError> {
        match &*self.backend {
            Backend::Memory(memory) => Ok(memory),
            _ => Err(StoreError::Statement("snapshots are made of databases in memory alone".to_owned())),
        }
    }

    fn is_postgres(&self) -> bool {
        matches!(&*self.backend, Backend::Postgres(_))
    }
}
