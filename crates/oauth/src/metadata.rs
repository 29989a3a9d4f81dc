//! Metadata of an authorization server (RFC 8414) and of a protected resource (RFC 9728).

use serde::{Deserialize, Serialize};

use crate::client_authentication::ClientAuthMethod;

/// Where the document lies, before the path of the issuer (RFC 8414 section 3.1).
pub const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

/// The document of an authorization server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerMetadata {
    /// The issuer: the public URL without a trailing slash.
    pub issuer: String,
    /// Where a browser is sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged and tokens refreshed.
    pub token_endpoint: String,
    /// RFC 7662.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub introspection_endpoint: Option<String>,
    /// RFC 7009.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revocation_endpoint: Option<String>,
    /// RFC 7591.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub registration_endpoint: Option<String>,
    /// The scopes there are.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub scopes_supported: Vec<String>,
    /// `code` alone.
    pub response_types_supported: Vec<String>,
    /// `query` alone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub response_modes_supported: Vec<String>,
    /// The grants of the token endpoint.
    pub grant_types_supported: Vec<String>,
    /// PKCE methods.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub code_challenge_methods_supported: Vec<String>,
    /// How clients may authenticate at the token endpoint.
    pub token_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    /// How clients may authenticate at the introspection endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub introspection_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    /// How clients may authenticate at the revocation endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub revocation_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    /// RFC 9207: answers carry `iss`.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// A page for developers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service_documentation: Option<String>,
}

/// Where the document of a protected resource lies, before the path of the resource (RFC 9728 section 3.1).
pub const RESOURCE_WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The document of a protected resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceMetadata {
    /// The resource: its URL without a trailing slash.
    pub resource: String,
    /// The issuers whose tokens it takes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub authorization_servers: Vec<String>,
    /// The scopes that its calls ask for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub scopes_supported: Vec<String>,
    /// How a token may be sent; `header` alone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub bearer_methods_supported: Vec<String>,
    /// Its name, for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resource_name: Option<String>,
}

/// The path at which a resource's document lies: the well-known part goes before the resource's own path.
pub fn resource_path_for(resource_path: &str) -> String {
    format!("{RESOURCE_WELL_KNOWN}{}", resource_path.trim_end_matches('/'))
}

/// The path at which an issuer's document lies: the well-known part goes before the issuer's own path.
pub fn path_for(issuer_path: &str) -> String {
    format!("{WELL_KNOWN}{}", issuer_path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_part_goes_before_the_path_of_the_issuer() {
        assert_eq!(path_for(""), "/.well-known/oauth-authorization-server");
        assert_eq!(path_for("/"), "/.well-known/oauth-authorization-server");
        assert_eq!(path_for("/pleo/"), "/.well-known/oauth-authorization-server/pleo");
        assert_eq!(resource_path_for("/"), "/.well-known/oauth-protected-resource");
        assert_eq!(resource_path_for("/pleo/"), "/.well-known/oauth-protected-resource/pleo");
    }
}
