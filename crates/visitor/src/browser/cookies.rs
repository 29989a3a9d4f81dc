use std::collections::BTreeMap;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use url::Url;

/// Cookies by host, name and path. Ports of one host share them, as in every browser: that the servers' cookies do not get in
/// each other's way is theirs to see to.
#[derive(Debug, Default)]
pub(super) struct Jar(BTreeMap<(String, String, String), Cookie>);

#[derive(Debug)]
struct Cookie {
    value: String,
    secure: bool,
}

impl Jar {
    /// Keeps what an answer sets.
    pub(super) fn take(&mut self, url: &Url, headers: &HeaderMap) {
        for header in headers.get_all(SET_COOKIE) {
            let Ok(text) = header.to_str() else { continue };
            let mut parts = text.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let (mut path, mut secure, mut gone) = ("/".to_owned(), false, value.is_empty());
            for attribute in parts {
                let (attribute, value) = attribute.split_once('=').unwrap_or((attribute, ""));
                match attribute.to_ascii_lowercase().as_str() {
                    "path" => value.clone_into(&mut path),
                    "secure" => secure = true,
                    "max-age" => gone |= value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                    _ => {}
                }
            }
            let key = (host(url), name.to_owned(), path);
            if gone {
                self.0.remove(&key);
            } else {
                self.0.insert(key, Cookie { value: value.to_owned(), secure });
            }
        }
    }

    /// The `Cookie` header for an address.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let host = host(url);
        let pairs = self
            .0
            .iter()
            .filter(|((of, _, path), cookie)| {
                *of == host && covers(path, url.path()) && (!cookie.secure || url.scheme() == "https")
            })
            .map(|((_, name, _), cookie)| format!("{name}={}", cookie.value))
            .collect::<Vec<_>>();
        if pairs.is_empty() { None } else { HeaderValue::from_str(&pairs.join("; ")).ok() }
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// RFC 6265 section 5.1.4.
fn covers(cookie: &str, asked: &str) -> bool {
    asked == cookie
        || asked.strip_prefix(cookie).is_some_and(|rest| cookie.ends_with('/') || rest.starts_with('/'))
}
