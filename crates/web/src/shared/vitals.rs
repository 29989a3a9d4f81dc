//! Whether the server lives, whether it can work, and what it has measured.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base::Secret;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::Problem;

/// One part that must work before requests can be answered.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What was tried, such as `database` or `keys`.
    pub name: &'static str,
    /// Whether it works.
    pub ok: bool,
    /// In a sentence what is wrong; nothing when it works. No address, path or secret.
    pub detail: Option<String>,
}

/// What the binary gives so that the vital signs can be read.
#[derive(Clone)]
pub struct Vitals {
    /// Tries each part. Bounded in time by its maker.
    pub ready: Arc<dyn Fn() -> BoxFuture<'static, Vec<Check>> + Send + Sync>,
    /// The metrics as Prometheus text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Who may read the metrics on this listener; `None`: nobody, they are on a listener of their own.
    pub metrics_token: Option<Secret<String>>,
}

impl fmt::Debug for Vitals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vitals").finish_non_exhaustive()
    }
}

/// `/healthz`, `/readyz` and, behind the metrics token, `/metrics`.
pub fn router(vitals: Vitals) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_with_token))
        .with_state(vitals)
}

/// `/metrics` without a token, for a listener that only the operator's network reaches.
pub fn metrics_router(vitals: Vitals) -> Router {
    Router::new().route("/metrics", get(metrics_text)).with_state(vitals)
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(vitals): State<Vitals>) -> Response {
    let checks = (vitals.ready)().await;
    let ok = checks.iter().all(|check| check.ok);
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(serde_json::json!({ "ready": ok, "checks": checks }))).into_response()
}

async fn metrics_with_token(State(vitals): State<Vitals>, headers: HeaderMap) -> Response {
    let Some(token) = &vitals.metrics_token else { return Problem::not_found().into_response() };
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    if given.is_some_and(|given| Secret::new(given.to_owned()).equals_in_constant_time(token)) {
        return metrics_text(State(vitals)).await;
    }
    let mut response = Problem::unauthorized("Send the metrics token as a bearer token.").into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

async fn metrics_text(State(vitals): State<Vitals>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (vitals.metrics)()).into_response()
}
