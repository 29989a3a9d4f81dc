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
use crate::shared::{request_in_hand, within_request};

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
    let Some(endpoint) = endpoint.filter(|_| is_observed(request.method())) else {
        return next.run(request).await;
    };
    let (mut observed, request) = match Observation::begin(&state.switches, endpoint, request).await {
        Ok(begun) => begun,
        Err(problem) => return problem.into_response(),
    };
    let struck = strikes(&state.switches, &mut observed, endpoint, Moment::Before);
    if !struck.iter().any(|fault| !fault.delay().is_zero()) {
        return carry_out(&state.switches, struck, observed, endpoint, request, next).await;
    }
    // A request that was held up is like one in a queue: it is carried out although its sender may have hung up meanwhile.
    let switches = Arc::clone(&state.switches);
    let in_hand = request_in_hand();
    let held_up = async move { carry_out(&switches, struck, observed, endpoint, request, next).await };
    match state.switches.held_up.spawn(within_request(in_hand, held_up)).await {
        Ok(response) => response,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

async fn carry_out(
    switches: &Switches,
    struck: Vec<Fault>,
    mut observed: Observation,
    endpoint: Endpoint,
    request: Request,
    next: Next,
) -> Response {
    if let Some(fault) = wait_out(struck).await {
        return match replaced(&fault) {
            Some(response) => observed.finish(response).await.0,
            None => closed(),
        };
    }
    let response = next.run(request).await;
    let struck = strikes(switches, &mut observed, endpoint, Moment::After);
    // The journal tells what would have been answered; the fault stands beside it.
    let (response, bytes) = observed.finish(response).await;
    let Some(fault) = wait_out(struck).await else { return response };
    if let Some(response) = replaced(&fault) {
        return response;
    }
    match (fault.kind, bytes) {
        (FaultKind::Truncate, Some(bytes)) => truncated(response, &bytes),
        // An answer that streams has no middle to break off at.
        _ => closed(),
    }
}

/// The faults that happen now, noted in the journal.
fn strikes(
    switches: &Switches,
    observed: &mut Observation,
    endpoint: Endpoint,
    moment: Moment,
) -> Vec<Fault> {
    let struck = {
        let occasion = Occasion { endpoint, moment, client_id: observed.client_id(), path: observed.path() };
        switches.faults.take(&occasion, &*switches.entropy)
    };
    for fault in &struck {
        observed.fault(&format!("{}:{}", word(&fault.moment), word(&fault.kind)));
    }
    struck
}

/// Waits out delays. Returns the fault that then takes the place of what would happen.
async fn wait_out(struck: Vec<Fault>) -> Option<Fault> {
    for fault in struck {
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
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(ToOwned::to_owned))
        .unwrap_or_default()
}

/// The answer that a fault puts in the place of the real one; `None` where it breaks the connection.
fn replaced(fault: &Fault) -> Option<Response> {
    let status = |usual: StatusCode| {
        fault.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(usual)
    };
    match fault.kind {
        FaultKind::Status => {
            let status = status(StatusCode::SERVICE_UNAVAILABLE);
            let body = Bytes::from_static(
                b"{\"error\":\"temporarily_unavailable\",\"error_description\":\"disturbed on purpose\"}",
            );
            Some((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
        }
        FaultKind::Html => {
            let page =
                "<!doctype html><html lang=\"en\"><title>Bad gateway</title><h1>502 Bad gateway</h1></html>";
            Some((status(StatusCode::BAD_GATEWAY), Html(page)).into_response())
        }
        FaultKind::Close | FaultKind::Truncate | FaultKind::Delay => None,
    }
}
