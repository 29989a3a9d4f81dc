//! Redirection URIs: what may be registered, and what a request's one is compared with
//! (RFC 6749 section 3.1.2, RFC 8252 section 7.3, RFC 9700 section 2.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::parameters;

/// A redirection URI that keeps the rules of registration. Compared by its exact characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Which rule a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Not an absolute URI, longer than 2,000 characters, or with characters that do not stand in one.
    #[error(
        "a redirect URI is an absolute URI of at most 2000 characters, without spaces, backslashes or wildcards"
    )]
    Form,
    /// A scheme other than https, or http for another host than those of this machine.
    #[error("a redirect URI begins with https://; http:// is for localhost, 127.0.0.1 and [::1] only")]
    Scheme,
    /// A host that has another, normal spelling.
    #[error(
        "the host of a redirect URI is written in its normal form: lower case, no escapes, no unusual numbers"
    )]
    Host,
    /// A user name or password in it.
    #[error("a redirect URI holds no user name and no password")]
    UserInformation,
    /// A fragment, even an empty one.
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// A path with `.` or `..` in any spelling.
    #[error("the path of a redirect URI has no dot segments")]
    DotSegment,
}

/// The two loopback addresses where any port is right for a public client. Not `localhost`, which a resolver may answer.
const ANY_PORT: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

impl RedirectUri {
    /// Takes a text as registered, if it keeps the rules.
    pub fn register(text: &str) -> Result<Self, RedirectUriError> {
        if text.len() > 2000 || !text.bytes().all(|b| b.is_ascii_graphic() && !b"\\*\"<>^`{|}".contains(&b)) {
            return Err(RedirectUriError::Form);
        }
        if text.contains('#') {
            return Err(RedirectUriError::Fragment);
        }
        let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(RedirectUriError::Scheme),
        };
        let url = Url::parse(text).map_err(|_| RedirectUriError::Form)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(RedirectUriError::UserInformation);
        }
        let host = if authority.starts_with('[') {
            authority.split_inclusive(']').next().unwrap_or_default()
        } else {
            authority.split(':').next().unwrap_or_default()
        };
        if url.host_str() != Some(host) {
            return Err(RedirectUriError::Host);
        }
        if !secure && !matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
            return Err(RedirectUriError::Scheme);
        }
        let dotted =
            |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        if path.split('?').next().unwrap_or_default().split(['/', ';']).any(dotted) {
            return Err(RedirectUriError::DotSegment);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether `presented`, the parameter of a request, is this URI: by exact characters, except that with
    /// `any_loopback_port` (public clients) the port of `http://127.0.0.1` and `http://[::1]` is free.
    pub fn matches(&self, presented: &str, any_loopback_port: bool) -> bool {
        if self.0 == presented {
            return true;
        }
        any_loopback_port
            && ANY_PORT.iter().any(|origin| {
                match (self.0.strip_prefix(origin), presented.strip_prefix(origin)) {
                    (Some(registered), Some(presented)) => {
                        match (without_port(registered), without_port(presented)) {
                            (Some(registered), Some(presented)) => registered == presented,
                            _ => false,
                        }
                    }
                    _ => false,
                }
            })
    }

    /// The text as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port, for people and for the `form-action` of a Content-Security-Policy.
    pub fn origin(&self) -> String {
        let after_scheme = self.0.find("://").map_or(0, |at| at + 3);
        let end = self.0[after_scheme..].find(['/', '?']).map_or(self.0.len(), |at| after_scheme + at);
        self.0[..end].to_owned()
    }

    /// This URI with parameters added to its query; the part that was registered stays as it is
    /// (RFC 6749 section 3.1.2).
    pub(crate) fn with_parameters<'a>(
        &self,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> String {
        let mut url = self.0.clone();
        if !url.contains('?') {
            url.push('?');
        }
        for (name, value) in parameters {
            parameters::push(&mut url, name, value);
        }
        url
    }

    /// The URI of a request that [`RedirectUri::matches`] found right: with the port that was asked for.
    #[must_use]
    pub fn as_presented(&self, presented: &str) -> Self {
        if self.matches(presented, true) { Self(presented.to_owned()) } else { self.clone() }
    }
}

/// What follows the optional port right after the host; None if that is not a port.
fn without_port(rest: &str) -> Option<&str> {
    let Some(port_on) = rest.strip_prefix(':') else {
        return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest);
    };
    let (port, after) = port_on.split_at(port_on.find(['/', '?']).unwrap_or(port_on.len()));
    let canonical = port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
    canonical.then_some(after)
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RedirectUri {
    type Err = RedirectUriError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::register(text)
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectUriError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::register(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

#[cfg(test)]
mod tests;
