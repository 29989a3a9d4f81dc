use std::time::Duration;

use base::Secret;
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};

use super::Site;

/// How long a cookie is kept by the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieLife {
    /// Until the browser is closed.
    Session,
    /// For this long.
    For(Duration),
}

impl Site {
    /// The full name of this side's cookie `name`: `__Host-mst_connect_session` on https, `mst_connect_session` on plain
    /// http, where `__Host-` cookies would be refused.
    pub fn cookie_name(&self, name: &str) -> String {
        let prefix = if self.is_https() { "__Host-" } else { "" };
        format!("{prefix}mst_{}_{name}", self.side.name())
    }

    /// A `Set-Cookie` value: `HttpOnly`, `SameSite=Lax` (people arrive from other sites by redirect), `Path=/`, and `Secure`
    /// where the public URL is https. `value` must be made of cookie characters (RFC 6265 section 4.1.1), as base64url is.
    pub fn set_cookie(&self, name: &str, value: &str, life: CookieLife) -> HeaderValue {
        let mut cookie = Cookie::build((self.cookie_name(name), value.to_owned()))
            .path("/")
            .http_only(true)
            .secure(self.is_https())
            .same_site(SameSite::Lax);
        if let CookieLife::For(duration) = life {
            let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
            cookie = cookie.max_age(cookie::time::Duration::seconds(seconds));
        }
        let mut header = HeaderValue::from_str(&cookie.build().encoded().to_string())
            .expect("percent-encoded cookies consist of header characters");
        header.set_sensitive(true);
        header
    }

    /// A `Set-Cookie` value that removes the cookie.
    pub fn clear_cookie(&self, name: &str) -> HeaderValue {
        self.set_cookie(name, "", CookieLife::For(Duration::ZERO))
    }

    /// The value of this side's cookie `name`. `None` when it was not sent, is empty, or was sent twice: then somebody else set
    /// one of them, and nothing tells which.
    pub fn cookie(&self, headers: &HeaderMap, name: &str) -> Option<Secret<String>> {
        let wanted = self.cookie_name(name);
        let mut found = None;
        for line in headers.get_all(header::COOKIE) {
            for cookie in Cookie::split_parse_encoded(line.to_str().ok()?.to_owned()) {
                let Ok(cookie) = cookie else { continue };
                if cookie.name() == wanted && found.replace(cookie.value().to_owned()).is_some() {
                    return None;
                }
            }
        }
        found.filter(|value| !value.is_empty()).map(Secret::new)
    }
}
