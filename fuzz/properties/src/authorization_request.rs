use base::{Scope, Secret};
use http::HeaderValue;
use oauth::authorization_request::{AuthorizationRequest, Details, MAX_STATE, ReceivedRequest, known_part};
use oauth::authorization_response::{Envelope, error_url, success_url};
use oauth::{ErrorCode, Parameters, RedirectUri, Refused};
use url::Url;

use crate::{refusal, text};

const KNOWN: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];
const ISSUER: &str = "https://platform.example";
/// One with a query of its own, which must stay.
const CALLBACK: &str = "https://books.example/callback?kept=1";

/// The query of an authorization request. A repeated parameter is never taken; `state` comes back as it came, in a redirect that leads
/// nowhere else; the part that travels through pages means the same as the whole; what our own client writes is understood.
pub fn authorization_request(data: &[u8]) {
    let Some(query) = text(data) else { return };
    let Ok(request) = ReceivedRequest::parse(query) else { return };
    let parameters = Parameters::parse(query).expect("it was read before");
    let often = |name: &str| parameters.iter().filter(|(other, _)| *other == name).count();
    assert!(often("client_id") == 1 && !request.client_id.is_empty(), "not one client, and taken");
    assert!(often("redirect_uri") <= 1, "two redirect URIs are taken");
    if request.details.is_ok() {
        let name = KNOWN.iter().find(|name| often(name) > 1);
        assert!(name.is_none(), "{name:?} stands there twice and is taken");
        assert_eq!(parameters.one("response_type").ok().flatten(), Some("code"));
    }
    if let Some(state) = &request.state {
        assert!(often("state") == 1 && state.len() <= MAX_STATE);
        assert!(parameters.iter().any(|(name, value)| name == "state" && value == state), "another state");
    }
    check_known_part(query, &request);
    check_redirect(&request);
    if let Ok(details) = &request.details {
        check_round_trip(&request, details);
    }
}

fn check_known_part(query: &str, request: &ReceivedRequest) {
    let known = known_part(query);
    assert_eq!(known_part(&known), known);
    let again = ReceivedRequest::parse(&known).expect("less of it is no worse");
    assert_eq!(again.client_id, request.client_id);
    assert_eq!(again.redirect_uri, request.redirect_uri);
    assert_eq!(again.state, request.state);
    assert_eq!(again.details, request.details);
    let strange = Parameters::parse(&known).expect("it was read before");
    assert!(strange.iter().all(|(name, _)| KNOWN.contains(&name)), "what is unknown travels along");
}

/// Both ways back: to where was registered, with the state as it came, in one line of a header.
fn check_redirect(request: &ReceivedRequest) {
    let callback = RedirectUri::register(CALLBACK).expect("it keeps the rules");
    let envelope = Envelope { state: request.state.as_deref(), iss: Some(ISSUER) };
    let refused = match &request.details {
        Ok(_) => Refused::new(ErrorCode::AccessDenied, "no"),
        Err(refused) => {
            refusal::check(refused);
            refused.clone()
        }
    };
    let success = success_url(&callback, &Secret::new("a code".to_owned()), envelope, &[]);
    for location in [success.expose(), &error_url(&callback, &refused, envelope)] {
        HeaderValue::from_str(location).expect("a redirect is one line of a header");
        let url = Url::parse(location).expect("a redirect is a URL");
        assert!(location.starts_with("https://books.example/callback?kept=1&"), "{location}");
        let one = |name: &str| {
            let mut found =
                url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
            let first = found.next();
            assert!(found.next().is_none(), "{name} stands in {location} twice");
            first
        };
        assert_eq!(one("state"), request.state);
        assert_eq!(one("iss").as_deref(), Some(ISSUER));
        assert!(one("code").is_some() != one("error").is_some());
        assert!(url.fragment().is_none());
    }
}

fn check_round_trip(request: &ReceivedRequest, details: &Details) {
    let (Some(redirect_uri), Some(state)) = (&request.redirect_uri, &request.state) else { return };
    let scope = details.scope.clone().unwrap_or_default();
    let written = AuthorizationRequest {
        client_id: &request.client_id,
        redirect_uri,
        scope: &scope,
        state,
        challenge: details.challenge.as_ref(),
        extra: &[],
    };
    let url = written.url(&Url::parse("https://platform.example/oauth/authorize").expect("it is a URL"));
    // Written, a byte may take three, and a query can become too long.
    let Ok(again) = ReceivedRequest::parse(url.query().unwrap_or_default()) else {
        assert!(url.query().is_some_and(|query| query.len() > oauth::parameters::MAX_BYTES));
        return;
    };
    assert_eq!((&again.client_id, &again.redirect_uri), (&request.client_id, &request.redirect_uri));
    assert_eq!(again.state, request.state);
    let read = again.details.expect("a request of ours is understood");
    assert_eq!(read.challenge, details.challenge);
    assert_eq!(read.scope.unwrap_or_default(), scope);
    assert_eq!(scope.to_string().parse::<Scope>().ok(), Some(scope));
}
