//! Registration of clients by programs (RFC 7591) and their management (RFC 7592): reading the metadata, and the answer.
//!
//! Reading knows the form alone: kinds of values, and whether grant, response type and authentication fit each other. Which
//! names, addresses and scopes a client may have is for the server to say.

use std::borrow::Cow;

use base::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client_authentication::ClientAuthMethod;
use crate::error::{ErrorCode, Refused};

/// The longest body that is read, in bytes: twenty redirect URIs of the greatest length with room to spare.
pub const MAX_BYTES: usize = 64 * 1024;

/// The metadata of a request, as they were sent. Members that are not known are dropped (RFC 7591 section 2), `null` is the
/// same as absent (RFC 7592 section 2.2).
#[derive(Debug, Default)]
pub struct RegistrationRequest {
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// How the client authenticates: Basic unless it says otherwise.
    pub auth_method: ClientAuthMethodOrDefault,
    /// Its name.
    pub client_name: Option<String>,
    /// Its home page.
    pub client_uri: Option<String>,
    /// Its logo.
    pub logo_uri: Option<String>,
    /// What it may ask for.
    pub scope: Option<String>,
    /// Whom to write to.
    pub contacts: Vec<String>,
    /// Terms of service.
    pub tos_uri: Option<String>,
    /// Privacy policy.
    pub policy_uri: Option<String>,
    /// Where a person starts connecting; not of the RFC.
    pub initiation_uri: Option<String>,
    /// Where a person manages the integration; not of the RFC.
    pub settings_uri: Option<String>,
    /// What is chosen at consent; not of the RFC.
    pub subject_type: Option<String>,
    /// Management only: the client that is meant.
    pub client_id: Option<String>,
    /// Management only: the secret that the client believes to have.
    pub client_secret: Option<Secret<String>>,
    /// Management only: the first member that the request must not have (RFC 7592 section 2.2).
    pub forbidden: Option<&'static str>,
}

/// A method of authentication that was named, or the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAuthMethodOrDefault(pub ClientAuthMethod);

impl Default for ClientAuthMethodOrDefault {
    /// RFC 7591 section 2.
    fn default() -> Self {
        Self(ClientAuthMethod::ClientSecretBasic)
    }
}

const NO_OBJECT: &str = "the body is no JSON object, or names a member twice";

/// The body member by member; a repeated one is refused, as two readers could take different ones of them.
#[derive(Deserialize)]
struct Members {
    redirect_uris: Option<Value>,
    token_endpoint_auth_method: Option<Value>,
    grant_types: Option<Value>,
    response_types: Option<Value>,
    client_name: Option<Value>,
    client_uri: Option<Value>,
    logo_uri: Option<Value>,
    scope: Option<Value>,
    contacts: Option<Value>,
    tos_uri: Option<Value>,
    policy_uri: Option<Value>,
    initiation_uri: Option<Value>,
    settings_uri: Option<Value>,
    subject_type: Option<Value>,
    client_id: Option<Value>,
    client_secret: Option<Value>,
    registration_access_token: Option<Value>,
    registration_client_uri: Option<Value>,
    client_secret_expires_at: Option<Value>,
    client_id_issued_at: Option<Value>,
}

impl RegistrationRequest {
    /// Reads the body of a request: a JSON object in UTF-8 of at most [`MAX_BYTES`].
    pub fn parse(body: &[u8]) -> Result<Self, Refused> {
        if body.len() > MAX_BYTES {
            return Err(metadata("the body is too long"));
        }
        // serde would take a list for an object, its elements for the members in their order.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(metadata(NO_OBJECT));
        }
        // As bytes, it would not look into the texts of members that it does not know.
        let utf8 = std::str::from_utf8(body).map_err(|_| metadata("the body is not UTF-8"))?;
        let members: Members = serde_json::from_str(utf8).map_err(|_| metadata(NO_OBJECT))?;
        let forbidden = [
            ("registration_access_token", &members.registration_access_token),
            ("registration_client_uri", &members.registration_client_uri),
            ("client_secret_expires_at", &members.client_secret_expires_at),
            ("client_id_issued_at", &members.client_id_issued_at),
        ];
        let forbidden = forbidden.into_iter().find(|(_, value)| value.is_some()).map(|(name, _)| name);
        let redirect_uris = list("redirect_uris", members.redirect_uris)
            .map_err(|refused| Refused { code: ErrorCode::InvalidRedirectUri, ..refused })?;
        let auth_method =
            auth_method(text("token_endpoint_auth_method", members.token_endpoint_auth_method)?.as_deref())?;
        check_flow(
            list("grant_types", members.grant_types)?,
            list("response_types", members.response_types)?,
        )?;
        Ok(Self {
            redirect_uris: redirect_uris.unwrap_or_default(),
            auth_method,
            client_name: text("client_name", members.client_name)?,
            client_uri: text("client_uri", members.client_uri)?,
            logo_uri: text("logo_uri", members.logo_uri)?,
            scope: text("scope", members.scope)?,
            contacts: list("contacts", members.contacts)?.unwrap_or_default(),
            tos_uri: text("tos_uri", members.tos_uri)?,
            policy_uri: text("policy_uri", members.policy_uri)?,
            initiation_uri: text("initiation_uri", members.initiation_uri)?,
            settings_uri: text("settings_uri", members.settings_uri)?,
            subject_type: text("subject_type", members.subject_type)?,
            client_id: text("client_id", members.client_id)?,
            client_secret: text("client_secret", members.client_secret)?.map(Secret::new),
            forbidden,
        })
    }
}

