//! The token request (RFC 6749 sections 4.1.3 and 6).

use base::{Scope, Secret};

use crate::client_authentication::{self, ClientAuthMethod, PresentedClient};
use crate::error::{ErrorCode, Refused};
use crate::parameters::{self, Parameters};
use crate::pkce::Verifier;

/// The grant types that are offered: what the reader of requests knows and what the metadata say.
pub const GRANT_TYPES: [&str; 2] = [AUTHORIZATION_CODE, REFRESH_TOKEN];
const AUTHORIZATION_CODE: &str = "authorization_code";
const REFRESH_TOKEN: &str = "refresh_token";
/// What no token request says twice, whatever its grant type reads of it (RFC 6749 section 3.2).
const ONCE: [&str; 6] = ["grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope"];

/// Client side: who asks.
#[derive(Debug, Clone, Copy)]
pub struct ClientCredentials<'a> {
    /// The client's id.
    pub client_id: &'a str,
    /// Its secret; None for a public client.
    pub client_secret: Option<&'a Secret<String>>,
    /// How the secret is sent.
    pub method: ClientAuthMethod,
}

/// Client side: what is asked.
#[derive(Debug, Clone, Copy)]
pub enum TokenRequest<'a> {
    /// The exchange of a code.
    AuthorizationCode {
        /// The code.
        code: &'a Secret<String>,
        /// The redirect URI of the authorization request.
        redirect_uri: &'a str,
        /// The verifier, where PKCE was used.
        verifier: Option<&'a Verifier>,
    },
    /// A refresh. No scope is sent: the one that was granted stays.
    RefreshToken {
        /// The refresh token.
        refresh_token: &'a Secret<String>,
    },
}

/// Client side: header and body, ready to send as `application/x-www-form-urlencoded`.
#[derive(Debug, Clone)]
pub struct EncodedRequest {
    /// The value of the `Authorization` header, if there is one.
    pub authorization: Option<Secret<String>>,
    /// The body.
    pub body: Secret<String>,
}

impl ClientCredentials<'_> {
    /// Header and body of a request with these parameters, authenticated as this client.
    pub fn encode(&self, parameters: &[(&str, &str)]) -> EncodedRequest {
        let mut body = String::new();
        for (name, value) in parameters {
            parameters::push(&mut body, name, value);
        }
        let authorization = match (self.method, self.client_secret) {
            (ClientAuthMethod::ClientSecretBasic, Some(secret)) => {
                Some(client_authentication::basic_header(self.client_id, secret))
            }
            (ClientAuthMethod::ClientSecretPost, Some(secret)) => {
                parameters::push(&mut body, "client_id", self.client_id);
                parameters::push(&mut body, "client_secret", secret.expose());
                None
            }
            _ => {
                parameters::push(&mut body, "client_id", self.client_id);
                None
            }
        };
        EncodedRequest { authorization, body: body.into() }
    }
}

impl TokenRequest<'_> {
    /// Header and body of this request. `extra` are parameters of the provider's own.
    pub fn encode(&self, client: &ClientCredentials<'_>, extra: &[(&str, &str)]) -> EncodedRequest {
        let mut parameters = Vec::with_capacity(4 + extra.len());
        match self {
            Self::AuthorizationCode { code, redirect_uri, verifier } => {
                parameters.push(("grant_type", AUTHORIZATION_CODE));
                parameters.push(("code", code.expose().as_str()));
                parameters.push(("redirect_uri", redirect_uri));
                if let Some(verifier) = verifier {
                    parameters.push(("code_verifier", verifier.secret().expose().as_str()));
                }
            }
            Self::RefreshToken { refresh_token } => {
                parameters.push(("grant_type", REFRESH_TOKEN));
                parameters.push(("refresh_token", refresh_token.expose().as_str()));
            }
        }
        parameters.extend_from_slice(extra);
        client.encode(&parameters)
    }
}

/// Server side: a token request as received. The client is apart from the rest, as it must be known first.
#[derive(Debug, Clone)]
pub struct ReceivedTokenRequest {
    /// Who asks; nothing is proven yet.
    pub client: Result<PresentedClient, Refused>,
    /// What is asked.
    pub grant: Result<Grant, Refused>,
}

/// Server side: what is asked.
#[derive(Debug, Clone)]
pub enum Grant {
    /// The exchange of a code.
    AuthorizationCode {
        /// The code.
        code: Secret<String>,
        /// As given.
        redirect_uri: Option<String>,
        /// As given.
        verifier: Option<Secret<String>>,
    },
    /// A refresh.
    RefreshToken {
        /// The refresh token.
        refresh_token: Secret<String>,
        /// A narrower scope, if one is asked for.
        scope: Option<Scope>,
    },
}

impl ReceivedTokenRequest {
    /// Reads the `Authorization` header and the body.
    pub fn parse(authorization: Option<&str>, body: &Parameters) -> Self {
        Self { client: PresentedClient::extract(authorization, body), grant: Grant::read(body) }
    }
}

impl Grant {
    fn read(body: &Parameters) -> Result<Self, Refused> {
        let required = |name: &str, sentence: &'static str| -> Result<Secret<String>, Refused> {
            let text = body.one(name)?.ok_or(Refused::new(ErrorCode::InvalidRequest, sentence))?;
            Ok(text.to_owned().into())
        };
        for name in ONCE {
            body.one_or_empty(name)?;
        }
        match body.one("grant_type")? {
            None => Err(Refused::new(ErrorCode::InvalidRequest, "grant_type is missing")),
            Some(AUTHORIZATION_CODE) => Ok(Self::AuthorizationCode {
                code: required("code", "code is missing")?,
                redirect_uri: body.one("redirect_uri")?.map(ToOwned::to_owned),
                verifier: body.one("code_verifier")?.map(|text| text.to_owned().into()),
            }),
            Some(REFRESH_TOKEN) => Ok(Self::RefreshToken {
                refresh_token: required("refresh_token", "refresh_token is missing")?,
                scope: body.one("scope")?.map(str::parse).transpose().map_err(|_| {
                    Refused::new(ErrorCode::InvalidScope, "scope has characters that are not allowed")
                })?,
            }),
            Some(_) => Err(Refused::new(
                ErrorCode::UnsupportedGrantType,
                "the grant types are authorization_code and refresh_token",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
