//! Section E of the security cases: code exchange and client authentication.

use std::time::Duration;

use audit::Actor;
use authserver::{AuthorisationFilter, ClientId, ClientState, EndReason, refusal_response, token_response};
use base::Secret;
use oauth::ErrorCode::{
    InvalidClient, InvalidGrant, InvalidRequest, UnauthorizedClient, UnsupportedGrantType,
};
use oauth::token_request::EncodedRequest;

use crate::world::{
    CLIENT, REDIRECT, SECRET, SUBJECT, World, confidential, origin, public, query, refresh_of,
};

#[tokio::test]
async fn the_happy_path() {
    let world = World::new().await;
    let tokens = world.connect().await;
    assert!(tokens.access_token.expose().starts_with("mst_at_"));
    assert!(refresh_of(&tokens).expose().starts_with("mst_rt_"));
    assert_eq!(tokens.expires_in, Duration::from_mins(15));
    assert_eq!(tokens.refresh_token_expires_in, Some(Duration::from_hours(60 * 24)));
    assert_eq!((tokens.scope.to_string().as_str(), tokens.generation), ("users:read", 1));
    let access = world.server.authenticate(&tokens.access_token).await.unwrap();
    assert_eq!(
        (access.client_id.as_str(), access.subject.as_str(), access.granted_by.as_str()),
        (CLIENT, SUBJECT, "user-1")
    );
    assert_eq!((access.authorisation, access.generation), (tokens.authorisation, 1));
}

#[tokio::test]
async fn the_answer_on_the_wire() {
    let world = World::new().await;
    let verifier = world.verifier();
    let code = world.code(CLIENT, &verifier).await;
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code.expose().as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", verifier.secret().expose().as_str()),
    ];
    let request = world.encode(CLIENT, &parameters).await;
    let header = request.authorization.unwrap();
    let reply = world.server.token(Some(header.expose()), request.body.expose().as_bytes(), &origin()).await;
    let response = token_response(reply).response;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&"Bearer".into(), &900.into(), &"users:read".into())
    );
    assert!(body["access_token"].is_string() && body["refresh_token"].is_string());
}

#[tokio::test]
async fn a_code_used_again_is_refused_and_kills_what_it_gave() {
    let world = World::new().await;
    let verifier = world.verifier();
    let code = world.code(CLIENT, &verifier).await;
    let tokens = world.exchange(CLIENT, &code, REDIRECT, Some(&verifier)).await.unwrap();
    assert!(world.works(&tokens).await);
    assert_eq!(world.exchange(CLIENT, &code, REDIRECT, Some(&verifier)).await.unwrap_err(), InvalidGrant);
    assert!(!world.works(&tokens).await);
    assert_eq!(world.refresh(refresh_of(&tokens)).await.unwrap_err(), InvalidGrant);
    assert_eq!(world.end_reason(&tokens).await, Some(EndReason::CodeReused));
    assert_eq!(world.audit("authorization_code.reused").await.len(), 1);
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    let world = World::new().await;
    let verifier = world.verifier();
    let (young, old) = (world.code(CLIENT, &verifier).await, world.code(CLIENT, &verifier).await);
    world.advance(59);
    assert!(world.exchange(CLIENT, &young, REDIRECT, Some(&verifier)).await.is_ok());
    world.advance(1);
    assert_eq!(world.exchange(CLIENT, &old, REDIRECT, Some(&verifier)).await.unwrap_err(), InvalidGrant);
    world.advance(1);
    assert_eq!(world.server.clear_expired().await.unwrap(), 1);
    assert_eq!(world.exchange(CLIENT, &old, REDIRECT, Some(&verifier)).await.unwrap_err(), InvalidGrant);
}

#[tokio::test]
async fn redirect_uri_and_verifier_must_fit_and_a_wrong_one_does_not_burn_the_code() {
    let world = World::new().await;
    let (verifier, other) = (world.verifier(), world.verifier());
    let code = world.code(CLIENT, &verifier).await;
    for (redirect_uri, proof) in [
        ("", Some(&verifier)),
        ("https://app.example/", Some(&verifier)),
        (REDIRECT, Some(&other)),
        (REDIRECT, None),
    ] {
        assert_eq!(world.exchange(CLIENT, &code, redirect_uri, proof).await.unwrap_err(), InvalidGrant);
    }
    assert!(world.exchange(CLIENT, &code, REDIRECT, Some(&verifier)).await.is_ok());
}

