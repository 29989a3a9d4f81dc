//! Lists as Pleo has them: `data` and `pagination` (facts 7.2).

use platform::{ApiError, DEFAULT_LIMIT, MAX_LIMIT, Page, PageQuery, Position, cursor_of, id_of};
use serde_json::{Map, Value, json};

use crate::shared::Pairs;

/// What a request says of the page it wants, and how that is told back to it.
#[derive(Debug)]
pub(super) struct PageRequest {
    /// For the store.
    pub(super) query: PageQuery,
    told: Value,
}

impl PageRequest {
    /// Reads `before`, `after`, `offset`, `limit`, `sorting_keys` and `sorting_order`. `keys` are the sorting keys that this
    /// list knows; each of them means the order of ids.
    pub(super) fn read(pairs: &Pairs, keys: &[&str], descending: bool) -> Result<Self, ApiError> {
        let one = |name: &str| pairs.one(name).map_err(|error| ApiError::parameter(error.to_string()));
        let (before, after, offset) = (one("before")?, one("after")?, one("offset")?);
        let cursor = |name: &str, text: &str| {
            id_of(text).ok_or_else(|| ApiError::parameter(format!("{name} is no cursor of this list")))
        };
        let position = match (before, after, offset) {
            (None, None, None) => Position::Start,
            (Some(text), None, None) => Position::Before(cursor("before", text)?),
            (None, Some(text), None) => Position::After(cursor("after", text)?),
            (None, None, Some(text)) => Position::Offset(
                text.parse().map_err(|_| ApiError::parameter("offset is not a whole number"))?,
            ),
            _ => return Err(ApiError::parameter("before, after and offset exclude each other")),
        };
        let limit = match one("limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| ApiError::parameter(format!("limit is a number from 1 to {MAX_LIMIT}")))?,
        };
        let (sorting_keys, sorting_order) = (list(pairs, "sorting_keys"), list(pairs, "sorting_order"));
        let descending = order(&sorting_keys, &sorting_order, keys)?.unwrap_or(descending);
        let mut parameters = Map::new();
        for (name, value) in pairs.as_ref() {
            if let Value::Array(values) = parameters.entry(name.as_str()).or_insert_with(|| json!([])) {
                values.push(json!(value));
            }
        }
        let offset = if let Position::Offset(offset) = position { Some(offset) } else { None };
        let told = json!({
            "parameters": parameters, "after": after, "before": before, "limit": limit, "offset": offset,
            "sortingKeys": sorting_keys, "sortingOrder": sorting_order,
        });
        Ok(Self { query: PageQuery { position, limit, descending }, told })
    }

    /// The envelope around a page; `id` gives the id by which a row was ordered.
    pub(super) fn envelope<T>(
        self,
        page: Page<T>,
        id: impl Fn(&T) -> String,
        show: impl FnMut(T) -> Value,
    ) -> Value {
        let cursor = |row: Option<&T>| row.map(|row| cursor_of(&id(row)));
        let (start, end) = (cursor(page.rows.first()), cursor(page.rows.last()));
        json!({
            "data": page.rows.into_iter().map(show).collect::<Vec<_>>(),
            "pagination": {
                "currentRequestPagination": self.told,
                "hasNextPage": page.has_next, "hasPreviousPage": page.has_previous,
                "startCursor": start, "endCursor": end, "total": page.total,
            },
        })
    }
}

/// A list parameter: repeated, separated by commas, or both.
pub(super) fn list(pairs: &Pairs, name: &str) -> Vec<String> {
    let values = pairs.as_ref().iter().filter(|(key, _)| key == name);
    values
        .flat_map(|(_, value)| value.split(','))
        .map(str::trim)
        .filter(|v| !v.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// Whether the order asked for is descending; `None` if none was asked for.
fn order(
    sorting_keys: &[String],
    sorting_order: &[String],
    known: &[&str],
) -> Result<Option<bool>, ApiError> {
    if sorting_keys.len() != sorting_order.len() {
        return Err(ApiError::parameter("sorting_keys and sorting_order have the same length"));
    }
    if let Some(key) = sorting_keys.iter().find(|key| !known.contains(&key.as_str())) {
        return Err(ApiError::parameter(format!(
            "this list is not sorted by {}; it is by {}",
            oauth::error::sanitise(key),
            known.join(", ")
        )));
    }
    let directions = sorting_order.iter().map(|order| match order.as_str() {
        "ASC" | "ASC_NULLS_FIRST" | "ASC_NULLS_LAST" => Ok(false),
        "DESC" | "DESC_NULLS_FIRST" | "DESC_NULLS_LAST" => Ok(true),
        _ => Err(ApiError::parameter(
            "sorting_order holds ASC or DESC, with _NULLS_FIRST or _NULLS_LAST if wanted",
        )),
    });
    // Every key known here means the same order and is unique, so the first one decides.
    Ok(directions.collect::<Result<Vec<_>, _>>()?.first().copied())
}

#[cfg(test)]
mod tests;
