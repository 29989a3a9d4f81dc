use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use sandbox::Standin;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::shared::{Problem, Query};

#[derive(Deserialize)]
pub(super) struct Wanted {
    company: String,
    after: Option<u64>,
}

/// What was booked in a company, in one form for all systems: for tests and for the curious.
pub(super) async fn booked(
    State(standin): State<Arc<Standin>>,
    Query(wanted, _): Query<Wanted>,
) -> Result<Response, Problem> {
    let booked = standin.booked(&wanted.company, wanted.after.unwrap_or(0)).await?;
    let next = booked.last().map(|last| last.number.to_string());
    let data: Vec<Value> = booked
        .into_iter()
        .map(|booked| {
            json!({
                "id": booked.booking.id,
                "number": booked.number,
                "company": booked.booking.company_id,
                "client_id": booked.booking.client_id,
                "booked_at": booked.booking.booked_at,
                "document": booked.booking.document,
            })
        })
        .collect();
    Ok(Json(json!({"data": data, "next": next})).into_response())
}
