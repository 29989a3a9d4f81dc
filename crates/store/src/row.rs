use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::StoreError;
use serde::de::DeserializeOwned;

use crate::{FromValue, Value};

/// The names of a result's columns, in one text: every query makes them anew.
#[derive(Debug)]
pub struct Columns {
    text: String,
    ends: Vec<usize>,
    /// After the column that was found last: columns are mostly read in their order, and looked for by name.
    likely: AtomicUsize,
}

impl Columns {
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let (text, ends) = (String::with_capacity(512), Vec::with_capacity(32));
        let mut columns = Self { text, ends, likely: AtomicUsize::new(0) };
        for name in names {
            columns.text.push_str(name);
            columns.ends.push(columns.text.len());
        }
        columns
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The names, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut from = 0;
        self.ends.iter().map(move |end| &self.text[std::mem::replace(&mut from, *end)..*end])
    }

    fn position(&self, wanted: &str) -> Option<usize> {
        let is_it = |position: &usize| {
            let from = position.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.text.as_bytes()[from..self.ends[*position]] == wanted.as_bytes()
        };
        let likely = self.likely.load(Ordering::Relaxed).min(self.len());
        let found = (likely..self.len()).chain(0..likely).find(is_it)?;
        self.likely.store(found + 1, Ordering::Relaxed);
        Some(found)
    }

    /// One of the names, for messages.
    pub(crate) fn name(&self, position: usize) -> &str {
        self.iter().nth(position).unwrap_or("?")
    }
}

/// A row that a query gave, detached from the database.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<Columns>,
    values: Vec<Value>,
}

/// How a column is named: by its name in the statement, or by its position from 0.
pub trait Column: Copy {
    /// The position, and the name for messages.
    fn find(self, columns: &Columns) -> Option<usize>;
    /// How it was named.
    fn name(self) -> String;
}

impl Column for &str {
    fn find(self, columns: &Columns) -> Option<usize> {
        columns.position(self)
    }
    fn name(self) -> String {
        self.to_owned()
    }
}

impl Column for usize {
    fn find(self, columns: &Columns) -> Option<usize> {
        (self < columns.len()).then_some(self)
    }
    fn name(self) -> String {
        format!("number {self}")
    }
}

impl Row {
    pub(crate) fn new(columns: Arc<Columns>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    fn value(&self, column: impl Column) -> Result<&Value, StoreError> {
        column
            .find(&self.columns)
            .and_then(|position| self.values.get(position))
            .ok_or_else(|| StoreError::Statement(format!("the statement gives no column {}", column.name())))
    }

    /// The value of a column. `Corrupt` if it is not of that kind; `Option<T>` where NULL is allowed.
    pub fn get<T: FromValue>(&self, column: impl Column) -> Result<T, StoreError> {
        T::from_value(self.value(column)?).ok_or_else(|| {
            StoreError::Corrupt(format!("column {} should hold {}", column.name(), T::EXPECTED))
        })
    }

    /// A text column read by `FromStr`: ids, states, URLs.
    pub fn parse<T: FromStr>(&self, column: impl Column) -> Result<T, StoreError> {
        self.parse_opt(column)?
            .ok_or_else(|| StoreError::Corrupt(format!("column {} is NULL", column.name())))
    }

    /// The same where NULL is allowed.
    pub fn parse_opt<T: FromStr>(&self, column: impl Column) -> Result<Option<T>, StoreError> {
        let text = match self.value(column)? {
            Value::Null => return Ok(None),
            Value::Text(text) => text,
            _ => {
                return Err(StoreError::Corrupt(format!("column {} should hold text", column.name())));
            }
        };
        let parsed = text.parse().map(Some);
        parsed.map_err(|_| {
            let kind = std::any::type_name::<T>();
            StoreError::Corrupt(format!("column {} holds no {kind}", column.name()))
        })
    }

    /// A text column that holds JSON.
    pub fn json<T: DeserializeOwned>(&self, column: impl Column) -> Result<T, StoreError> {
        let Value::Text(text) = self.value(column)? else {
            return Err(StoreError::Corrupt(format!("column {} should hold text", column.name())));
        };
        // serde's message can quote the value, so only the place is told.
        serde_json::from_str(text).map_err(|error| {
            let place = error.column();
            StoreError::Corrupt(format!(
                "column {} holds other JSON than expected, see character {place}",
                column.name()
            ))
        })
    }

    /// The names of the columns, in their order.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }
}
