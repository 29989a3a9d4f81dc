//! What a developer needs to try a client out: the endpoints, lines for a shell, and files for Postman.

use authserver::{Client, ClientId, Endpoint, describe};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header;
use serde_json::{Value, json};

use super::refuse;
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::shared::{Pages, Path};

/// A ready-made set.
#[derive(Debug)]
pub(super) struct TryingOut {
    /// Name and address.
    pub(super) endpoints: Vec<(&'static str, String)>,
    /// The address to send a person to.
    pub(super) authorize: String,
    /// The line that exchanges the code.
    pub(super) exchange: String,
}

impl TryingOut {
    pub(super) fn new(state: &PlatformState, client: &Client) -> Self {
        let base = state.site.base_url();
        let spec = &client.spec;
        let redirect_uri = spec.redirect_uris.first().map_or("", |uri| uri.as_str());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("response_type", "code");
        query.append_pair("client_id", client.id().as_str());
        query.append_pair("redirect_uri", redirect_uri);
        query.append_pair("scope", &spec.scope.to_string());
        query.append_pair("code_challenge_method", "S256");
        let authorize = format!("{base}/oauth/authorize?{}&state=…&code_challenge=…", query.finish());
        let who = if spec.public {
            format!("  -d client_id={}", quoted(client.id().as_str()))
        } else {
            format!("  -u {}", quoted(&format!("{}:$CLIENT_SECRET", client.id())))
        };
        let exchange = format!(
            "curl {base}/oauth/token \\\n{who} \\\n  -d grant_type=authorization_code \\\n  --data-urlencode redirect_uri={} \\\n  -d code=… \\\n  -d code_verifier=…",
            quoted(redirect_uri)
        );
        let endpoint = |endpoint| format!("{base}{}", describe(endpoint).path);
        Self {
            endpoints: vec![
                ("Authorisation", endpoint(Endpoint::Authorize)),
                ("Token", endpoint(Endpoint::Token)),
                ("Introspection", endpoint(Endpoint::Introspect)),
                ("Revocation", endpoint(Endpoint::Revoke)),
                (
                    "Metadata",
                    format!("{}{}", state.site.origin(), oauth::metadata::path_for(state.site.base_path())),
                ),
            ],
            authorize,
            exchange,
        }
    }
}

/// For a shell; `$CLIENT_SECRET` is to be filled in by it.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('`', "\\`");
    format!("\"{escaped}\"")
}

/// `GET /developer/clients/{id}/postman-environment.json`
pub(super) async fn environment(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Path(id, ..): Path<String, Pages>,
) -> Response {
    match state.platform.own_client(person.session.account.id, &ClientId::new(id)).await {
        Ok(details) => file("environment", &environment_of(&state, &details.client)),
        Err(error) => refuse(error, &state),
    }
}

/// `GET /developer/clients/{id}/postman-collection.json`
pub(super) async fn collection(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Path(id, ..): Path<String, Pages>,
) -> Response {
    match state.platform.own_client(person.session.account.id, &ClientId::new(id)).await {
        Ok(details) => file("collection", &collection_of(&details.client)),
        Err(error) => refuse(error, &state),
    }
}

fn file(what: &str, value: &Value) -> Response {
    let name = format!("attachment; filename=\"mainstay.postman_{what}.json\"");
    let headers =
        [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, value.to_string()).into_response()
}

/// Values of one server and client. The secret stays empty: it is known here no more than anywhere.
fn environment_of(state: &PlatformState, client: &Client) -> Value {
    let spec = &client.spec;
    let value = |key: &str, value: &str, kind: &str| json!({"key": key, "value": value, "type": kind, "enabled": true});
    json!({
        "name": format!("{} at {}", spec.name, state.site.base_url()),
        "values": [
            value("base_url", state.site.base_url(), "default"),
            value("client_id", client.id().as_str(), "default"),
            value("client_secret", "", "secret"),
            value("redirect_uri", spec.redirect_uris.first().map_or("", |uri| uri.as_str()), "default"),
            value("scope", &spec.scope.to_string(), "default"),
        ],
        "_postman_variable_scope": "environment",
    })
}

/// Calls that a client begins with, signed in by Postman's own OAuth flow.
fn collection_of(client: &Client) -> Value {
    let auth = |key: &str, value: &str| json!({"key": key, "value": value, "type": "string"});
    let authentication = if client.spec.public { "body" } else { "header" };
    let call = |name: &str, path: &str| {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        json!({
            "name": name,
            "request": {
                "method": "GET",
                "url": {"raw": format!("{{{{base_url}}}}{path}"), "host": ["{{base_url}}"], "path": parts},
            },
        })
    };
    json!({
        "info": {
            "name": client.spec.name,
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": {"type": "oauth2", "oauth2": [
            auth("grant_type", "authorization_code_with_pkce"),
            auth("authUrl", "{{base_url}}/oauth/authorize"),
            auth("accessTokenUrl", "{{base_url}}/oauth/token"),
            auth("redirect_uri", "{{redirect_uri}}"),
            auth("clientId", "{{client_id}}"),
            auth("clientSecret", "{{client_secret}}"),
            auth("scope", "{{scope}}"),
            auth("challengeAlgorithm", "S256"),
            auth("client_authentication", authentication),
            auth("addTokenTo", "header"),
        ]},
        "item": [
            call("What the token is for", "/v1/introspect"),
            call("The installation", "/v1/installations/me"),
            call("Companies", "/v1/companies"),
            call("Employees", "/v2/employees"),
            call("Export jobs", "/v3/export-jobs"),
        ],
    })
}
