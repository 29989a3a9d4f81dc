use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::shared::Problem;

/// The most rows of one answer, and how many there are unless less is asked for.
pub(super) const PAGE: u32 = 100;

/// How many rows an answer is to have.
pub(super) fn limit(asked: Option<u32>) -> Result<u32, Refusal> {
    match asked {
        None => Ok(PAGE),
        Some(limit) if (1..=PAGE).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::bad_request(format!("`limit` is a number from 1 to {PAGE}.")).into()),
    }
}

/// A list in its envelope.
pub(super) fn list(data: &[Value], next: Option<&str>) -> Value {
    json!({ "data": data, "next": next })
}
