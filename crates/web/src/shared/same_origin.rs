use audit::{Actor, AuditEvent, Origin};
use axum::extract::{FromRequestParts as _, MatchedPath, Request};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Method, header};

use super::{ClientAddress, Manner, Problem, Site, current_request};

/// Refuses what another site makes a browser post to a page, before any handler sees it. Browsers tell by `Sec-Fetch-Site`, older
/// ones by `Origin`; a client that sends neither is no browser and carries nobody's cookies unknowingly.
/// What is kept out is put on record.
pub(super) async fn check(site: &Site, manner: Manner, request: Request) -> Result<Request, Response> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if manner.browser && changes && !is_own(request.headers(), site) {
        let (mut parts, _unread) = request.into_parts();
        if let Some(ledger) = &site.ledger {
            let event = AuditEvent::new("act.refused", Actor::Unknown).origin(&origin_of(&mut parts).await);
            ledger.refused(event.with("act", door_of(&parts)).with("reason", "sent from another site")).await;
        }
        let problem =
            Problem::new(http::StatusCode::FORBIDDEN, "cross-site", "This form was sent from another site")
                .detail("Open the page here and send the form again.");
        return Err((manner.refuse)(problem, site));
    }
    Ok(request)
}

/// Where a request comes from, for the audit log.
pub(crate) async fn origin_of(parts: &mut Parts) -> Origin {
    let ClientAddress(address) = match ClientAddress::from_request_parts(parts, &()).await {
        Ok(address) => address,
        Err(never) => match never {},
    };
    Origin { source: Some(address.to_string()), request_id: current_request().map(|id| id.to_string()) }
}

/// The door that a request came to: its method, and the pattern of its route, since paths can carry secrets.
pub(crate) fn door_of(parts: &Parts) -> String {
    let route = parts.extensions.get::<MatchedPath>().map_or("(none)", MatchedPath::as_str);
    format!("{} {route}", parts.method)
}

fn is_own(headers: &HeaderMap, site: &Site) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    match text("sec-fetch-site") {
        Some(relation) => matches!(relation, "same-origin" | "none"),
        None => text(header::ORIGIN.as_str()).is_none_or(|origin| origin == site.origin()),
    }
}
