//! A tolerant reader of token answers (client side).
//!
//! Providers differ: no `token_type`, numbers as text or floats, a scope as a list, 201 instead of 200, JSON under
//! another content type, form-encoded bodies, errors inside a 200. What holds tokens is read as tokens, since they may
//! be the only good ones there are. The status is looked at first, then the error code; the text of an answer is never
//! searched. What an answer *means* for a grant is for `refresh` to say.

use std::collections::BTreeMap;
use std::time::Duration;

use base::Secret;
use serde_json::{Map, Value};

use crate::error::{self, ErrorCode};
use crate::parameters::Parameters;

/// The largest answer that is read.
pub const MAX_BYTES: usize = 256 * 1024;

/// What a token endpoint answered.
#[derive(Debug, Clone)]
pub enum TokenAnswer {
    /// An access token came, whatever else is odd about the answer.
    Tokens(Box<Tokens>),
    /// An error with a code.
    Error {
        /// The HTTP status.
        status: u16,
        /// The code.
        code: ErrorCode,
        /// What the server says of it, cut and cleaned.
        description: Option<String>,
    },
    /// Neither: a page, a gateway's text, an empty body.
    NotUnderstood {
        /// The HTTP status.
        status: u16,
        /// Why, without anything of the body.
        why: &'static str,
    },
}

/// The tokens of an answer.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// The refresh token; None means that the old one stays.
    pub refresh_token: Option<Secret<String>>,
    /// How long the access token lives.
    pub expires_in: Option<Duration>,
    /// How long the refresh token lives, under any of the names in use.
    pub refresh_token_expires_in: Option<Duration>,
    /// The scope as text, tokens separated by single spaces.
    pub scope: Option<String>,
    /// As given.
    pub token_type: Option<String>,
    /// All other members that are numbers, as text. Other texts are left out: they may be secrets of a kind unknown here.
    pub extra: BTreeMap<String, String>,
}

/// Names under which the life of the refresh token is told.
const REFRESH_LIFE: [&str; 3] =
    ["refresh_token_expires_in", "x_refresh_token_expires_in", "refresh_expires_in"];

impl TokenAnswer {
    /// Reads an answer. `content_type` is a hint alone.
    pub fn read(status: u16, content_type: Option<&str>, body: &[u8]) -> Self {
        let not_understood = |why| Self::NotUnderstood { status, why };
        if body.len() > MAX_BYTES {
            return not_understood("the answer is larger than 256 KiB");
        }
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii();
        if body.is_empty() {
            return not_understood("the answer is empty");
        }
        let Some(members) = members(content_type, body) else {
            return not_understood("the answer is neither JSON nor a form");
        };
        let success = (200..300).contains(&status);
        // Tokens under an odd status are tokens still, unless the answer calls itself an error.
        if (success || !members.contains_key("error"))
            && let Some(access_token) = text(&members, "access_token")
        {
            return Self::Tokens(Box::new(Tokens::take(access_token, &members)));
        }
        match error_of(&members) {
            Some((code, description)) => Self::Error { status, code, description },
            None if success => not_understood("the answer holds no access token"),
            None => not_understood("the answer holds no error code"),
        }
    }
}

impl Tokens {
    fn take(access_token: String, members: &Map<String, Value>) -> Self {
        let handled = ["access_token", "refresh_token", "scope", "token_type", "expires_in"];
        let extra = members
            .iter()
            .filter(|(name, _)| !handled.contains(&name.as_str()))
            .filter_map(|(name, value)| match value {
                Value::Number(number) => Some((name.clone(), number.to_string())),
                Value::String(text) if text.parse::<f64>().is_ok() => Some((name.clone(), text.clone())),
                _ => None,
            })
            .collect();
        Self {
            access_token: access_token.into(),
            refresh_token: text(members, "refresh_token").map(Secret::new),
            expires_in: seconds(members.get("expires_in")),
            refresh_token_expires_in: REFRESH_LIFE.iter().find_map(|name| seconds(members.get(*name))),
            scope: scope(members.get("scope")),
            token_type: text(members, "token_type"),
            extra,
        }
    }
}

/// The members of the answer, from JSON or from a form. One level of wrapping in `data` is looked through.
fn members(content_type: Option<&str>, body: &[u8]) -> Option<Map<String, Value>> {
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        let Value::Object(object) = value else { return None };
        return match object.get("data") {
            Some(Value::Object(inner)) if inner.contains_key("access_token") => Some(inner.clone()),
            _ => Some(object),
        };
    }
    let form = content_type.is_some_and(|kind| {
        kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    });
    // Without the content type it must look like a form: a page would otherwise be one long name.
    let looks_like_form = body.starts_with(b"access_token=") || body.starts_with(b"error=");
    if !form && !looks_like_form {
        return None;
    }
    let parameters = Parameters::parse_bytes(body).ok()?;
    Some(parameters.iter().map(|(name, value)| (name.to_owned(), Value::String(value.to_owned()))).collect())
}

fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// A number of seconds, as a number or as text, whole or not. Anything else is as if it were not there.
fn seconds(value: Option<&Value>) -> Option<Duration> {
    let seconds = match value? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse::<f64>().ok()?,
        _ => return None,
    };
    // A hundred years and more is a way of saying "never"; it is cut, so that sums with it stay in range.
    if seconds.is_finite() && seconds >= 0.0 {
        Some(Duration::from_secs_f64(seconds.min(3.2e9)))
    } else {
        None
    }
}

fn scope(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => {
            Some(text.split([' ', ',']).filter(|token| !token.is_empty()).collect::<Vec<_>>().join(" "))
        }
        Value::Array(list) => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        _ => None,
    }
}

/// The error code and its description: RFC 6749 section 5.2, or an object in its place (`{"error": {"code": …}}`).
fn error_of(members: &Map<String, Value>) -> Option<(ErrorCode, Option<String>)> {
    let describe = |members: &Map<String, Value>, names: &[&str]| {
        names.iter().find_map(|name| text(members, name)).map(|text| error::sanitise(&text))
    };
    match members.get("error")? {
        Value::String(code) if !code.is_empty() => {
            Some((code.as_str().into(), describe(members, &["error_description", "message"])))
        }
        Value::Object(inner) => {
            let code = ["code", "type", "error"].iter().find_map(|name| text(inner, name))?;
            Some((code.as_str().into(), describe(inner, &["message", "description", "error_description"])))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