#[tokio::test]
async fn a_verifier_for_a_code_without_challenge_is_refused() {
    let mut spec = confidential(CLIENT);
    spec.pkce = authserver::PkceRule::Optional;
    let world = World::with(spec).await;
    let verifier = world.verifier();
    let query = query(CLIENT, &verifier);
    let bare = query.split("&code_challenge=").next().unwrap();
    let request = world.server.begin_authorization(bare).await.unwrap();
    let granted = world.server.grant(&request, crate::world::consent(), &origin()).await.unwrap();
    let code = crate::world::code_of(granted.location.expose());
    assert_eq!(world.exchange(CLIENT, &code, REDIRECT, Some(&verifier)).await.unwrap_err(), InvalidGrant);
    assert!(world.exchange(CLIENT, &code, REDIRECT, None).await.is_ok());
}

#[tokio::test]
async fn another_clients_code_is_refused_and_stays_good_for_its_own() {
    let world = World::new().await;
    world.seed(confidential("client-2")).await;
    let verifier = world.verifier();
    let code = world.code(CLIENT, &verifier).await;
    assert_eq!(world.exchange("client-2", &code, REDIRECT, Some(&verifier)).await.unwrap_err(), InvalidGrant);
    assert!(world.exchange(CLIENT, &code, REDIRECT, Some(&verifier)).await.is_ok());
}

#[tokio::test]
async fn of_two_exchanges_at_once_one_gets_tokens() {
    let world = World::new().await;
    let verifier = world.verifier();
    let code = world.code(CLIENT, &verifier).await;
    let (one, other) = tokio::join!(
        world.exchange(CLIENT, &code, REDIRECT, Some(&verifier)),
        world.exchange(CLIENT, &code, REDIRECT, Some(&verifier)),
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
}

fn with(header: Option<String>, body: &str) -> EncodedRequest {
    EncodedRequest { authorization: header.map(Secret::new), body: Secret::new(body.to_owned()) }
}

#[tokio::test]
async fn client_authentication() {
    let world = World::new().await;
    world.seed(public("native")).await;
    let basic = |id: &str, secret: &str| {
        oauth::client_authentication::basic_header(id, &Secret::new(secret.to_owned())).expose().clone()
    };
    let grant = "grant_type=refresh_token&refresh_token=x";
    for (request, code) in [
        (with(None, grant), InvalidClient),
        (with(None, &format!("{grant}&client_id={CLIENT}")), InvalidClient),
        (with(None, &format!("{grant}&client_id=nobody")), InvalidClient),
        (with(Some(basic(CLIENT, "wrong")), grant), InvalidClient),
        (with(Some(basic("nobody", SECRET)), grant), InvalidClient),
        (with(Some("Bearer x".to_owned()), grant), InvalidClient),
        (with(Some(basic("native", SECRET)), grant), InvalidClient),
        (
            with(Some(basic(CLIENT, SECRET)), &format!("{grant}&client_secret=x&client_id={CLIENT}")),
            InvalidRequest,
        ),
        (with(Some(basic(CLIENT, SECRET)), &format!("{grant}&client_id={CLIENT}")), InvalidGrant),
        (
            with(Some(basic(CLIENT, SECRET)), "grant_type=password&username=a&password=b"),
            UnsupportedGrantType,
        ),
        (with(Some(basic(CLIENT, SECRET)), "grant_type=client_credentials"), UnsupportedGrantType),
        (with(Some(basic(CLIENT, SECRET)), ""), InvalidRequest),
        (
            with(Some(basic(CLIENT, SECRET)), "grant_type=refresh_token&refresh_token=a&refresh_token=a"),
            InvalidRequest,
        ),
        (with(Some(basic(CLIENT, SECRET)), "grant_type=%FF"), InvalidRequest),
        (with(None, &format!("{grant}&client_id=native")), InvalidGrant),
    ] {
        assert_eq!(world.send_token(&request).await.unwrap_err(), code, "{}", request.body.expose());
    }
}

#[tokio::test]
async fn a_client_may_use_only_its_own_methods() {
    let mut spec = confidential(CLIENT);
    spec.auth_methods = [oauth::ClientAuthMethod::ClientSecretBasic].into();
    let world = World::with(spec).await;
    let body = format!("grant_type=refresh_token&refresh_token=x&client_id={CLIENT}&client_secret={SECRET}");
    assert_eq!(world.send_token(&with(None, &body)).await.unwrap_err(), InvalidClient);
}

#[tokio::test]
async fn many_failures_slow_down_this_client_from_this_source_and_nobody_else() {
    let world = World::new().await;
    world.seed(confidential("client-2")).await;
    let tokens = world.connect().await;
    let wrong = with(
        None,
        &format!("grant_type=refresh_token&refresh_token=x&client_id={CLIENT}&client_secret=wrong"),
    );
    for _ in 0..30 {
        assert_eq!(world.send_token(&wrong).await.unwrap_err(), InvalidClient);
    }
    let reply = world.server.token(None, wrong.body.expose().as_bytes(), &origin()).await;
    let response = token_response(reply).response;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "60");
    assert!(
        world.connect_as("client-2").await.generation == 1,
        "another client from the same source goes on"
    );
    let elsewhere = audit::Origin { source: Some("192.0.2.99".to_owned()), request_id: None };
    let parameters =
        [("grant_type", "refresh_token"), ("refresh_token", refresh_of(&tokens).expose().as_str())];
    let request = world.encode(CLIENT, &parameters).await;
    let header = request.authorization.unwrap();
    let reply = world.server.token(Some(header.expose()), request.body.expose().as_bytes(), &elsewhere).await;
    assert_eq!(token_response(reply).response.status(), 200, "the same client from elsewhere goes on");
}

