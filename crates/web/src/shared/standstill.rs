use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;

use super::{Problem, Site};

/// Asked before each request: why nothing may be served now, if that is so.
pub type Standstill = Arc<dyn Fn() -> Option<Problem> + Send + Sync>;

/// What is served all the same: what tells how the server is, what never changes, and the switches of the sandbox.
const OPEN: [&str; 6] = ["/healthz", "/readyz", "/metrics", "/.well-known", "/sandbox", "/assets"];

/// The refusal of a request while the server stands still.
pub(super) fn refusal(site: &Site, request: &Request) -> Option<Response> {
    let problem = site.standstill.as_ref()?()?;
    let path = request.uri().path();
    let path = path.strip_prefix(site.base_path()).filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let is_open = OPEN
        .into_iter()
        .any(|open| path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    (!is_open).then(|| {
        let mut response = ((site.manner_of)(path).refuse)(problem.clone(), site);
        problem.decorate(&mut response);
        response
    })
}
