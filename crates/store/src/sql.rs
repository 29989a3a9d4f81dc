//! One text of SQL for both databases: what differs is put in here, and nowhere else.
//!
//! Statements: `$1` is understood by both; `{for_update}` and `{for_update_skip_locked}` at the end of a SELECT lock its rows on
//! PostgreSQL and are nothing on SQLite, whose only writer is alone anyway. `{if_changed}` stands at the end of the second half of a
//! [`RecordedChange`](crate::RecordedChange).
//!
//! Migrations are written with TEXT, BIGINT and BYTEA. SQLite gets TEXT, INTEGER and BLOB, in STRICT tables; PostgreSQL gets
//! `TEXT COLLATE "C"`, so that both sort and compare text by its bytes, whatever the locale of the database.

use std::borrow::Cow;

/// The pattern for `LIKE … ESCAPE '\\'` that finds `text` anywhere.
pub(crate) fn containing(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// A stretch of SQL.
enum Piece<'a> {
    /// A keyword or name.
    Word(&'a str),
    /// `;` that ends a statement.
    End(&'a str),
    /// Quoted text, a comment, white space, an operator.
    Other(&'a str),
}

fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = match first {
            '\'' | '"' => 1 + rest[1..].find(first).map_or(rest.len() - 1, |end| end + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            'a'..='z' | 'A'..='Z' | '_' => {
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())
            }
            other => other.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some(match first {
            'a'..='z' | 'A'..='Z' | '_' => Piece::Word(piece),
            ';' => Piece::End(piece),
            _ => Piece::Other(piece),
        })
    })
}

fn with_locks(sql: &str, for_update: &str, skip_locked: &str) -> String {
    sql.replace("{for_update_skip_locked}", skip_locked)
        .replace("{for_update}", for_update)
        // Where the two are statements of their own, the second is run only if the first has changed a row.
        .replace("{if_changed}", "")
}

/// A change of `change_values` values and, if it changed a row, the record of it, as one statement of PostgreSQL. It gives the number of
/// rows that were `changed`, and fails where that is not the number of those recorded.
pub(crate) fn change_and_record(change: &str, change_values: usize, record: &str) -> String {
    let record = shifted(record, change_values).replace("{if_changed}", "FROM changed");
    // The text that is no number is put together from a count, or else it would be tried while the statement is planned.
    format!(
        "WITH changed AS ({change} RETURNING 1), recorded AS ({record} RETURNING 1) \
         SELECT CASE WHEN changed = recorded THEN changed \
         ELSE CAST(concat('the database did not record ', changed, ' change') AS BIGINT) END AS changed \
         FROM (SELECT (SELECT count(*) FROM changed) AS changed, (SELECT count(*) FROM recorded) AS recorded) AS counted"
    )
}

/// The highest number of a placeholder.
pub(crate) fn placeholders(sql: &str) -> usize {
    sql.split('$').skip(1).filter_map(|after| number_at_start(after).0).max().unwrap_or(0)
}

/// The same statement with every placeholder's number raised.
fn shifted(sql: &str, by: usize) -> String {
    let mut parts = sql.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for after in parts {
        let (number, rest) = number_at_start(after);
        out.push('$');
        out.extend(number.map(|number| (number + by).to_string()));
        out.push_str(rest);
    }
    out
}

fn number_at_start(text: &str) -> (Option<usize>, &str) {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..digits].parse().ok(), &text[digits..])
}

/// A statement as SQLite wants it.
pub(crate) fn for_sqlite(sql: &str) -> Cow<'_, str> {
    if sql.contains('{') { Cow::Owned(with_locks(sql, "", "")) } else { Cow::Borrowed(sql) }
}

/// A statement as PostgreSQL wants it.
pub(crate) fn for_postgres(sql: &str) -> Cow<'_, str> {
    if sql.contains('{') {
        Cow::Owned(with_locks(sql, "FOR UPDATE", "FOR UPDATE SKIP LOCKED"))
    } else {
        Cow::Borrowed(sql)
    }
}

/// A migration as SQLite wants it.
pub(crate) fn migration_for_sqlite(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 64);
    let mut opening: Vec<&str> = Vec::new();
    for piece in pieces(sql) {
        match piece {
            Piece::Word(word) => {
                if opening.len() < 2 {
                    opening.push(word);
                }
                out.push_str(match word {
                    "BYTEA" => "BLOB",
                    "BIGINT" => "INTEGER",
                    other => other,
                });
            }
            Piece::End(end) => {
                if matches!(opening.as_slice(), ["CREATE", "TABLE"]) {
                    out.push_str(" STRICT");
                }
                opening.clear();
                out.push_str(end);
            }
            Piece::Other(text) => out.push_str(text),
        }
    }
    out
}

/// A migration as PostgreSQL wants it.
pub(crate) fn migration_for_postgres(sql: &str) -> String {
    pieces(sql)
        .map(|piece| match piece {
            Piece::Word("TEXT") => "TEXT COLLATE \"C\"",
            Piece::Word(text) | Piece::End(text) | Piece::Other(text) => text,
        })
        .collect()
}

#[cfg(test)]
mod tests;
