use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use base::{Id, IdKind};
use futures_util::FutureExt as _;
use http::{HeaderValue, Method};
use metrics::Label;
use tracing::Instrument as _;

use super::{Problem, Site};

/// The kind of [`RequestId`].
#[derive(Debug)]
pub struct Request_;

impl IdKind for Request_ {
    const PREFIX: &'static str = "req_";
}

/// Names one request in the logs; returned as `x-request-id`. Made here: one sent from outside is not taken over.
pub type RequestId = Id<Request_>;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The id of the request in hand, for error pages and the audit log; `None` outside a [`frame`](super::frame()).
pub fn current_request() -> Option<RequestId> {
    CURRENT.try_with(|id| *id).ok()
}

/// The outermost layer: gives the request its id and site, a span and a measured duration. Neither query nor headers nor bodies are logged; the path is the route's pattern, since links carry secrets in theirs.
pub(super) async fn accompany(
    site: &Arc<Site>,
    mut request: Request,
    handle: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let id = RequestId::new(&*site.clock, &*site.entropy);
    let started = site.clock.monotonic();
    let method = method_name(request.method());
    let route: Arc<str> =
        request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).into();
    request.extensions_mut().insert(Arc::clone(site));
    let span =
        tracing::info_span!("request", side = site.side.name(), request_id = %id, method, route = &*route);
    let answer = async {
        let response = handle(request).await;
        let took = site.clock.monotonic().saturating_sub(started);
        record(site, method, route, response.status().as_u16(), took);
        response
    };
    let mut response = CURRENT.scope(id, answer.instrument(span)).await;
    let value = HeaderValue::from_str(&id.to_string()).expect("an id consists of header characters");
    response.headers_mut().insert("x-request-id", value);
    response
}

/// The innermost layer: an answer even when a handler panics.
pub(super) async fn catch_panics(site: &Site, request: Request, next: Next) -> Response {
    let manner = (site.manner_of)(request.uri().path());
    // Nothing of the request is used again, so nothing broken can be seen.
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        // The panic hook has told message and place.
        tracing::error!("a handler panicked");
        (manner.refuse)(Problem::internal(), site)
    })
}

fn record(site: &Site, method: &'static str, route: Arc<str>, status: u16, took: Duration) {
    let labels = vec![
        Label::from_static_parts("side", site.side.name()),
        Label::from_static_parts("method", method),
        Label::new("route", route),
    ];
    metrics::histogram!("mainstay_http_request_duration_seconds", labels.clone()).record(took.as_secs_f64());
    let mut labels = labels;
    labels.push(Label::new("status", status.to_string()));
    metrics::counter!("mainstay_http_requests_total", labels).increment(1);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::warn!(status, duration_ms, "request answered");
    } else {
        tracing::debug!(status, duration_ms, "request answered");
    }
}

/// The method as a label: a client that makes up names must not make up time series.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
