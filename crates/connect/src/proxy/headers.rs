use http::Response;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use outbound::Body;

/// Headers that are a matter of one connection between two machines (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What a caller sends to us and nobody else: its own credential, cookies, and the way it came.
const OURS: [&str; 9] = [
    "authorization",
    "cookie",
    "host",
    "content-length",
    "expect",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// The caller's headers, as far as they are the provider's business.
pub(super) fn for_provider(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    strip_hop_by_hop(&mut passed);
    for name in OURS {
        passed.remove(name);
    }
    passed
}

/// The provider's answer, as far as it is the caller's business. Its cookies are not: they would be set for our origin.
pub(super) fn for_caller(mut answer: Response<Body>) -> Response<Body> {
    let headers = answer.headers_mut();
    strip_hop_by_hop(headers);
    headers.remove(header::SET_COOKIE);
    // What marks our own answers cannot come from elsewhere.
    headers.remove("mainstay-error");
    answer
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Names the company, in place of whatever the caller may have put there.
pub(super) fn place_company(headers: &mut HeaderMap, name: &str, id: &str) -> Option<()> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    headers.insert(name, HeaderValue::from_str(id).ok()?);
    Some(())
}
