//! `application/x-www-form-urlencoded` as OAuth uses it: in query components and in request bodies.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::{ErrorCode, Refused};

/// The most bytes that are read as parameters.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most parameters that are read.
pub const MAX_COUNT: usize = 128;

/// What is left as it is when a value is written: RFC 3986 unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Parameters as received, in order. Values may be secrets, so Debug shows names only.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

/// Why parameters could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParametersError {
    /// More than [`MAX_BYTES`] or [`MAX_COUNT`].
    #[error("there are too many parameters or they are too long")]
    TooLong,
    /// A name or value is not UTF-8 after decoding.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// A `%` is not followed by two hexadecimal digits.
    #[error("a percent sign does not begin an encoded byte")]
    Percent,
    /// A name or value holds a NUL.
    #[error("a parameter holds a NUL")]
    Nul,
    /// A parameter occurs more than once (RFC 6749 sections 3.1 and 3.2).
    #[error("a parameter occurs more than once")]
    Repeated,
}

impl From<ParametersError> for Refused {
    fn from(error: ParametersError) -> Self {
        let description = match error {
            ParametersError::TooLong => "the request has too many parameters or they are too long",
            ParametersError::NotUtf8 => "a parameter is not UTF-8",
            ParametersError::Percent => "a percent sign does not begin an encoded byte",
            ParametersError::Nul => "a parameter holds a NUL",
            ParametersError::Repeated => "a parameter occurs more than once",
        };
        Self::new(ErrorCode::InvalidRequest, description)
    }
}

impl Parameters {
    /// Reads a query component or a form body. Unlike a browser's parser it refuses what is not UTF-8 instead of
    /// replacing it, so that what is handed back (`state`) is what was sent.
    pub fn parse(text: &str) -> Result<Self, ParametersError> {
        if text.len() > MAX_BYTES {
            return Err(ParametersError::TooLong);
        }
        let mut pairs = Vec::new();
        for piece in text.split('&').filter(|piece| !piece.is_empty()) {
            if pairs.len() == MAX_COUNT {
                return Err(ParametersError::TooLong);
            }
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self(pairs))
    }

    /// As [`Parameters::parse`], from the bytes of a body.
    pub fn parse_bytes(body: &[u8]) -> Result<Self, ParametersError> {
        Self::parse(std::str::from_utf8(body).map_err(|_| ParametersError::NotUtf8)?)
    }

    /// The value of `name`; one without a value counts as left out (RFC 6749 section 3.1).
    pub fn one(&self, name: &str) -> Result<Option<&str>, ParametersError> {
        Ok(self.one_or_empty(name)?.filter(|value| !value.is_empty()))
    }

    /// The value of `name`, also when it is empty.
    pub fn one_or_empty(&self, name: &str) -> Result<Option<&str>, ParametersError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() { Err(ParametersError::Repeated) } else { Ok(first) }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Decodes one name or value: `+` is a space, `%XX` a byte.
pub(crate) fn decode(text: &str) -> Result<String, ParametersError> {
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    let decoded = if spaced.contains('%') {
        let is_byte = |rest: &str| {
            rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        if !spaced.split('%').skip(1).all(is_byte) {
            return Err(ParametersError::Percent);
        }
        percent_decode_str(&spaced).decode_utf8().map_err(|_| ParametersError::NotUtf8)?
    } else {
        Cow::Borrowed(&*spaced)
    };
    // No parameter of RFC 6749 (appendix A) holds a NUL, and a database that cannot hold one would fail on it with a 5xx.
    if decoded.contains('\0') { Err(ParametersError::Nul) } else { Ok(decoded.into_owned()) }
}

/// Encodes one name or value. A space becomes `%20`, which both a form reader and a URI reader understand.
pub fn encode(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, ESCAPED)
}

/// Appends `name=value` to `target`, with `&` before it unless `target` is empty or ends in `?` or `&`.
pub(crate) fn push(target: &mut String, name: &str, value: &str) {
    use fmt::Write as _;
    if !target.is_empty() && !target.ends_with(['?', '&']) {
        target.push('&');
    }
    let _infallible = write!(target, "{}={}", encode(name), encode(value));
}

#[cfg(test)]
mod tests;
