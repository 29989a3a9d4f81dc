use base::StoreError;
use seal::{KeyFileError, KeysError};
use store::OpenError;

use crate::failure::Failure;
use crate::side::Side;

/// Says why a side could not be opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    pub(super) side: Side,
}

impl Opening {
    fn failure(self, why: &dyn std::fmt::Display, remedy: &str) -> Failure {
        Failure::new(format!("the {} side cannot start", self.side.as_str()), why, remedy)
    }

    pub(super) fn database(self, error: &OpenError) -> Failure {
        let remedy = match error {
            OpenError::InUse { .. } => {
                "stop the other process, choose another directory with `--data DIR`, or use `--database postgres://…` for several"
            }
            OpenError::NewerVersion { .. } => {
                "start the newer mainstay again, or restore a backup made before the upgrade"
            }
            OpenError::OtherText { .. } => {
                "use the build that made the database, or another directory with `--data DIR`"
            }
            OpenError::Foreign { .. } => {
                "choose another database with `--data DIR` or `--database URL`, or restore a backup"
            }
            OpenError::File { .. } => {
                "see that the directory exists, is writable for this user and has space left"
            }
            OpenError::Location(_) => "correct `--database`",
            OpenError::Unreachable { .. } => {
                "see that the database server runs, and that `--database` names it and its user rightly"
            }
            OpenError::Store(_) => {
                "see that the database runs and can be reached; `mainstay doctor` looks for the cause"
            }
        };
        self.failure(error, remedy)
    }

    pub(super) fn key_file(self, error: &KeyFileError) -> Failure {
        let remedy = match error {
            KeyFileError::Missing { .. } | KeyFileError::Malformed { .. } => {
                "put the key file back from where it is kept safe"
            }
            KeyFileError::OpenToOthers { .. } => "take the rights of others away with the `chmod` above",
            KeyFileError::WrongOwner { .. } => {
                "run mainstay as the owner of the file, or give the file to the user that runs it"
            }
            KeyFileError::UnknownFormat { .. } => "use the version of mainstay that wrote the key file",
            KeyFileError::Io { .. } => {
                "see that this user can read and write there and that the disk has space left"
            }
        };
        self.failure(error, remedy)
    }

    pub(super) fn keys(self, error: &KeysError) -> Failure {
        let remedy = match error {
            KeysError::ForeignKeyRing { .. } => {
                "put the key file of this database in place, or use the database of this key file"
            }
            KeysError::Damaged { .. } => "restore the database from a backup",
            KeysError::Store(_) => {
                "see that the database runs and can be reached; `mainstay doctor` looks for the cause"
            }
        };
        self.failure(error, remedy)
    }

    pub(super) fn store(self, error: &StoreError) -> Failure {
        self.failure(
            error,
            "see that the database runs and can be reached; `mainstay doctor` looks for the cause",
        )
    }
}
