//! Error codes and the answers that carry them (RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750, RFC 7009, RFC 7591).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

macro_rules! codes {
    ($($variant:ident = $text:literal, $doc:literal;)*) => {
        /// An error code on the wire.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $doc] $variant,)*
            /// Any other text, as received from a server that has codes of its own. Never made by this side.
            Other(String),
        }

        impl ErrorCode {
            /// The code as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $text,)* Self::Other(text) => text }
            }
        }

        impl From<&str> for ErrorCode {
            fn from(text: &str) -> Self {
                match text { $($text => Self::$variant,)* other => Self::Other(sanitise(other)) }
            }
        }
    };
}

codes! {
    InvalidRequest = "invalid_request", "A parameter is missing, repeated or malformed.";
    InvalidClient = "invalid_client", "Client authentication failed.";
    InvalidGrant = "invalid_grant", "The code or refresh token is invalid, expired, revoked or another client's.";
    UnauthorizedClient = "unauthorized_client", "This client may not use this grant or response type.";
    UnsupportedGrantType = "unsupported_grant_type", "The server does not offer this grant type.";
    UnsupportedResponseType = "unsupported_response_type", "The server does not offer this response type.";
    InvalidScope = "invalid_scope", "The scope is unknown, malformed or more than was granted.";
    AccessDenied = "access_denied", "The person or the server said no.";
    ServerError = "server_error", "The server met something unexpected.";
    TemporarilyUnavailable = "temporarily_unavailable", "The server cannot answer now.";
    UnsupportedTokenType = "unsupported_token_type", "RFC 7009: this kind of token cannot be revoked.";
    InvalidToken = "invalid_token", "RFC 6750: the access token is expired, revoked or malformed.";
    InsufficientScope = "insufficient_scope", "RFC 6750: the access token lacks a scope.";
    InvalidRedirectUri = "invalid_redirect_uri", "RFC 7591: a redirection URI breaks the rules.";
    InvalidClientMetadata = "invalid_client_metadata", "RFC 7591: a metadata field is invalid.";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(Cow::<'de, str>::deserialize(deserializer)?.as_ref()))
    }
}

/// The longest foreign text that is kept.
const MAX_TEXT: usize = 400;

/// A foreign text cut to 400 characters and to what RFC 6749 section 5.2 allows in `error_description`
/// (`%x20-21 / %x23-5B / %x5D-7E`); anything else becomes `?`.
pub fn sanitise(text: &str) -> String {
    text.chars()
        .take(MAX_TEXT)
        .map(|c| if matches!(c, ' ' | '!' | '#'..='[' | ']'..='~') { c } else { '?' })
        .collect()
}

/// A refusal by an endpoint of the server side: a code, a sentence, and what the answer needs besides.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Refused {
    /// The code.
    pub code: ErrorCode,
    /// A sentence for the developer of the client. Never holds anything that was sent.
    pub description: Cow<'static, str>,
    /// For 429: after how long to come again.
    pub retry_after: Option<Duration>,
}

/// The JSON body of a refusal.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a ErrorCode,
    error_description: String,
}

impl Refused {
    /// A refusal with a fixed sentence.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description: Cow::Borrowed(description), retry_after: None }
    }

    /// Too many failures: 429 with `Retry-After`.
    pub const fn too_many(description: &'static str, retry_after: Duration) -> Self {
        Self {
            code: ErrorCode::TemporarilyUnavailable,
            description: Cow::Borrowed(description),
            retry_after: Some(retry_after),
        }
    }

    /// The HTTP status: 401 for `invalid_client`, 429 for too many, 5xx for failures of the server, otherwise 400.
    pub const fn status(&self) -> u16 {
        match (&self.code, self.retry_after) {
            (_, Some(_)) => 429,
            (ErrorCode::InvalidClient | ErrorCode::InvalidToken, None) => 401,
            (ErrorCode::InsufficientScope, None) => 403,
            (ErrorCode::ServerError, None) => 500,
            (ErrorCode::TemporarilyUnavailable, None) => 503,
            _ => 400,
        }
    }

    /// The body of RFC 6749 section 5.2; `error_description` holds only the characters allowed there.
    pub fn to_json(&self) -> String {
        let body = Body { error: &self.code, error_description: sanitise(&self.description) };
        serde_json::to_string(&body).expect("two texts are always JSON")
    }
}

#[cfg(test)]
mod tests;
