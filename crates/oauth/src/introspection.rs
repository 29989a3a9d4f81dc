//! Introspection (RFC 7662), and the request of revocation, which has the same form (RFC 7009 section 2.1).

use std::collections::BTreeMap;

use base::{Scope, Secret};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::client_authentication::PresentedClient;
use crate::error::{ErrorCode, Refused};
use crate::parameters::Parameters;
use crate::token_request::{ClientCredentials, EncodedRequest};

/// Which kind of token the sender believes it is. A hint alone: the server looks at the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenTypeHint {
    /// `access_token`
    AccessToken,
    /// `refresh_token`
    RefreshToken,
}

impl TokenTypeHint {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// Client side: the request for introspection or revocation.
pub fn encode_request(
    client: &ClientCredentials<'_>,
    token: &Secret<String>,
    hint: Option<TokenTypeHint>,
) -> EncodedRequest {
    let mut parameters = vec![("token", token.expose().as_str())];
    parameters.extend(hint.map(|hint| ("token_type_hint", hint.as_str())));
    client.encode(&parameters)
}

/// Server side: a request for introspection or revocation as received. An unknown hint is ignored.
#[derive(Debug, Clone)]
pub struct ReceivedTokenQuestion {
    /// Who asks; nothing is proven yet.
    pub client: Result<PresentedClient, Refused>,
    /// The token in question.
    pub token: Result<Secret<String>, Refused>,
}

impl ReceivedTokenQuestion {
    /// Reads the `Authorization` header and the body.
    pub fn parse(authorization: Option<&str>, body: &Parameters) -> Self {
        let token = match body.one("token") {
            Ok(Some(token)) => Ok(token.to_owned().into()),
            Ok(None) => Err(Refused::new(ErrorCode::InvalidRequest, "token is missing")),
            Err(error) => Err(error.into()),
        };
        Self { client: PresentedClient::extract(authorization, body), token }
    }
}

/// Server side: what is told of an active token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveToken<'a> {
    /// The scope.
    pub scope: Scope,
    /// The client it was given to.
    pub client_id: String,
    /// The resource it gives access to.
    pub sub: String,
    /// When it ends, in seconds since the epoch.
    pub exp: i64,
    /// When it was made, in seconds since the epoch.
    pub iat: i64,
    /// For whom it is meant.
    pub aud: &'a [String],
    /// Who made it.
    pub iss: &'a str,
    /// A name for the token that is no secret.
    pub jti: String,
    /// The kind.
    pub token_type: &'static str,
    /// A member of the server's own, with its value.
    #[serde(flatten, serialize_with = "as_map")]
    pub own: Option<(&'a str, String)>,
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn as_map<S: Serializer>(own: &Option<(&str, String)>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(own.iter().map(|(name, value)| (name, value)))
}

/// Server side: the answer. A token that is not active has no other member (RFC 7662 section 2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Introspection<'a> {
    /// Unknown, ended, expired, or another client's.
    Inactive,
    /// Good.
    Active(Box<ActiveToken<'a>>),
}

impl Introspection<'_> {
    /// The JSON body.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            active: bool,
            #[serde(flatten)]
            token: Option<&'a ActiveToken<'a>>,
        }
        let body = match self {
            Self::Inactive => Body { active: false, token: None },
            Self::Active(token) => Body { active: true, token: Some(token) },
        };
        let mut text = Vec::with_capacity(1024);
        serde_json::to_writer(&mut text, &body).expect("texts and numbers are always JSON");
        String::from_utf8(text).expect("JSON is UTF-8")
    }
}

/// Client side: what an introspection endpoint answered.
#[derive(Debug, Clone, PartialEq)]
pub enum IntrospectionAnswer {
    /// The token would be accepted.
    Active(IntrospectedToken),
    /// The token is known to be dead.
    Inactive,
    /// The server refused the question; this says nothing of the token.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error code, if there was one.
        code: Option<ErrorCode>,
    },
    /// Anything else, 5xx above all; this says nothing of the token.
    NotUnderstood {
        /// The HTTP status.
        status: u16,
    },
}

/// Client side: the members that matter here; everything may be missing.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct IntrospectedToken {
    /// When it ends, in seconds since the epoch.
    pub exp: Option<i64>,
    /// The scope, as text.
    pub scope: Option<String>,
    /// The client it was given to.
    pub client_id: Option<String>,
    /// The resource it gives access to.
    pub sub: Option<String>,
    /// All other members.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// The largest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

impl IntrospectionAnswer {
    /// Reads an answer: the status first, then the body. Only a JSON boolean `active` counts as an answer.
    pub fn read(status: u16, body: &[u8]) -> Self {
        let value: Option<Value> =
            (body.len() <= MAX_ANSWER).then(|| serde_json::from_slice(body).ok()).flatten();
        match status {
            200..=299 => {
                match value.as_ref().and_then(|value| value.get("active")).and_then(Value::as_bool) {
                    Some(false) => Self::Inactive,
                    // A member of an unusual type must not turn "alive" into "no answer".
                    Some(true) => Self::Active(
                        value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default(),
                    ),
                    None => Self::NotUnderstood { status },
                }
            }
            400..=499 if status != 408 && status != 429 => Self::Refused {
                status,
                code: value
                    .as_ref()
                    .and_then(|value| value.get("error"))
                    .and_then(Value::as_str)
                    .map(Into::into),
            },
            _ => Self::NotUnderstood { status },
        }
    }
}

#[cfg(test)]
mod tests;
