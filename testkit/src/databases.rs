//! Databases for tests: a file, a database on a throw-away PostgreSQL cluster, or memory.

mod cluster;

use std::fmt;
use std::sync::Arc;

use base::{Clock, SystemClock, SystemEntropy};
use store::{Database, Location, Migration, OpenError, Settings, Side, migrations_of};
use tempfile::TempDir;

use crate::Missing;
pub use cluster::{Cluster, Durability, PostgresDatabase};

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file in a temporary directory.
    Sqlite,
    /// A database of its own on the process's cluster.
    Postgres,
    /// Memory.
    Memory,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Memory];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Memory => "memory",
        })
    }
}

/// A place for a database, gone when this is dropped.
#[derive(Debug)]
pub enum Place {
    /// In a directory of its own.
    Sqlite(TempDir),
    /// On the cluster.
    Postgres(PostgresDatabase),
    /// Nowhere.
    Memory,
}

impl Place {
    /// A new place. Only PostgreSQL can be missing.
    pub fn new(kind: Kind) -> Result<Self, Missing> {
        Ok(match kind {
            Kind::Sqlite => Self::Sqlite(tempfile::tempdir().expect("the temporary directory is writable")),
            Kind::Postgres => Self::Postgres(Cluster::of_this_process()?.database()),
            Kind::Memory => Self::Memory,
        })
    }

    /// How it is opened; nothing for memory.
    pub fn location(&self) -> Option<Location> {
        let url = match self {
            Self::Sqlite(directory) => format!("sqlite:{}", directory.path().join("test.db").display()),
            Self::Postgres(database) => database.url(),
            Self::Memory => return None,
        };
        Some(url.parse().expect("it was written in the right form"))
    }

    /// Settings with the machine's clock and entropy; nothing for memory.
    pub fn settings(&self, side: Side) -> Option<Settings> {
        Some(Settings::new(side, self.location()?, clock(), Arc::new(SystemEntropy)))
    }

    /// Opens it with the schema of a side; may be done again after it was closed.
    pub async fn open(&self, side: Side) -> Result<Database, OpenError> {
        self.open_with(side, migrations_of(side)).await
    }

    /// Opens it with another schema.
    pub async fn open_with(
        &self,
        side: Side,
        migrations: &'static [Migration],
    ) -> Result<Database, OpenError> {
        match self.settings(side) {
            Some(settings) => Database::open_with(settings, migrations).await,
            None => Database::memory_with(side, clock(), migrations),
        }
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}
