use base::StoreError;
use rusqlite::{Error, ErrorCode, ffi};

/// What an error of SQLite means to a caller.
pub(crate) fn from_sqlite(error: Error) -> StoreError {
    let Error::SqliteFailure(code, message) = &error else {
        return match error {
            // Both carry the statement's text or less, never a bound value.
            Error::SqlInputError { msg, .. } => StoreError::Statement(msg),
            other => StoreError::Statement(other.to_string()),
        };
    };
    let message = message.clone().unwrap_or_else(|| code.to_string());
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            return StoreError::Duplicate(duplicate(&message));
        }
        _ => {}
    }
    match code.code {
        ErrorCode::DiskFull
        | ErrorCode::ReadOnly
        | ErrorCode::SystemIoFailure
        | ErrorCode::PermissionDenied
        | ErrorCode::CannotOpen => StoreError::NotWritable(message),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory => {
            StoreError::Unavailable(message)
        }
        ErrorCode::OperationInterrupted => {
            StoreError::Unavailable("the transaction took too long and was stopped".to_owned())
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(message),
        _ => StoreError::Statement(message),
    }
}

/// `UNIQUE constraint failed: grants.owner, grants.name` → `grants.owner,name`; of an index over an expression only the name is
/// known.
fn duplicate(message: &str) -> String {
    let columns = message.rsplit_once("failed: ").map_or(message, |(_, columns)| columns);
    if let Some(index) = columns.strip_prefix("index ") {
        return format!("index {}", index.trim_matches('\''));
    }
    let mut out = String::new();
    for (position, column) in columns.split(", ").enumerate() {
        if position == 0 {
            out.push_str(column);
        } else {
            out.push(',');
            out.push_str(column.split_once('.').map_or(column, |(_, name)| name));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::duplicate;

    #[test]
    fn the_columns_of_a_duplicate_are_named_once_with_their_table() {
        assert_eq!(duplicate("UNIQUE constraint failed: grants.owner, grants.name"), "grants.owner,name");
        assert_eq!(duplicate("UNIQUE constraint failed: people.email"), "people.email");
        assert_eq!(duplicate("UNIQUE constraint failed: index 'people_email'"), "index people_email");
    }
}
