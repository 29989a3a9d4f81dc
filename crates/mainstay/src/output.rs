//! Standard output: data, and nothing else. The one place that prints.

use std::fmt;
use std::io::{self, Write as _};

use serde_json::Value;

use crate::failure::Failure;

/// What a command has to show.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Output {
    /// The data; `--json` prints exactly this.
    pub(crate) data: Value,
    /// For a list of objects: the members that a person sees, in order.
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    /// Said to the person on standard error, beside the data.
    #[serde(default)]
    pub(crate) note: Option<String>,
}

impl Output {
    /// One object.
    pub(crate) const fn of(data: Value) -> Self {
        Self { data, columns: Vec::new(), note: None }
    }

    /// A list of objects as `{"data": [...], "next": null}`, shown as a table.
    pub(crate) fn list(rows: Vec<Value>, columns: &[&str]) -> Self {
        Self {
            data: serde_json::json!({"data": Value::Array(rows), "next": null}),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            note: None,
        }
    }

    /// An object whose members are objects, shown as a table with a row for each; `name` is the member's own name.
    pub(crate) fn members(data: Value, columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|&column| column.to_owned()).collect(), ..Self::of(data) }
    }

    /// Adds a sentence for the person.
    pub(crate) fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }

    /// Prints it.
    pub(crate) fn print(&self, json: bool) -> Result<(), Failure> {
        if let Some(note) = &self.note {
            remark(note);
        }
        if json { line(&self.data) } else { line(&self.human()) }
    }

    fn human(&self) -> String {
        match self.data.get("data").and_then(Value::as_array) {
            Some(rows) if !self.columns.is_empty() => table(rows, &self.columns),
            None if !self.columns.is_empty() => table(&named(&self.data), &self.columns),
            _ => members(&self.data, ""),
        }
    }
}

/// Prints one line on standard output and sees to it that a reader gets it now.
pub(crate) fn line(text: &impl fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        // `mainstay connections list | head -1` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            Err(Failure::new("the output cannot be written", error, "look at where standard output goes"))
        }
    }
}

/// Says something to the person, on standard error.
pub(crate) fn remark(text: &impl fmt::Display) {
    // Nobody is left to tell when standard error is closed.
    let _closed = writeln!(io::stderr().lock(), "{text}");
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "–".to_owned(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn at<'a>(row: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(row, |value, member| value.get(member).unwrap_or(&Value::Null))
}

/// The members of an object as rows, each with its name.
fn named(object: &Value) -> Vec<Value> {
    let with_name = |(name, value): (&String, &Value)| {
        let mut row = value.clone();
        row["name"] = Value::String(name.clone());
        row
    };
    object.as_object().into_iter().flatten().map(with_name).collect()
}

fn table(rows: &[Value], columns: &[String]) -> String {
    if rows.is_empty() {
        return "(none)".to_owned();
    }
    let mut lines =
        vec![columns.iter().map(|column| column.to_uppercase().replace(['.', '_'], " ")).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| columns.iter().map(|column| cell(at(row, column))).collect()));
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths = (0..columns.len()).map(width).collect::<Vec<_>>();
    lines
        .iter()
        .map(|line| {
            let cells = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn members(value: &Value, indent: &str) -> String {
    let Value::Object(members_of) = value else { return format!("{indent}{}", cell(value)) };
    let width = members_of.keys().map(|name| name.chars().count()).max().unwrap_or_default();
    members_of
        .iter()
        .map(|(name, value)| match value {
            Value::Object(inner) if !inner.is_empty() => {
                format!("{indent}{name}\n{}", members(value, &format!("{indent}  ")))
            }
            other => format!("{indent}{name:width$}  {}", cell(other)),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_a_table_for_people_and_an_envelope_for_programs() {
        let output = Output::list(
            vec![json!({"id": "a", "end": {"state": "active"}}), json!({"id": "bcd"})],
            &["id", "end.state"],
        );
        assert_eq!(output.human(), "ID   END STATE\na    active\nbcd  –");
        assert_eq!(output.data["next"], Value::Null);
        assert_eq!(Output::list(vec![], &["id"]).human(), "(none)");
    }

    #[test]
    fn an_object_of_objects_is_a_table_too() {
        let output =
            Output::members(json!({"listen": {"value": "x", "source": "default"}}), &["name", "value"]);
        assert_eq!(output.human(), "NAME    VALUE\nlisten  x");
        assert_eq!(output.data["listen"]["value"], "x");
    }

    #[test]
    fn an_object_is_shown_member_by_member() {
        let output = Output::of(json!({"id": "a", "reason": null, "end": {"state": "active"}}));
        assert_eq!(output.human(), "end\n  state  active\nid      a\nreason  –");
    }
}
