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
const OURS: [&str; 7] = ["authorization", "cookie", "host", "content-length", "expect", "forwarded", "via"];

/// By these some servers take another path or method than the one that was checked here.
const REWRITING: [&str; 6] = [
    "x-original-url",
    "x-rewrite-url",
    "x-original-uri",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// What a provider says of its own origin. Passed on it would be said of ours: a browser or a client would take over its cookies, go to
/// another port, insist on https, throw its storage away, let other sites read, or report elsewhere.
const OF_ITS_ORIGIN: [&str; 8] = [
    "set-cookie",
    "set-cookie2",
    "alt-svc",
    "strict-transport-security",
    "clear-site-data",
    "nel",
    "report-to",
    "reporting-endpoints",
];

/// The caller's headers, as far as they are the provider's business.
pub(super) fn for_provider(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    strip_hop_by_hop(&mut passed);
    for name in OURS.into_iter().chain(REWRITING) {
        passed.remove(name);
    }
    remove_all_of(&mut passed, "x-forwarded-");
    passed
}

/// The provider's answer, as far as it is the caller's business.
pub(super) fn for_caller(mut answer: Response<Body>) -> Response<Body> {
    let headers = answer.headers_mut();
    strip_hop_by_hop(headers);
    for name in OF_ITS_ORIGIN {
        headers.remove(name);
    }
    remove_all_of(headers, "access-control-");
    // What marks our own answers cannot come from elsewhere.
    headers.remove("mainstay-error");
    answer
}

fn remove_all_of(headers: &mut HeaderMap, prefix: &str) {
    let found: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with(prefix)).cloned().collect();
    for name in found {
        headers.remove(name);
    }
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
