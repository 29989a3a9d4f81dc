//! The answers of RFC 7591 and RFC 7592.

use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use oauth::bearer::Challenge;
use oauth::{ClientAuthMethod, ClientInformation, ErrorCode, Refused};

use super::{json, refusal_response};
use crate::metadata::REGISTRATION_PATH;
use crate::server::{ManagedClient, RegistrationRefusal};

/// The client as its maker is told of it: 201 for a registration, 200 otherwise.
pub fn managed_client_response(
    managed: &ManagedClient,
    status: StatusCode,
    issuer: &str,
) -> Response<Vec<u8>> {
    let ManagedClient { client, registration, client_secret, registration_access_token } = managed;
    let spec = &client.spec;
    let shown = &spec.presentation;
    let review = registration.review.as_ref().filter(|review| !review.approved);
    let information = ClientInformation {
        client_id: spec.client_id.as_str(),
        client_secret: client_secret.as_ref().map(|secret| secret.expose().as_str()),
        client_id_issued_at: client.created_at.as_seconds(),
        client_secret_expires_at: client_secret.as_ref().map(|_| 0),
        registration_access_token: registration_access_token.expose(),
        registration_client_uri: format!("{issuer}{REGISTRATION_PATH}/{}", spec.client_id),
        redirect_uris: spec.redirect_uris.iter().map(oauth::RedirectUri::as_str).collect(),
        token_endpoint_auth_method: spec
            .auth_methods
            .first()
            .copied()
            .unwrap_or(ClientAuthMethod::ClientSecretBasic),
        grant_types: oauth::token_request::GRANT_TYPES,
        response_types: [oauth::authorization_request::RESPONSE_TYPE],
        client_name: &spec.name,
        client_uri: shown.client_uri.as_deref(),
        logo_uri: shown.logo_uri.as_deref(),
        scope: spec.scope.to_string(),
        contacts: &shown.contacts,
        tos_uri: shown.tos_uri.as_deref(),
        policy_uri: shown.policy_uri.as_deref(),
        initiation_uri: shown.initiation_uri.as_deref(),
        settings_uri: shown.settings_uri.as_deref(),
        subject_type: spec.subject_type.as_deref(),
        require_pkce: spec.public || spec.pkce == crate::PkceRule::Required,
        client_status: client.state.as_str(),
        client_status_reason: review
            .filter(|_| client.state == crate::ClientState::Declined)
            .and_then(|review| review.reason.as_deref()),
    };
    let body = serde_json::to_string(&information).expect("texts, numbers and lists are always JSON");
    json(status, body)
}

/// The client is gone: 204 (RFC 7592 section 2.3).
pub fn removed_client_response() -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Why registration or management was refused. A missing or wrong token is answered as RFC 6750 section 3 has it.
pub fn registration_refusal_response(refusal: &RegistrationRefusal) -> Response<Vec<u8>> {
    match refusal {
        RegistrationRefusal::Refused(refused) => refusal_response(refused),
        RegistrationRefusal::Unauthenticated { presented } => {
            let challenge = if *presented { Challenge::InvalidToken } else { Challenge::Missing };
            let refused = Refused::new(
                ErrorCode::InvalidToken,
                "this needs a token that is good here: an initial access token to register a client, the registration \
                 access token of a client to manage it",
            );
            let mut response = refusal_response(&refused);
            let value = HeaderValue::from_str(&challenge.header("registration"))
                .expect("a challenge is made of fixed ASCII text");
            response.headers_mut().insert(WWW_AUTHENTICATE, value);
            response
        }
        RegistrationRefusal::TooMany(pause) => {
            refusal_response(&Refused::too_many("too many wrong tokens from there", *pause))
        }
        RegistrationRefusal::Unavailable(error) => {
            tracing::error!(%error, "the database failed during a registration");
            let refused =
                Refused::new(ErrorCode::TemporarilyUnavailable, "the server cannot answer now; try again");
            let mut response = refusal_response(&refused);
            response.headers_mut().entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
            response
        }
    }
}
