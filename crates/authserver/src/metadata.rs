use base::Scope;
use oauth::metadata::{ResourceMetadata, ServerMetadata};
use oauth::{ClientAuthMethod, pkce};

use crate::faults::Endpoint;
use crate::settings::Settings;

/// An endpoint of the engine: the router, the checks and the metadata all read this table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointDescription {
    /// Which.
    pub endpoint: Endpoint,
    /// Its path under the public URL.
    pub path: &'static str,
    /// Its one method.
    pub method: &'static str,
    /// How clients may authenticate there; what a single client may use is narrower.
    pub auth_methods: &'static [ClientAuthMethod],
}

/// Where programs register clients (RFC 7591), and below it manage them (RFC 7592). Offered where the embedding side routes it.
pub const REGISTRATION_PATH: &str = "/oauth/register";

use ClientAuthMethod::{ClientSecretBasic, ClientSecretPost, None as NoSecret};

/// The endpoints there are.
pub const ENDPOINTS: [EndpointDescription; 4] = [
    EndpointDescription {
        endpoint: Endpoint::Authorize,
        path: "/oauth/authorize",
        method: "GET",
        auth_methods: &[],
    },
    EndpointDescription {
        endpoint: Endpoint::Token,
        path: "/oauth/token",
        method: "POST",
        auth_methods: &[ClientSecretBasic, ClientSecretPost, NoSecret],
    },
    EndpointDescription {
        endpoint: Endpoint::Introspect,
        path: "/oauth/token/introspect",
        method: "POST",
        auth_methods: &[ClientSecretBasic, ClientSecretPost],
    },
    EndpointDescription {
        endpoint: Endpoint::Revoke,
        path: "/oauth/revoke",
        method: "POST",
        auth_methods: &[ClientSecretBasic, ClientSecretPost, NoSecret],
    },
];

/// The row of an endpoint of the engine; the resource APIs ([`Endpoint::Api`]) have none.
pub fn describe(endpoint: Endpoint) -> &'static EndpointDescription {
    ENDPOINTS.iter().find(|row| row.endpoint == endpoint).expect("each endpoint of the engine has its row")
}

/// The metadata document (RFC 8414), from the same table that routes and checks. `registration_path` is that of RFC 7591,
/// where the embedding side offers it.
pub fn server_metadata(settings: &Settings, registration_path: Option<&str>) -> ServerMetadata {
    let url = |path: &str| format!("{}{path}", settings.issuer);
    let at = |endpoint| url(describe(endpoint).path);
    let methods = |endpoint| describe(endpoint).auth_methods.to_vec();
    ServerMetadata {
        issuer: settings.issuer.clone(),
        authorization_endpoint: at(Endpoint::Authorize),
        token_endpoint: at(Endpoint::Token),
        introspection_endpoint: Some(at(Endpoint::Introspect)),
        revocation_endpoint: Some(at(Endpoint::Revoke)),
        registration_endpoint: registration_path.map(url),
        scopes_supported: Scope::iter(&settings.scopes).map(ToOwned::to_owned).collect(),
        response_types_supported: vec![oauth::authorization_request::RESPONSE_TYPE.to_owned()],
        response_modes_supported: vec!["query".to_owned()],
        grant_types_supported: oauth::token_request::GRANT_TYPES.map(ToOwned::to_owned).to_vec(),
        code_challenge_methods_supported: vec![pkce::METHOD.to_owned()],
        token_endpoint_auth_methods_supported: methods(Endpoint::Token),
        introspection_endpoint_auth_methods_supported: methods(Endpoint::Introspect),
        revocation_endpoint_auth_methods_supported: methods(Endpoint::Revoke),
        authorization_response_iss_parameter_supported: settings.iss_in_responses,
        service_documentation: None,
    }
}

/// The document of the resource server at the same public URL (RFC 9728), from the same settings that issue and check its tokens.
pub fn resource_metadata(settings: &Settings, name: &str) -> ResourceMetadata {
    ResourceMetadata {
        resource: settings.issuer.clone(),
        authorization_servers: vec![settings.issuer.clone()],
        scopes_supported: Scope::iter(&settings.scopes).map(ToOwned::to_owned).collect(),
        bearer_methods_supported: vec!["header".to_owned()],
        resource_name: Some(name.to_owned()),
    }
}

#[cfg(test)]
mod tests;
