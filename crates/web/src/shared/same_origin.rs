use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, Method, header};

use super::{Manner, Problem, Site};

/// Refuses what another site makes a browser post to a page, before any handler sees it. Browsers tell by `Sec-Fetch-Site`, older
/// ones by `Origin`; a client that sends neither is no browser and carries nobody's cookies unknowingly.
pub(super) fn refusal(site: &Site, manner: Manner, request: &Request) -> Option<Response> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if manner.browser && changes && !is_own(request.headers(), site) {
        let problem =
            Problem::new(http::StatusCode::FORBIDDEN, "cross-site", "This form was sent from another site")
                .detail("Open the page here and send the form again.");
        return Some((manner.refuse)(problem, site));
    }
    None
}

fn is_own(headers: &HeaderMap, site: &Site) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    match text("sec-fetch-site") {
        Some(relation) => matches!(relation, "same-origin" | "none"),
        None => text(header::ORIGIN.as_str()).is_none_or(|origin| origin == site.origin()),
    }
}
