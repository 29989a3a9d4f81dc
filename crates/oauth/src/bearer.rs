//! Bearer tokens at a resource server (RFC 6750): reading the header, and the challenge that answers a refusal.

use base::{Scope, Secret};

/// Reads the token of an `Authorization: Bearer …` header; None for another scheme or an empty token. The scheme's case
/// does not matter (RFC 9110 section 11.1).
pub fn read(authorization: &str) -> Option<Secret<String>> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    let form = !token.is_empty()
        && token.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
        });
    (scheme.eq_ignore_ascii_case("bearer") && form).then(|| Secret::new(token.to_owned()))
}

/// The value of an `Authorization` header that carries this token.
pub fn header(access_token: &Secret<String>) -> Secret<String> {
    Secret::new(format!("Bearer {}", access_token.expose()))
}

/// Why a resource server refuses, for `WWW-Authenticate` (RFC 6750 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge<'a> {
    /// No credential came: 401 and no error code.
    Missing,
    /// The token is expired, revoked or malformed: 401.
    InvalidToken,
    /// The token lacks these scopes: 403.
    InsufficientScope(&'a Scope),
    /// The request carries two tokens or is malformed otherwise: 400.
    InvalidRequest,
}

impl Challenge<'_> {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Missing | Self::InvalidToken => 401,
            Self::InsufficientScope(_) => 403,
            Self::InvalidRequest => 400,
        }
    }

    /// The value of `WWW-Authenticate`. `realm` is fixed text of the server, without quotes.
    pub fn header(&self, realm: &str) -> String {
        let rest = match self {
            Self::Missing => String::new(),
            Self::InvalidToken => ", error=\"invalid_token\"".to_owned(),
            Self::InsufficientScope(scope) => format!(", error=\"insufficient_scope\", scope=\"{scope}\""),
            Self::InvalidRequest => ", error=\"invalid_request\"".to_owned(),
        };
        format!("Bearer realm=\"{realm}\"{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_in_any_case_and_nothing_else_passes() {
        for header in ["Bearer abc", "bearer abc", "BEARER  abc"] {
            assert_eq!(read(header).unwrap().expose(), "abc", "{header}");
        }
        for header in ["Bearer", "Bearer ", "Basic abc", "abc", "Bearer a b", "Bearer a\u{e9}", ""] {
            assert!(read(header).is_none(), "{header:?}");
        }
    }

    #[test]
    fn challenges_say_what_rfc_6750_asks_for() {
        let scope = "b a".parse().unwrap();
        assert_eq!(Challenge::Missing.header("x"), "Bearer realm=\"x\"");
        assert_eq!(
            Challenge::InsufficientScope(&scope).header("x"),
            "Bearer realm=\"x\", error=\"insufficient_scope\", scope=\"a b\""
        );
        assert_eq!(Challenge::InvalidToken.status(), 401);
        assert_eq!(Challenge::InsufficientScope(&scope).status(), 403);
    }
}
