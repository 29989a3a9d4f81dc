use std::error::Error as _;

use base::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

/// Whether the same transaction may well succeed when it is run again.
pub(super) fn is_collision(error: &Error) -> bool {
    matches!(error.code(), Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED))
}

/// Whether a prepared statement no longer fits its tables: "cached plan must not change result type".
pub(super) fn is_outdated(error: &Error) -> bool {
    error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
        && error.as_db_error().and_then(DbError::routine) == Some("RevalidateCachedQuery")
}

/// What an error of PostgreSQL means to a caller. Details and hints are left out: they quote values.
pub(super) fn from_postgres(error: &Error) -> StoreError {
    let Some(database) = error.as_db_error() else {
        // No answer of the server: the way to it is broken, or the driver refused a value.
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        let text = format!("{error}{cause}");
        let of_the_driver = text.contains("serializing parameter") || text.contains("deserializing column");
        return if of_the_driver { StoreError::Statement(text) } else { StoreError::Unavailable(text) };
    };
    let text = format!("{} ({})", database.message(), database.code().code());
    match database.code().code() {
        "23505" => StoreError::Duplicate(duplicate(database)),
        // Disk full; writing on a read-only server, as after a switch to a standby; I/O error of the server.
        "53100" | "25006" | "58030" => StoreError::NotWritable(text),
        "57014" => StoreError::Unavailable("the statement took too long and was stopped".to_owned()),
        "55P03" => StoreError::Unavailable("a row stayed locked for too long".to_owned()),
        code => match &code[..2] {
            // Connection, authorisation, name of the database, collisions, resources, shut-down, system, internal.
            "08" | "28" | "3D" | "40" | "53" | "57" | "58" => StoreError::Unavailable(text),
            "XX" => StoreError::Corrupt(text),
            _ => StoreError::Statement(text),
        },
    }
}

/// `table.column,column`. The columns stand in the detail, between parentheses and in any language, before the values:
/// `Key (owner, name)=(…) already exists.`
fn duplicate(error: &DbError) -> String {
    let columns = error.detail().and_then(|detail| {
        let (_, rest) = detail.split_once('(')?;
        Some(rest.split_once(")=(")?.0)
    });
    let table = error.table().unwrap_or("?");
    match columns {
        Some(columns) if !columns.contains('(') => {
            format!("{table}.{}", columns.replace(", ", ",").replace('"', ""))
        }
        _ => format!("index {}", error.constraint().unwrap_or("?")),
    }
}
