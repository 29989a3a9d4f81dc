//! Pages of a list ordered by id, for every list of the platform.

use base::StoreError;
use platform::{Page, PageQuery, Position};

use crate::{Row, Tx, Value, params};

/// A list: what is selected, from where, under which condition. `order` is the column with the id.
pub(super) struct List<'a> {
    /// Columns.
    pub(super) columns: &'a str,
    /// Tables and joins.
    pub(super) from: &'a str,
    /// The condition, with `$1` and so on.
    pub(super) condition: &'a str,
    /// The values of the condition.
    pub(super) values: Vec<Value>,
    /// The unique column that orders the list.
    pub(super) order: &'a str,
}

impl List<'_> {
    fn count(&self, tx: &mut Tx, further: &str, values: &[Value]) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) AS total FROM {} WHERE {}{further}", self.from, self.condition);
        tx.query_one(&sql, values)?.get("total")
    }

    /// The page that `query` asks for.
    pub(super) fn page<T>(
        &self,
        tx: &mut Tx,
        query: &PageQuery,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Page<T>, StoreError> {
        let total = self.count(tx, "", &self.values)?;
        let next = self.values.len() + 1;
        let mut values = self.values.clone();
        // A page in front of a row is read backwards from it and turned round.
        let (beyond, backwards, offset) = match &query.position {
            Position::Start => (None, false, 0),
            Position::Offset(offset) => (None, false, *offset),
            Position::After(id) => (Some(id), false, 0),
            Position::Before(id) => (Some(id), true, 0),
        };
        let downwards = query.descending != backwards;
        let further = beyond.map_or(String::new(), |id| {
            values.extend_from_slice(params![id]);
            format!(" AND {} {} ${next}", self.order, if downwards { "<" } else { ">" })
        });
        let sql = format!(
            "SELECT {} FROM {} WHERE {}{further} ORDER BY {} {} LIMIT {} OFFSET {offset}",
            self.columns,
            self.from,
            self.condition,
            self.order,
            if downwards { "DESC" } else { "ASC" },
            query.limit + 1
        );
        let mut rows = tx.query(&sql, &values)?;
        let more = rows.len() > usize::try_from(query.limit).unwrap_or(usize::MAX);
        rows.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
        // What lies on the other side of where the page starts.
        let behind = match beyond {
            Some(_) => {
                self.count(
                    tx,
                    &format!(" AND NOT ({} {} ${next})", self.order, if downwards { "<" } else { ">" }),
                    &values,
                )? > 0
            }
            None => offset > 0 && total > 0,
        };
        if backwards {
            rows.reverse();
        }
        let (has_next, has_previous) = if backwards { (behind, more) } else { (more, behind) };
        Ok(Page { rows: rows.iter().map(read).collect::<Result<_, _>>()?, has_next, has_previous, total })
    }
}
