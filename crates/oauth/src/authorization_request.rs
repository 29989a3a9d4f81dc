//! The authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).

use base::Scope;
use url::Url;

use crate::error::{ErrorCode, Refused};
use crate::parameters::{self, Parameters, ParametersError};
use crate::pkce::{self, Challenge};

/// The one response type.
pub const RESPONSE_TYPE: &str = "code";
/// The longest `state` that is carried.
pub const MAX_STATE: usize = 4096;

/// The parameters that are read. Whatever else a request carries is ignored (RFC 6749 section 3.1).
const KNOWN: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// A query without the parameters that are not read; the rest as it stands. For queries that are carried along on pages: what is
/// ignored must not show up there, as whoever made the link chose its text.
pub fn known_part(query: &str) -> String {
    let is_known = |piece: &&str| {
        let name = piece.split('=').next().unwrap_or_default();
        parameters::decode(name).is_ok_and(|name| KNOWN.contains(&name.as_str()))
    };
    query.split('&').filter(is_known).collect::<Vec<_>>().join("&")
}

/// Client side: what the authorization URL is built from.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest<'a> {
    /// The client's id.
    pub client_id: &'a str,
    /// Where the answer goes.
    pub redirect_uri: &'a str,
    /// What is asked for; left out when empty.
    pub scope: &'a Scope,
    /// What binds the answer to the browser.
    pub state: &'a str,
    /// None only for providers that do not know PKCE.
    pub challenge: Option<&'a Challenge>,
    /// Parameters of the provider's own, such as `access_type=offline`.
    pub extra: &'a [(&'a str, &'a str)],
}

impl AuthorizationRequest<'_> {
    /// The URL to send the browser to. A query that `endpoint` already has is kept.
    pub fn url(&self, endpoint: &Url) -> Url {
        let mut url = endpoint.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", RESPONSE_TYPE)
                .append_pair("client_id", self.client_id)
                .append_pair("redirect_uri", self.redirect_uri);
            if !self.scope.is_empty() {
                query.append_pair("scope", &self.scope.to_string());
            }
            query.append_pair("state", self.state);
            if let Some(challenge) = self.challenge {
                query.append_pair("code_challenge", challenge.as_str());
                query.append_pair("code_challenge_method", pkce::METHOD);
            }
            query.extend_pairs(self.extra);
        }
        url
    }
}

/// Server side: a request as received. Client and redirect URI are apart from the rest, since nothing may be sent back
/// before they are known to be right (RFC 6749 section 4.1.2.1).
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// The client, as named.
    pub client_id: String,
    /// The redirect URI, as given.
    pub redirect_uri: Option<String>,
    /// To be handed back byte for byte, with success and with errors.
    pub state: Option<String>,
    /// The rest, or what is wrong with it; that refusal goes to the redirect URI once it is known to be right.
    pub details: Result<Details, Refused>,
}

/// The part of a request whose errors may be told to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// What is asked for; None when the parameter was left out.
    pub scope: Option<Scope>,
    /// The PKCE challenge, if one came. Whether it is required is a matter of the client.
    pub challenge: Option<Challenge>,
}

/// What must be shown to the person and never be redirected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRedirectable {
    /// The query cannot be read at all.
    #[error("the request cannot be read: {0}")]
    Unreadable(ParametersError),
    /// `client_id` is missing or stands there twice.
    #[error("the request does not name one client")]
    Client,
    /// `redirect_uri` stands there twice.
    #[error("the request names more than one redirect URI")]
    RedirectUri,
}

impl ReceivedRequest {
    /// Reads the query of an authorization request. Parameters that are not known are ignored.
    pub fn parse(query: &str) -> Result<Self, NotRedirectable> {
        let parameters = Parameters::parse(query).map_err(NotRedirectable::Unreadable)?;
        let client_id = parameters.one("client_id").ok().flatten().ok_or(NotRedirectable::Client)?.to_owned();
        let redirect_uri =
            parameters.one("redirect_uri").map_err(|_| NotRedirectable::RedirectUri)?.map(ToOwned::to_owned);
        let state = parameters.one_or_empty("state");
        let details = match state {
            Err(error) => Err(error.into()),
            Ok(Some(state)) if state.len() > MAX_STATE => {
                Err(Refused::new(ErrorCode::InvalidRequest, "state is longer than 4096 bytes"))
            }
            Ok(_) => Details::read(&parameters),
        };
        let state = state.ok().flatten().filter(|state| state.len() <= MAX_STATE).map(ToOwned::to_owned);
        Ok(Self { client_id, redirect_uri, state, details })
    }
}

impl Details {
    fn read(parameters: &Parameters) -> Result<Self, Refused> {
        match parameters.one("response_type")? {
            Some(RESPONSE_TYPE) => {}
            None => return Err(Refused::new(ErrorCode::InvalidRequest, "response_type is missing")),
            Some(_) => {
                return Err(Refused::new(
                    ErrorCode::UnsupportedResponseType,
                    "the only response_type is code",
                ));
            }
        }
        let scope = match parameters.one("scope")?.map(str::parse::<Scope>) {
            None => None,
            Some(Ok(scope)) => Some(scope),
            Some(Err(_)) => {
                return Err(Refused::new(
                    ErrorCode::InvalidScope,
                    "scope has characters that are not allowed",
                ));
            }
        };
        let method = parameters.one("code_challenge_method")?;
        let challenge = match parameters.one("code_challenge")? {
            None if method.is_some() => {
                return Err(Refused::new(
                    ErrorCode::InvalidRequest,
                    "code_challenge_method came without code_challenge",
                ));
            }
            None => None,
            Some(text) => {
                // Left out it means `plain` (RFC 7636 section 4.3), which is not offered.
                if method != Some(pkce::METHOD) {
                    return Err(Refused::new(
                        ErrorCode::InvalidRequest,
                        "the only code_challenge_method is S256",
                    ));
                }
                Some(Challenge::parse(text).map_err(|_| {
                    Refused::new(
                        ErrorCode::InvalidRequest,
                        "code_challenge is not an S256 challenge of 43 characters",
                    )
                })?)
            }
        };
        Ok(Self { scope, challenge })
    }
}

#[cfg(test)]
mod tests;
