use std::collections::BTreeMap;

use base::Scope;
use serde::Deserialize;

/// How a provider does OAuth.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuthRules {
    /// How the client proves itself at the token endpoint.
    pub client_authentication: ClientAuthentication,
    /// Whether PKCE (S256) is sent.
    pub pkce: bool,
    /// The scopes that are asked for.
    #[serde(default)]
    pub scopes: Scope,
    /// Sent with each authorisation request beside the standard parameters.
    #[serde(default)]
    pub extra_authorize_parameters: BTreeMap<String, String>,
    /// Sent with each refresh beside the standard parameters.
    #[serde(default)]
    pub extra_token_parameters: BTreeMap<String, String>,
}

/// How a client proves itself (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// `Authorization: Basic`, id and secret form-encoded first.
    Basic,
    /// `client_id` and `client_secret` in the form.
    Body,
}

/// How access is ended from the integration's side.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// How far it reaches.
    pub reach: RevocationReach,
    /// What is called.
    pub call: RevocationCall,
}

/// What a revocation ends (`refresh-authority.md` rule 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReach {
    /// The token presented, nothing else.
    Token,
    /// The grant the token belongs to: every company it reaches.
    Grant,
    /// Everything the client has for that company, other grants included.
    Installation,
}

/// The call that revokes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationCall {
    /// `POST` to `revoke_url` with the refresh token as form field `token`, as in RFC 7009.
    Form,
    /// `POST` to `revoke_url` with the JSON body `{"token": …}` (QuickBooks, facts 16.3).
    Json,
    /// `DELETE` of this path under the API base, with the access token (Pleo, facts 11).
    Delete(String),
}
