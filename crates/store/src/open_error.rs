use std::path::PathBuf;

use base::StoreError;

/// Why a database was not opened. Each says what happened, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "{} is in use by another Mainstay process{}: a SQLite database has one process at a time. Stop that process, or use \
         PostgreSQL (`--database postgres://…`) where several are needed", .path.display(), .holder
    )]
    InUse {
        /// The database file.
        path: PathBuf,
        /// ` (process 123)` where it is known.
        holder: String,
    },
    /// A newer Mainstay has changed the schema.
    #[error(
        "this database was migrated to version {found} ({name}) by a newer Mainstay; this one knows versions up to {known}. \
         Start the newer Mainstay again, or restore a backup made before the upgrade"
    )]
    NewerVersion {
        /// The highest number found.
        found: i64,
        /// Its name.
        name: String,
        /// The highest number this program has.
        known: i64,
    },
    /// A migration that was applied has another text in this program.
    #[error(
        "migration {number} ({name}) was applied to this database with another text than this Mainstay has: the two come from \
         different builds. Use the build that made the database, or an empty database"
    )]
    OtherText {
        /// Its number.
        number: i64,
        /// Its name.
        name: String,
    },
    /// The file is no database of ours.
    #[error("{} is not a database that can be used here: {reason}. Give another path, or restore a backup", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A directory or file could not be made or opened.
    #[error("{} cannot be opened: {reason}. Check that the directory exists, is writable and has space left", .path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// No connection to the server.
    #[error(
        "{location} cannot be reached: {reason}. Check that PostgreSQL runs there, that the database and the account exist, and \
         that TLS is as `sslmode` says"
    )]
    Unreachable {
        /// Where, without account and password.
        location: String,
        /// What the system or the server said.
        reason: String,
    },
    /// The location cannot be used.
    #[error("the database URL cannot be used: {0}")]
    Location(String),
    /// The database answered with an error.
    #[error("the database cannot be opened: {0}")]
    Store(#[from] StoreError),
}
