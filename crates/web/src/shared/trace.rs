use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use base::{Id, IdKind};
use futures_util::FutureExt as _;
use http::{HeaderValue, Method};
use serde::Serialize;

use super::request_measures::RequestMeasures;
use super::{Manner, Problem, Site};

/// The kind of [`RequestId`].
#[derive(Debug)]
pub struct Request_;

impl IdKind for Request_ {
    const PREFIX: &'static str = "req_";
}

/// Names one request in the logs; returned as `x-request-id`. Made here: one sent from outside is not taken over.
pub type RequestId = Id<Request_>;

/// What a line of the log tells of the request in hand. Neither query nor headers nor bodies; the path is the route's pattern, since
/// links carry secrets in theirs.
#[derive(Debug, Clone, Serialize)]
pub struct RequestInHand {
    /// Always `request`.
    name: &'static str,
    side: &'static str,
    request_id: RequestId,
    method: &'static str,
    route: Route,
}

/// The pattern of the route that answers; `(none)` where there is none.
#[derive(Debug, Clone)]
struct Route(Option<MatchedPath>);

impl Route {
    fn as_str(&self) -> &str {
        self.0.as_ref().map_or("(none)", MatchedPath::as_str)
    }
}

impl Serialize for Route {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

tokio::task_local! {
    static CURRENT: RequestInHand;
}

/// The id of the request in hand, for error pages and the audit log; `None` outside a [`frame`](super::frame()).
pub fn current_request() -> Option<RequestId> {
    CURRENT.try_with(|request| request.request_id).ok()
}

/// What the log tells of the request in hand; `None` outside a [`frame`](super::frame()). A formatter of log lines asks for it when
/// there is a line to write: a span would be written out for every request.
pub fn request_in_hand() -> Option<RequestInHand> {
    CURRENT.try_with(Clone::clone).ok()
}

/// `future` as part of the request in hand, wherever it runs.
pub(crate) async fn within_request<F: Future>(request: Option<RequestInHand>, future: F) -> F::Output {
    match request {
        Some(request) => CURRENT.scope(request, future).await,
        None => future.await,
    }
}

/// The outermost layer: gives the request its id and site, a place in the log and a measured duration.
pub(super) async fn accompany(
    site: &Arc<Site>,
    measures: &RequestMeasures,
    mut request: Request,
    handle: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let id = RequestId::new(&*site.clock, measures.ids());
    let started = site.clock.monotonic();
    let method = method_name(request.method());
    let route = Route(request.extensions().get::<MatchedPath>().cloned());
    request.extensions_mut().insert(Arc::clone(site));
    let in_hand = RequestInHand { name: "request", side: site.side.name(), request_id: id, method, route };
    let answer = async {
        let response = handle(request).await;
        let took = site.clock.monotonic().saturating_sub(started);
        let status = response.status().as_u16();
        CURRENT.with(|request| measures.answered(method, request.route.as_str(), status, took));
        log(status, took);
        response
    };
    let mut response = CURRENT.scope(in_hand, answer).await;
    let value = HeaderValue::try_from(id.to_string()).expect("an id consists of header characters");
    response.headers_mut().insert("x-request-id", value);
    response
}

/// The innermost layer: an answer even when a handler panics.
pub(super) async fn catch_panics(site: &Site, manner: Manner, request: Request, next: Next) -> Response {
    // Nothing of the request is used again, so nothing broken can be seen.
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        // The panic hook has told message and place.
        tracing::error!("a handler panicked");
        (manner.refuse)(Problem::internal(), site)
    })
}

fn log(status: u16, took: Duration) {
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