#[tokio::test]
async fn failures_from_all_addresses_of_one_network_are_counted_together() {
    let world = World::new().await;
    let wrong = with(
        None,
        &format!("grant_type=refresh_token&refresh_token=x&client_id={CLIENT}&client_secret=wrong"),
    );
    let status_from = async |address: &str| {
        let from = audit::Origin { source: Some(address.to_owned()), request_id: None };
        token_response(world.server.token(None, wrong.body.expose().as_bytes(), &from).await)
            .response
            .status()
    };
    for number in 0..70 {
        let wanted = if number < 30 { 401 } else { 429 };
        assert_eq!(status_from(&format!("2001:db8:1:2::{number:x}")).await, wanted, "{number}");
    }
    assert_eq!(status_from("2001:db8:1:3::1").await, 401, "another network is another source");
}

#[tokio::test]
async fn a_stopped_client_is_unauthorized_and_a_removed_one_unknown() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let id = ClientId::from(CLIENT);
    world.server.set_client_state(&id, ClientState::Suspended, Actor::System, &origin()).await.unwrap();
    assert_eq!(world.refresh(refresh_of(&tokens)).await.unwrap_err(), UnauthorizedClient);
    assert!(!world.works(&tokens).await);
    world.server.set_client_state(&id, ClientState::Approved, Actor::System, &origin()).await.unwrap();
    assert!(world.works(&tokens).await, "nothing was lost");
    world.server.remove_client(&id, Actor::System, &origin()).await.unwrap();
    assert_eq!(world.refresh(refresh_of(&tokens)).await.unwrap_err(), InvalidClient);
    assert_eq!(world.end_reason(&tokens).await, Some(EndReason::ClientRemoved));
}

#[tokio::test]
async fn a_second_consent_adds_an_authorisation_and_leaves_the_first() {
    let world = World::new().await;
    let (first, second) = (world.connect().await, world.connect().await);
    assert!(world.works(&first).await && world.works(&second).await);
    let filter = AuthorisationFilter { subject: Some(SUBJECT.to_owned()), ..AuthorisationFilter::default() };
    let listed = world.server.list_authorisations(filter.clone(), 10).await.unwrap();
    assert_eq!(listed.len(), 2);
    let after = AuthorisationFilter { after: Some(listed[0].id), ..filter };
    assert_eq!(world.server.list_authorisations(after, 10).await.unwrap(), listed[1..]);
}

#[test]
fn a_refused_client_is_challenged() {
    let refused = oauth::Refused::new(InvalidClient, "x");
    assert!(refusal_response(&refused).headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "));
}
