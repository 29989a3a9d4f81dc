//! How a client says who it is at the token, introspection and revocation endpoints (RFC 6749 section 2.3).

use base::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, Refused};
use crate::parameters::{self, Parameters};

/// A method of client authentication, by its registered name (RFC 7591 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// The client has no secret and says only its id.
    None,
    /// HTTP Basic; id and secret are form-encoded first (RFC 6749 section 2.3.1).
    ClientSecretBasic,
    /// `client_id` and `client_secret` in the body.
    ClientSecretPost,
}

impl ClientAuthMethod {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
}

/// The credential that came with a client's id.
#[derive(Debug, Clone)]
pub enum Credential {
    /// None, or an empty one, which RFC 6749 section 2.3.1 lets a client leave out.
    None,
    /// From the `Authorization` header.
    Basic(Secret<String>),
    /// From the body.
    Post(Secret<String>),
}

impl Credential {
    /// The method this is.
    pub const fn method(&self) -> ClientAuthMethod {
        match self {
            Self::None => ClientAuthMethod::None,
            Self::Basic(_) => ClientAuthMethod::ClientSecretBasic,
            Self::Post(_) => ClientAuthMethod::ClientSecretPost,
        }
    }
}

/// Who a request says it is from. Nothing is proven yet.
#[derive(Debug, Clone)]
pub struct PresentedClient {
    /// The id, as sent.
    pub client_id: String,
    /// The secret that came with it.
    pub credential: Credential,
}

const UNREADABLE: Refused =
    Refused::new(ErrorCode::InvalidClient, "the Authorization header is not readable as HTTP Basic");

impl PresentedClient {
    /// Reads it from the `Authorization` header and the body. Two methods at once are `invalid_request`; the same
    /// `client_id` in the body beside Basic is not a second method. No client at all is `invalid_client`.
    pub fn extract(authorization: Option<&str>, body: &Parameters) -> Result<Self, Refused> {
        let body_id = body.one("client_id")?;
        let body_secret = body.one("client_secret")?;
        let Some(header) = authorization else {
            let client_id = body_id.ok_or(Refused::new(
                ErrorCode::InvalidClient,
                "the request names no client: send client_id or HTTP Basic",
            ))?;
            let credential =
                body_secret.map_or(Credential::None, |text| Credential::Post(text.to_owned().into()));
            return Ok(Self { client_id: client_id.to_owned(), credential });
        };
        let (client_id, secret) = read_basic(header)?;
        if body_secret.is_some() {
            return Err(Refused::new(
                ErrorCode::InvalidRequest,
                "the client authenticated in two ways at once",
            ));
        }
        if body_id.is_some_and(|id| id != client_id) {
            return Err(Refused::new(
                ErrorCode::InvalidRequest,
                "client_id in the body is not the client of the header",
            ));
        }
        let credential =
            if secret.expose().is_empty() { Credential::None } else { Credential::Basic(secret) };
        Ok(Self { client_id, credential })
    }
}

/// Reads an HTTP Basic header with form-encoded parts.
fn read_basic(header: &str) -> Result<(String, Secret<String>), Refused> {
    let (scheme, rest) = header.split_once(' ').ok_or(UNREADABLE)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(UNREADABLE);
    }
    let bytes = Secret::new(STANDARD.decode(rest.trim()).map_err(|_| UNREADABLE)?);
    let text = std::str::from_utf8(bytes.expose()).map_err(|_| UNREADABLE)?;
    let (id, secret) = text.split_once(':').ok_or(UNREADABLE)?;
    let client_id = parameters::decode(id).map_err(|_| UNREADABLE)?;
    if client_id.is_empty() {
        return Err(UNREADABLE);
    }
    Ok((client_id, parameters::decode(secret).map_err(|_| UNREADABLE)?.into()))
}

/// The value of an `Authorization` header for HTTP Basic, with id and secret form-encoded as RFC 6749 section 2.3.1 asks.
pub fn basic_header(client_id: &str, client_secret: &Secret<String>) -> Secret<String> {
    let pair = Secret::new(format!(
        "{}:{}",
        parameters::encode(client_id),
        parameters::encode(client_secret.expose())
    ));
    Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())))
}

#[cfg(test)]
mod tests;
