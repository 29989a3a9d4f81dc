use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse as _, Response};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use sandbox::{Endpoint, Fault, FaultKind, Moment, Occasion, Switches};

use super::broken_body::{closed, truncated};
use super::observe::{Observation, is_observed};

type Classify = Arc<dyn Fn(&Method, &str) -> Option<Endpoint> + Send + Sync>;

#[derive(Clone)]
struct Disturbing {
    switches: Arc<Switches>,
    classify: Classify,
}

/// Puts faults and the journal around a router and the sandbox switches (`/sandbox/…`) beside it. `classify` says which kind
/// of endpoint a request is for, by method and path; `None` leaves it alone (pages, health).
pub fn with_switches(
    router: Router,
    switches: Arc<Switches>,
    classify: impl Fn(&Method, &str) -> Option<Endpoint> + Send + Sync + 'static,
) -> Router {
    let disturbing = Disturbing { switches: Arc::clone(&switches), classify: Arc::new(classify) };
    router.layer(from_fn_with_state(disturbing, disturb)).merge(super::switches_router(switches))
}

async fn disturb(State(state): State<Disturbing>, request: Request, next: Next) -> Response {
    let endpoint = (state.classify)(request.method(), request.uri().path());
    let Some(endpoint) = endpoint.filter(|_| is_observed(request.method())) else { return next.run(request).await };
    let (mut observed, request) = match Observation::begin(&state.switches, endpoint, request).await {
        Ok(begun) => begun,
        Err(problem) => return problem.into_response(),
    };
    if let Some(fault) = strike(&state.switches, &mut observed, endpoint, Moment::Before).await {
        return match replaced(&fault) {
            Some(response) => observed.finish(response).await.0,
            None => closed(),
        };
    }
    let response = next.run(request).await;
    let Some(fault) = strike(&state.switches, &mut observed, endpoint, Moment::After).await else {
        return observed.finish(response).await.0;
    };
    // The journal tells what would have been answered; the fault stands beside it.
    let (response, bytes) = observed.finish(response).await;
    if let Some(response) = replaced(&fault) {
        return response;
    }
    match (fault.kind, bytes) {
        (FaultKind::Truncate, Some(bytes)) => truncated(response, &bytes),
        // An answer that streams has no middle to break off at.
        _ => closed(),
    }
}

/// Waits out delays. Returns the fault that then takes the place of what would happen.
async fn strike(switches: &Switches, observed: &mut Observation, endpoint: Endpoint, moment: Moment) -> Option<Fault> {
    let client_id = observed.client_id().map(ToOwned::to_owned);
    let path = observed.path().to_owned();
    let occasion = Occasion { endpoint, moment, client_id: client_id.as_deref(), path: &path };
    for fault in switches.faults.take(&occasion, &*switches.entropy) {
        observed.fault(format!("{}:{}", word(&fault.moment), word(&fault.kind)));
        if !fault.delay().is_zero() {
            tokio::time::sleep(fault.delay()).await;
        }
        if !fault.only_delays() {
            return Some(fault);
        }
    }
    None
}

/// The word that stands for a value in the list of faults.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}

/// The answer that a fault puts in the place of the real one; `None` where it breaks the connection.
fn replaced(fault: &Fault) -> Option<Response> {
    let status = |usual: StatusCode| fault.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(usual);
    match fault.kind {
        FaultKind::Status => {
            let status = status(StatusCode::SERVICE_UNAVAILABLE);
            let body = Bytes::from_static(b"{\"error\":\"temporarily_unavailable\",\"error_description\":\"disturbed on purpose\"}");
            Some((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
        }
        FaultKind::Html => {
            let page = "<!doctype html><html lang=\"en\"><title>Bad gateway</title><h1>502 Bad gateway</h1></html>";
            Some((status(StatusCode::BAD_GATEWAY), Html(page)).into_response())
        }
        FaultKind::Close | FaultKind::Truncate | FaultKind::Delay => None,
    }
}
