use std::sync::Arc;

use audit::Origin;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json as JsonBody, Router};
use base::{Clock as _, Secret};
use http::{HeaderValue, StatusCode, header};
use sandbox::{ClockError, Fault, Switches, Withdrawal, WithdrawalError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::shared::{ClientAddress, Json, Problem, Query, current_request};

/// How many entries of the journal are given at once.
const PAGE: usize = 500;

/// All switches, under `/sandbox/`, behind the sandbox token.
pub fn switches_router(switches: Arc<Switches>) -> Router {
    Router::new()
        .route("/sandbox/faults", get(list_faults).put(put_faults).delete(clear_faults))
        .route("/sandbox/revoke", post(revoke))
        .route("/sandbox/journal", get(read_journal))
        .route("/sandbox/fingerprint", get(fingerprint))
        .route("/sandbox/clock", post(clock).get(read_clock))
        .layer(from_fn_with_state(Arc::clone(&switches), admit))
        .with_state(switches)
}

/// The clock alone, for the connect side.
pub fn clock_router(switches: Arc<Switches>) -> Router {
    Router::new()
        .route("/sandbox/clock", post(clock).get(read_clock))
        .layer(from_fn_with_state(Arc::clone(&switches), admit))
        .with_state(switches)
}

pub(super) async fn admit(State(switches): State<Arc<Switches>>, request: Request, next: Next) -> Response {
    if bearer(&request).is_some_and(|token| switches.admits(&token)) {
        return next.run(request).await;
    }
    let problem = Problem::unauthorized(
        "Send the sandbox token as `Authorization: Bearer …`; it was printed at start unless it was given.",
    );
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sandbox\""));
    response
}

fn bearer(request: &Request) -> Option<Secret<String>> {
    oauth::bearer::read(request.headers().get(header::AUTHORIZATION)?.to_str().ok()?)
}

async fn list_faults(State(switches): State<Arc<Switches>>) -> Response {
    JsonBody(json!({"data": switches.faults.list(), "next": null})).into_response()
}

/// A bare list, or one in the envelope in which it is given out.
#[derive(Deserialize)]
#[serde(untagged)]
enum FaultList {
    Bare(Vec<Value>),
    Enveloped { data: Vec<Value> },
}

async fn put_faults(
    State(switches): State<Arc<Switches>>,
    Json(list, _): Json<FaultList>,
) -> Result<Response, Problem> {
    let (FaultList::Bare(values) | FaultList::Enveloped { data: values }) = list;
    let faults = values
        .into_iter()
        .enumerate()
        .map(|(index, value)| {
            crate::shared::read_objects::<Fault, _>(value).map_err(|error| {
                Problem::unprocessable(format!("Fault {} is not right: {error}.", index + 1))
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    switches.faults.replace(faults).map_err(|error| Problem::unprocessable(format!("{error}.")))?;
    Ok(list_faults(State(switches)).await)
}

async fn clear_faults(State(switches): State<Arc<Switches>>) -> StatusCode {
    switches.faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    client_id: Option<String>,
    company: Option<String>,
    api_key: Option<Secret<String>>,
}

async fn revoke(
    State(switches): State<Arc<Switches>>,
    ClientAddress(address): ClientAddress,
    Json(wanted, _): Json<Revoke>,
) -> Result<Response, Problem> {
    let withdrawal = match wanted {
        Revoke { client_id: Some(client_id), company, api_key: None } => {
            Withdrawal::Client { client_id, company }
        }
        Revoke { client_id: None, company: None, api_key: Some(key) } => Withdrawal::ApiKey(key),
        _ => return Err(Problem::unprocessable("Send `client_id` and `company`, or `api_key`.")),
    };
    let access = switches.access.as_ref().ok_or_else(Problem::not_found)?;
    let request_id = current_request().map(|id| id.to_string());
    let origin = Origin { source: Some(address.to_string()), request_id };
    match access.withdraw(withdrawal, &origin).await {
        Ok(ended) => Ok(JsonBody(json!({"ended": ended})).into_response()),
        Err(error @ WithdrawalError::NotFound) => Err(Problem::not_found().detail(format!("{error}."))),
        Err(error @ WithdrawalError::NotOffered) => Err(Problem::unprocessable(format!("{error}."))),
        Err(WithdrawalError::Store(error)) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct JournalQuery {
    client_id: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
}

async fn read_journal(
    State(switches): State<Arc<Switches>>,
    Query(query, _): Query<JournalQuery>,
) -> Response {
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let (entries, next) = switches.journal.read(query.client_id.as_deref(), query.after.unwrap_or(0), limit);
    // Cursors are opaque texts everywhere, so this one is a text too.
    JsonBody(json!({"data": entries, "next": next.map(|next| next.to_string())})).into_response()
}

#[derive(Deserialize)]
struct FingerprintQuery {
    value: Secret<String>,
}

async fn fingerprint(
    State(switches): State<Arc<Switches>>,
    Query(query, _): Query<FingerprintQuery>,
) -> Response {
    JsonBody(json!({"fingerprint": switches.redaction.fingerprint(query.value.expose())})).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveClock {
    advance_seconds: Option<i64>,
    reset: Option<bool>,
}

async fn clock(
    State(switches): State<Arc<Switches>>,
    Json(wanted, _): Json<MoveClock>,
) -> Result<Response, Problem> {
    let moved = match wanted {
        MoveClock { advance_seconds: Some(seconds), reset: None } => {
            switches.clock_switch.advance(seconds).await
        }
        MoveClock { advance_seconds: None, reset: Some(true) } => switches.clock_switch.reset().await,
        _ => {
            return Err(Problem::unprocessable(
                "Send `advance_seconds` with a number, or `reset` with true.",
            ));
        }
    };
    match moved {
        Ok(()) => Ok(read_clock(State(switches)).await),
        Err(error @ ClockError::TooFar) => Err(Problem::unprocessable(format!("{error}."))),
        Err(ClockError::Store(error)) => Err(error.into()),
    }
}

async fn read_clock(State(switches): State<Arc<Switches>>) -> Response {
    let clock = switches.clock_switch.clock();
    JsonBody(json!({"now": clock.now(), "offset_seconds": clock.offset_millis() / 1000})).into_response()
}
