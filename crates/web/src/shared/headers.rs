//! The headers that every answer carries.

use std::fmt::Write as _;

use axum::response::Response;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};
use url::{Host, Origin, Url};

use super::{Manner, Site};

/// Further origins to which a form on this page may lead, also by redirect: put it among the response's extensions
/// (`(Extension(FormTargets::to(&url)), Page(…))`). Without it `form-action 'self'` would keep a browser from following the redirect
/// to the client after a consent. A chain of redirects is checked as a whole, so a callback ends on a page of its own instead of
/// redirecting on to a third origin.
#[derive(Debug, Clone, Default)]
pub struct FormTargets(Vec<String>);

impl FormTargets {
    /// The origin of `url`. An address without a web origin (an app's own scheme) is named by its scheme, and so is one at an IPv6
    /// address (a native client's `http://[::1]:port`, RFC 8252 section 7.3): the grammar of policies has none, and browsers pass over
    /// a source that they cannot read.
    pub fn to(url: &Url) -> Self {
        Self::default().and(url)
    }

    /// This origin too.
    #[must_use]
    pub fn and(mut self, url: &Url) -> Self {
        self.0.push(match url.origin() {
            Origin::Tuple(_, Host::Ipv6(_), _) | Origin::Opaque(_) => format!("{}:", url.scheme()),
            origin @ Origin::Tuple(..) => origin.ascii_serialization(),
        });
        self
    }
}

/// Put among a response's extensions, it says that the content is somebody else's: whatever it is, nothing in it runs, and nothing
/// is loaded by it.
#[derive(Debug, Clone, Copy)]
pub struct ForeignContent;

const FOREIGN: &str =
    "default-src 'none'; sandbox; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// For answers to machines: should a browser show one, nothing in it runs, and nobody frames it.
const MACHINES: &str = "default-src 'none'; frame-ancestors 'none'";

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

fn content_security_policy(targets: Option<&FormTargets>) -> HeaderValue {
    let Some(FormTargets(targets)) = targets else { return HeaderValue::from_static(POLICY) };
    let mut policy = String::from(POLICY);
    for target in targets {
        // An origin consists of neither space nor semicolon: it cannot add a directive.
        if !target.contains([' ', ';', ',']) {
            write!(policy, " {target}").expect("writing to a String does not fail");
        }
    }
    HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'; form-action 'self'"))
}

/// Adds the headers: those that speak of documents where there may be one. What a handler has set itself stays, except the policy, which is
/// the same for all pages but for foreign content.
pub(super) fn secure(site: &Site, manner: Manner, response: &mut Response) {
    let policy = match response.extensions().get::<ForeignContent>() {
        Some(ForeignContent) => HeaderValue::from_static(FOREIGN),
        None if !manner.browser => HeaderValue::from_static(MACHINES),
        None => content_security_policy(response.extensions().get::<FormTargets>()),
    };
    let headers = response.headers_mut();
    // All at once: those below, and the few that are added outside.
    headers.reserve(12);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    set_default(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_default(headers, header::CACHE_CONTROL, "no-store");
    if site.is_https() {
        set_default(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if !manner.browser {
        return;
    }
    let of_documents: [(HeaderName, &'static str); 4] = [
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: with it browsers send `Origin: null` with a site's own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ];
    for (name, value) in of_documents {
        set_default(headers, name, value);
    }
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
