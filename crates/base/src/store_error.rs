/// How a store fails, for every port of every room. A port that finds that a condition no longer holds says so in its
/// own return type; this is for what no caller can decide about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or did not answer in time. Nothing is known to have been written.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The disk is full or not writable.
    #[error("the database cannot write: {0}")]
    NotWritable(String),
    /// A unique index was hit that the port does not treat as an outcome of its own. `table.column[,column]`.
    #[error("another row has the same {0}")]
    Duplicate(String),
    /// A stored value cannot be read: a damaged row, or one written by a newer version.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// A statement was refused: a defect of this program.
    #[error("the database refused a statement: {0}")]
    Statement(String),
}
