use base::Secret;
use oauth::pkce::Verifier;
use oauth::token_request::{ClientCredentials, Grant, ReceivedTokenRequest, TokenRequest};
use oauth::{ClientAuthMethod, Credential, Parameters, PresentedClient};

use crate::{refusal, two_parts};

/// What a token request may say once.
const ONCE: [&str; 8] = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "client_id",
    "client_secret",
];

/// The token request: the first line is the `Authorization` header, none if it is empty; the rest is the form. A repeated parameter
/// is never taken; nobody authenticates in two ways; a request that is understood is understood the same when a client of ours
/// writes it down.
pub fn token_request(data: &[u8]) {
    let Some((header, body)) = two_parts(data) else { return };
    let header = (!header.is_empty()).then_some(header);
    let parameters = match Parameters::parse(body) {
        Ok(parameters) => parameters,
        Err(error) => return refusal::check(&error.into()),
    };
    let request = ReceivedTokenRequest::parse(header, &parameters);
    let repeated = |name: &str| parameters.iter().filter(|(other, _)| *other == name).count() > 1;
    for refused in [request.client.as_ref().err(), request.grant.as_ref().err()].into_iter().flatten() {
        refusal::check(refused);
    }
    if request.client.is_ok() {
        assert!(
            !repeated("client_id") && !repeated("client_secret"),
            "a client that is named twice is taken"
        );
    }
    if request.grant.is_ok() {
        let name = ONCE.iter().find(|name| !name.starts_with("client_") && repeated(name));
        assert!(name.is_none(), "{name:?} stands there twice and is taken");
    }
    if let Ok(client) = &request.client {
        check_client(header, &parameters, client);
        if let Ok(grant) = &request.grant {
            check_round_trip(client, grant);
        }
    }
}

fn check_client(header: Option<&str>, body: &Parameters, client: &PresentedClient) {
    assert!(!client.client_id.is_empty(), "a client without a name");
    let in_body = body.one("client_secret").is_ok_and(|secret| secret.is_some());
    match (&client.credential, header) {
        (Credential::Basic(secret), Some(_)) => assert!(!secret.expose().is_empty() && !in_body),
        (Credential::Post(secret), None) => assert!(!secret.expose().is_empty() && in_body),
        (Credential::None, _) => assert!(!in_body, "a secret was passed over"),
        (method, header) => panic!("{method:?} from {header:?}"),
    }
}

/// As a client of ours would write it.
fn check_round_trip(client: &PresentedClient, grant: &Grant) {
    let secret = match &client.credential {
        Credential::None => None,
        Credential::Basic(secret) | Credential::Post(secret) => Some(secret),
    };
    let credentials = ClientCredentials {
        client_id: &client.client_id,
        client_secret: secret,
        method: client.credential.method(),
    };
    let mut extra = Vec::new();
    let narrowed;
    let encoded = match grant {
        Grant::AuthorizationCode { code, redirect_uri: Some(redirect_uri), verifier } => {
            let parsed = verifier.clone().and_then(|text| Verifier::parse(text).ok());
            if let (None, Some(text)) = (&parsed, verifier) {
                extra.push(("code_verifier", text.expose().as_str()));
            }
            let request = TokenRequest::AuthorizationCode { code, redirect_uri, verifier: parsed.as_ref() };
            request.encode(&credentials, &extra)
        }
        Grant::AuthorizationCode { .. } => return,
        Grant::RefreshToken { refresh_token, scope } => {
            narrowed = scope.as_ref().map(ToString::to_string).filter(|text| !text.is_empty());
            extra.extend(narrowed.as_deref().map(|text| ("scope", text)));
            TokenRequest::RefreshToken { refresh_token }.encode(&credentials, &extra)
        }
    };
    let header = encoded.authorization.as_ref().map(|line| line.expose().as_str());
    // Written, a byte may take three, and a form can become too long.
    let Ok(parameters) = Parameters::parse(encoded.body.expose()) else { return };
    let again = ReceivedTokenRequest::parse(header, &parameters);
    let read = again.client.expect("a client of ours is understood");
    assert_eq!(read.client_id, client.client_id);
    assert_eq!(read.credential.method(), client.credential.method());
    assert!(exposed(&read.credential) == exposed(&client.credential), "the secret changed on the way");
    assert!(same(&again.grant.expect("a request of ours is understood"), grant), "it reads differently");
    if credentials.method == ClientAuthMethod::ClientSecretBasic {
        assert!(parameters.one("client_secret").is_ok_and(|secret| secret.is_none()));
    }
}

fn exposed(credential: &Credential) -> Option<&str> {
    match credential {
        Credential::None => None,
        Credential::Basic(secret) | Credential::Post(secret) => Some(secret.expose()),
    }
}

fn same(one: &Grant, other: &Grant) -> bool {
    let text = |secret: &Option<Secret<String>>| secret.as_ref().map(|secret| secret.expose().clone());
    match (one, other) {
        (
            Grant::AuthorizationCode { code, redirect_uri, verifier },
            Grant::AuthorizationCode { code: sent, redirect_uri: to, verifier: with },
        ) => code.expose() == sent.expose() && redirect_uri == to && text(verifier) == text(with),
        (
            Grant::RefreshToken { refresh_token, scope },
            Grant::RefreshToken { refresh_token: sent, scope: narrowed },
        ) => {
            let scopes = [scope, narrowed].map(|scope| scope.clone().unwrap_or_default());
            refresh_token.expose() == sent.expose() && scopes[0] == scopes[1]
        }
        _ => false,
    }
}
