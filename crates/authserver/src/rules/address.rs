//! Addresses that are shown to people or fetched.

use oauth::RedirectUri;
use url::Url;

use super::MAX_CONTACT;

/// The longest address of a page.
const MAX_PAGE: usize = 2000;

/// Why an http redirect URI is not taken in production.
pub(super) const PRODUCTION: &str = "outside staging it begins with https://; http is for the loopback addresses \
                                     127.0.0.1 and [::1] of public clients";

const NAMES_OF_THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whether a redirect URI may be registered where real customers are (facts 3; RFC 8252 section 7.3 for public clients).
pub(super) fn fit_for_production(uri: &RedirectUri, public: bool) -> bool {
    let Ok(url) = Url::parse(uri.as_str()) else { return false };
    url.scheme() == "https" || (public && matches!(url.host_str(), Some("127.0.0.1" | "[::1]")))
}

/// Whether the query of a redirect URI holds a parameter of this name, in whatever spelling.
pub(super) fn has_parameter(uri: &RedirectUri, name: &str) -> bool {
    Url::parse(uri.as_str())
        .is_ok_and(|url| url.query_pairs().any(|(known, _)| known.trim().eq_ignore_ascii_case(name)))
}

/// Whether an address may stand on our pages and be followed by people.
pub(super) fn check_page(text: &str, http_on_loopback: bool) -> Result<(), String> {
    if text.len() > MAX_PAGE {
        return Err(format!("an address has at most {MAX_PAGE} characters"));
    }
    // A text that a URL reader would mend (spaces, tabs, backslashes) is one that different readers read differently.
    if !text.bytes().all(|b| b.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&b)) {
        return Err("an address has no spaces, backslashes, quotes or characters outside ASCII".to_owned());
    }
    let url =
        Url::parse(text).map_err(|_| "it is no absolute address such as https://example.com".to_owned())?;
    let local = url.host_str().is_some_and(|host| NAMES_OF_THIS_MACHINE.contains(&host));
    match url.scheme() {
        "https" => {}
        "http" if http_on_loopback && local => {}
        "http" => {
            return Err("it begins with https://, so that nobody on the way can change the page".to_owned());
        }
        _ => {
            return Err(
                "it begins with https://; other schemes can run code or lead into an application".to_owned()
            );
        }
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address holds no user name and no password".to_owned());
    }
    Ok(())
}

/// Whether a text has the form of an e-mail address; whether somebody reads it cannot be known.
pub(super) fn is_mail_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let graphic = |part: &str| part.bytes().all(|b| b.is_ascii_graphic() && !b"\"(),:;<>@[\\]".contains(&b));
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= MAX_CONTACT
        && !local.is_empty()
        && graphic(local)
        && domain.contains('.')
        && domain.split('.').all(label)
}

/// The host of an address.
pub(super) fn host(text: &str) -> Option<String> {
    Url::parse(text).ok()?.host_str().map(ToOwned::to_owned)
}

/// Whether two hosts are the same or one lies below the other. No list of public suffixes: this is a hint, no rule.
pub(super) fn of_one_site(one: &str, other: &str) -> bool {
    let below = |inner: &str, outer: &str| inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'));
    let site = |host: &str| {
        let labels: Vec<&str> = host.rsplit('.').take(2).collect();
        labels.into_iter().rev().collect::<Vec<_>>().join(".")
    };
    one == other || below(one, other) || below(other, one) || site(one) == site(other)
}
