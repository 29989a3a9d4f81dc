use base::StoreError;

use crate::{Row, Tx, Value, sql};

/// A statement that changes one row under a condition, and one that adds the row which tells of it: what is written all the time,
/// made so that PostgreSQL can be given both at once.
#[derive(Debug)]
pub struct RecordedChange {
    change: String,
    record: &'static str,
    as_one: String,
}

impl RecordedChange {
    /// `change` is an UPDATE without RETURNING. `record` is `INSERT INTO … SELECT $1, … {if_changed}`, with placeholders of its own from
    /// `$1`; neither has a `$` that is no placeholder.
    pub fn new(change: String, record: &'static str) -> Self {
        let as_one = sql::change_and_record(&change, sql::placeholders(&change), record);
        Self { change, record, as_one }
    }

    /// The two as one statement of PostgreSQL, which takes the values of both.
    pub(crate) fn as_one(&'static self) -> &'static str {
        &self.as_one
    }

    /// What that statement tells.
    pub(crate) fn was_made(rows: &[Row]) -> Result<bool, StoreError> {
        let row = rows.first().ok_or_else(|| StoreError::Corrupt("a count gave no row".to_owned()))?;
        Ok(row.get::<i64>("changed")? == 1)
    }

    /// Runs both in a transaction; whether the row was there to be changed.
    pub fn run(&self, tx: &mut Tx, change: &[Value], record: &[Value]) -> Result<bool, StoreError> {
        if tx.execute(&self.change, change)? == 0 {
            return Ok(false);
        }
        // A rule or trigger in the database that swallows rows must not let the change through without its record.
        match tx.execute(self.record, record)? {
            1 => Ok(true),
            _ => Err(StoreError::Statement("the database did not record 1 change".to_owned())),
        }
    }
}
