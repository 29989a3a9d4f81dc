//! The authorization response (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207).

use base::Secret;

use crate::error::{self, ErrorCode, Refused};
use crate::parameters::{Parameters, ParametersError};
use crate::redirect_uri::RedirectUri;

/// Server side: what goes with every answer, whether it is a success or an error.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The client's `state`, byte for byte.
    pub state: Option<&'a str>,
    /// The issuer (RFC 9207), where the server announces that it sends it.
    pub iss: Option<&'a str>,
}

/// Server side: the redirect that carries a code. `extra` are parameters of the server's own.
pub fn success_url(
    redirect_uri: &RedirectUri,
    code: &Secret<String>,
    envelope: Envelope<'_>,
    extra: &[(String, String)],
) -> Secret<String> {
    let own = extra.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let code = std::iter::once(("code", code.expose().as_str()));
    Secret::new(redirect_uri.with_parameters(code.chain(envelope.parameters()).chain(own)))
}

/// Server side: the redirect that carries an error.
pub fn error_url(redirect_uri: &RedirectUri, refused: &Refused, envelope: Envelope<'_>) -> String {
    let description = error::sanitise(&refused.description);
    let error = [("error", refused.code.as_str()), ("error_description", description.as_str())];
    redirect_uri.with_parameters(error.into_iter().chain(envelope.parameters()))
}

impl<'a> Envelope<'a> {
    fn parameters(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.state.map(|state| ("state", state)).into_iter().chain(self.iss.map(|iss| ("iss", iss)))
    }
}

/// Client side: what came back to the redirect URI.
#[derive(Debug, Clone)]
pub struct Callback {
    /// A code, or why there is none.
    pub outcome: CallbackOutcome,
    /// To be compared with what was sent, before anything else.
    pub state: Option<String>,
    /// To be compared with the issuer, where one is known (RFC 9207).
    pub iss: Option<String>,
    /// Everything else that came once, such as `realmId`.
    pub extra: Vec<(String, String)>,
}

/// The heart of a callback.
#[derive(Debug, Clone)]
pub enum CallbackOutcome {
    /// The authorization code.
    Code(Secret<String>),
    /// An error; the text is cut and cleaned.
    Error {
        /// The code.
        code: ErrorCode,
        /// What the server says of it.
        description: Option<String>,
    },
}

/// A callback that cannot be taken for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Unreadable, or one of the parameters that matter stands there twice.
    #[error("the answer cannot be read: {0}")]
    Unreadable(#[from] ParametersError),
    /// Neither a code nor an error.
    #[error("the answer holds neither a code nor an error")]
    Empty,
    /// Both a code and an error.
    #[error("the answer holds both a code and an error")]
    Both,
}

impl Callback {
    /// Reads the query of a callback.
    pub fn parse(query: &str) -> Result<Self, CallbackError> {
        let parameters = Parameters::parse(query)?;
        let state = parameters.one_or_empty("state")?.map(ToOwned::to_owned);
        let iss = parameters.one("iss")?.map(ToOwned::to_owned);
        let description = parameters.one("error_description")?.map(error::sanitise);
        let outcome = match (parameters.one("code")?, parameters.one("error")?) {
            (Some(code), None) => CallbackOutcome::Code(code.to_owned().into()),
            (None, Some(code)) => CallbackOutcome::Error { code: code.into(), description },
            (None, None) => return Err(CallbackError::Empty),
            (Some(_), Some(_)) => return Err(CallbackError::Both),
        };
        let known = ["code", "error", "error_description", "error_uri", "state", "iss"];
        let mut extra = Vec::new();
        for (name, value) in parameters.iter().filter(|(name, _)| !known.contains(name)) {
            parameters.one(name)?;
            extra.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self { outcome, state, iss, extra })
    }

    /// The value of an extra parameter.
    pub fn extra(&self, name: &str) -> Option<&str> {
        self.extra.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests;
