use std::fmt::Debug;
use std::time::Duration;

/// Hears of everything that changes in the file. All calls come from the writer's thread, except where a name says otherwise.
pub(crate) trait RowWatcher: Debug + Send + Sync {
    /// A row of the table was added, changed or removed; nobody else sees it before it is committed, if it ever is.
    fn changed(&self, table: &str, row: i64);

    /// Somebody else has written to the file (an operator with a shell of SQLite): anything may have changed, the numbers of rows
    /// too.
    fn changed_by_others(&self);

    /// Up to this reading of the monotonic clock nobody else had written anything that was not told.
    fn looked(&self, at: Duration);

    /// What was changed so far is committed, or undone.
    fn settled(&self);
}