/// A refusal of metadata with a sentence that holds nothing that was sent.
fn metadata(why: impl Into<Cow<'static, str>>) -> Refused {
    Refused { code: ErrorCode::InvalidClientMetadata, description: why.into(), retry_after: None }
}

/// A text that is there and not empty.
fn text(name: &'static str, value: Option<Value>) -> Result<Option<String>, Refused> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) if !text.contains('\0') => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(metadata(format!("{name} is a text without NUL"))),
    }
}

fn list(name: &'static str, value: Option<Value>) -> Result<Option<Vec<String>>, Refused> {
    let not_texts = || metadata(format!("{name} is a list of texts without NUL"));
    match value {
        None => Ok(None),
        Some(Value::Array(values)) => values
            .into_iter()
            .map(|value| match value {
                Value::String(text) if !text.contains('\0') => Ok(text),
                _ => Err(not_texts()),
            })
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(not_texts()),
    }
}

fn auth_method(named: Option<&str>) -> Result<ClientAuthMethodOrDefault, Refused> {
    match named {
        None => Ok(ClientAuthMethodOrDefault::default()),
        Some("client_secret_basic") => Ok(ClientAuthMethodOrDefault(ClientAuthMethod::ClientSecretBasic)),
        Some("client_secret_post") => Ok(ClientAuthMethodOrDefault(ClientAuthMethod::ClientSecretPost)),
        Some("none") => Ok(ClientAuthMethodOrDefault(ClientAuthMethod::None)),
        Some(_) => Err(metadata(
            "token_endpoint_auth_method is client_secret_basic, client_secret_post, or none for a public client",
        )),
    }
}

/// Whether grants and response types are among those offered and fit each other (RFC 7591 section 2.1). A refresh token comes
/// with every authorisation, so naming its grant or not makes no difference.
fn check_flow(grants: Option<Vec<String>>, responses: Option<Vec<String>>) -> Result<(), Refused> {
    let grants = grants.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
    let offered = |grant: &String| crate::token_request::GRANT_TYPES.contains(&grant.as_str());
    if !grants.iter().all(offered) {
        return Err(metadata("grant_types are authorization_code and refresh_token; others are not offered"));
    }
    let by_code = grants.iter().any(|grant| grant == "authorization_code");
    // Left out, it is `code` (RFC 7591 section 2), whatever the grants are.
    let responses = responses.unwrap_or_else(|| vec!["code".to_owned()]);
    if !responses.iter().all(|response| response == "code") {
        return Err(metadata("response_types is code; others are not offered"));
    }
    match (by_code, responses.is_empty()) {
        (true, false) => Ok(()),
        (true, true) => Err(metadata("the grant authorization_code needs the response type code")),
        (false, false) => Err(metadata("the response type code needs the grant authorization_code")),
        (false, true) => Err(metadata("a client that uses neither codes nor responses can do nothing here")),
    }
}

/// What is answered about a client (RFC 7591 section 3.2.1, RFC 7592 section 3).
#[derive(Debug, Serialize)]
pub struct ClientInformation<'a> {
    /// Its id.
    pub client_id: &'a str,
    /// Its secret, in the answer to its registration alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<&'a str>,
    /// When it was registered, in seconds.
    pub client_id_issued_at: i64,
    /// 0, as secrets have no end of their own; only with a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<i64>,
    /// The token with which it is managed.
    pub registration_access_token: &'a str,
    /// Where it is managed.
    pub registration_client_uri: String,
    /// Where answers may go.
    pub redirect_uris: Vec<&'a str>,
    /// How it authenticates.
    pub token_endpoint_auth_method: ClientAuthMethod,
    /// The grants it may use.
    pub grant_types: [&'static str; 2],
    /// The response types it may use.
    pub response_types: [&'static str; 1],
    /// Its name.
    pub client_name: &'a str,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<&'a str>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<&'a str>,
    /// What it may ask for.
    pub scope: String,
    /// Whom to write to.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub contacts: &'a [String],
    /// Terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<&'a str>,
    /// Privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<&'a str>,
    /// Where a person starts connecting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiation_uri: Option<&'a str>,
    /// Where a person manages the integration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings_uri: Option<&'a str>,
    /// What is chosen at consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<&'a str>,
    /// Whether a request without PKCE is refused.
    pub require_pkce: bool,
    /// `approved`, `awaiting_review`, `change_awaiting_review`, `declined` or `suspended`.
    pub client_status: &'static str,
    /// Why it was declined, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_status_reason: Option<&'a str>,
}

#[cfg(test)]
mod tests;
