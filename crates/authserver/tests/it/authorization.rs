//! Section C of the security cases: the authorization request.

use audit::Actor;
use authserver::{AuthorizationRefusal, ClientId, ClientState, PageReason};
use oauth::authorization_request::NotRedirectable;
use oauth::authorization_response::{Callback, CallbackOutcome};

use crate::world::{CLIENT, REDIRECT, SUBJECT, World, code_of, confidential, origin, public, query};

async fn page(world: &World, query: &str) -> PageReason {
    match world.server.begin_authorization(query).await {
        Err(AuthorizationRefusal::Page(reason)) => reason,
        other => panic!("{query}: {other:?}"),
    }
}

async fn redirected(world: &World, query: &str) -> (String, Callback) {
    match world.server.begin_authorization(query).await {
        Err(AuthorizationRefusal::Redirect(url)) => {
            let (uri, query) = url.split_once('?').unwrap();
            (uri.to_owned(), Callback::parse(query).unwrap())
        }
        other => panic!("{query}: {other:?}"),
    }
}

async fn code(world: &World, query: &str) -> String {
    let (uri, callback) = redirected(world, query).await;
    assert_eq!(uri, REDIRECT, "{query}");
    assert_eq!(callback.state.as_deref(), Some("st"), "{query}");
    assert_eq!(callback.iss.as_deref(), Some("https://as.example"), "{query}");
    match callback.outcome {
        CallbackOutcome::Error { code, .. } => code.to_string(),
        CallbackOutcome::Code(_) => panic!("{query}: a code"),
    }
}

#[tokio::test]
async fn what_must_not_be_redirected_is_shown_on_a_page() {
    let world = World::new().await;
    let good = query(CLIENT, &world.verifier());
    let missing = PageReason::Request(NotRedirectable::Client);
    assert_eq!(page(&world, &good.replace("client_id=client-1&", "")).await, missing);
    assert_eq!(page(&world, &format!("{good}&client_id=client-1")).await, missing);
    assert_eq!(page(&world, &good.replace("client-1", "client-2")).await, PageReason::UnknownClient);
    let twice = PageReason::Request(NotRedirectable::RedirectUri);
    assert_eq!(page(&world, &format!("{good}&redirect_uri={REDIRECT}")).await, twice);
    for other in [
        "https://app.example/CB",
        "https://app.example/cb/",
        "https://app.example/x/../cb",
        "https://app.example/%2563b",
        "https://app.example/cb?x=1",
        "https://app.example/cb%23x",
        "https://u@app.example/cb",
        "https://app.example:443/cb",
        "https://app.example.evil.example/cb",
        "http://app.example/cb",
    ] {
        let reason = page(&world, &good.replace(REDIRECT, other)).await;
        assert_eq!(reason, PageReason::RedirectUriNotRegistered, "{other}");
    }
}

#[tokio::test]
async fn without_a_redirect_uri_only_the_only_one_registered_is_used() {
    let world = World::new().await;
    let without = query(CLIENT, &world.verifier()).replace(&format!("&redirect_uri={REDIRECT}"), "");
    let request = world.server.begin_authorization(&without).await.unwrap();
    assert_eq!(request.redirect_uri.as_str(), REDIRECT);
    let mut spec = confidential(CLIENT);
    spec.redirect_uris.push("https://app.example/other".parse().unwrap());
    world.seed(spec.clone()).await;
    assert_eq!(page(&world, &without).await, PageReason::RedirectUriMissing);
    spec.redirect_uris.clear();
    world.seed(spec).await;
    assert_eq!(page(&world, &without).await, PageReason::RedirectUriMissing);
    let with = query(CLIENT, &world.verifier());
    assert_eq!(page(&world, &with).await, PageReason::RedirectUriNotRegistered, "no first-use trust");
}

#[tokio::test]
async fn a_public_client_may_use_any_port_of_a_loopback_address() {
    let mut spec = public("native");
    spec.redirect_uris = vec!["http://127.0.0.1/cb".parse().unwrap()];
    let world = World::with(spec.clone()).await;
    let query = query("native", &world.verifier()).replace(REDIRECT, "http://127.0.0.1:50123/cb");
    let request = world.server.begin_authorization(&query).await.unwrap();
    assert_eq!(request.redirect_uri.as_str(), "http://127.0.0.1:50123/cb");
    world.seed(confidential(CLIENT)).await;
    let mut confidential = confidential(CLIENT);
    confidential.redirect_uris = spec.redirect_uris;
    world.seed(confidential).await;
    let query = query.replace("native", CLIENT);
    assert_eq!(page(&world, &query).await, PageReason::RedirectUriNotRegistered);
}

#[tokio::test]
async fn other_errors_go_back_to_the_client_with_state_and_issuer() {
    let world = World::new().await;
    let good = query(CLIENT, &world.verifier());
    for (query, expected) in [
        (good.replace("response_type=code&", ""), "invalid_request"),
        (good.replace("=code&", "=token&"), "unsupported_response_type"),
        (good.replace("users:read", "users:read companies:read"), "invalid_scope"),
        (good.replace("S256", "plain"), "invalid_request"),
        (good.replace("&code_challenge_method=S256", ""), "invalid_request"),
        (good.split("&code_challenge=").next().unwrap().to_owned(), "invalid_request"),
        (format!("{good}&scope=users:read"), "invalid_request"),
    ] {
        assert_eq!(code(&world, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn pkce_can_be_optional_for_a_confidential_client_and_is_enforced_when_it_comes() {
    let mut spec = confidential(CLIENT);
    spec.pkce = authserver::PkceRule::Optional;
    let world = World::with(spec).await;
    let good = query(CLIENT, &world.verifier());
    let bare = good.split("&code_challenge=").next().unwrap();
    assert!(world.server.begin_authorization(bare).await.is_ok());
    assert_eq!(code(&world, &good.replace("S256", "plain")).await, "invalid_request");
}

#[tokio::test]
async fn scopes_default_to_the_registered_ones_and_the_test_scope_is_for_all() {
    let world = World::new().await;
    let good = query(CLIENT, &world.verifier());
    let request = world.server.begin_authorization(&good.replace("&scope=users:read", "")).await.unwrap();
    assert_eq!(request.scope, confidential(CLIENT).scope);
    let request = world.server.begin_authorization(&good.replace("users:read", "test:test")).await.unwrap();
    assert_eq!(request.scope.to_string(), "test:test");
}

#[tokio::test]
async fn a_state_of_any_text_comes_back_as_it_was() {
    let world = World::new().await;
    let verifier = world.verifier();
    for (sent, expected) in
        [("", ""), ("%C3%A5%20%26%3D%23", "å &=#"), (&"x".repeat(2048), &"x".repeat(2048))]
    {
        let query = query(CLIENT, &verifier).replace("state=st", &format!("state={sent}"));
        let request = world.server.begin_authorization(&query).await.unwrap();
        let granted = world.server.grant(&request, crate::world::consent(), &origin()).await.unwrap();
        let callback = Callback::parse(granted.location.expose().split_once('?').unwrap().1).unwrap();
        assert_eq!(callback.state.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn a_grant_goes_back_with_code_state_issuer_and_subject_and_leaves_a_record() {
    let world = World::new().await;
    let request = world.server.begin_authorization(&query(CLIENT, &world.verifier())).await.unwrap();
    let granted = world.server.grant(&request, crate::world::consent(), &origin()).await.unwrap();
    let (uri, query) = granted.location.expose().split_once('?').unwrap();
    let callback = Callback::parse(query).unwrap();
    assert_eq!(uri, REDIRECT);
    assert_eq!(
        (callback.state.as_deref(), callback.iss.as_deref()),
        (Some("st"), Some("https://as.example"))
    );
    assert_eq!(callback.extra("urn_pleo_params_oauth_subject"), Some(SUBJECT));
    assert!(code_of(granted.location.expose()).expose().starts_with("mst_ac_"));
    let records = world.audit("authorisation.granted").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].actor, "user:user-1");
    assert_eq!(records[0].data["authorisation"], granted.authorisation.to_string());
    assert_eq!(records[0].source.as_deref(), Some("192.0.2.1"));
}

#[tokio::test]
async fn consent_cannot_widen_what_was_asked() {
    let world = World::new().await;
    let request = world.server.begin_authorization(&query(CLIENT, &world.verifier())).await.unwrap();
    let mut consent = crate::world::consent();
    consent.scope = "users:read accounts:write companies:read".parse().unwrap();
    let granted = world.server.grant(&request, consent, &origin()).await.unwrap();
    let stored = world.server.authorisation(granted.authorisation).await.unwrap().unwrap();
    assert_eq!(stored.scope.to_string(), "users:read");
}

#[tokio::test]
async fn denial_goes_back_as_access_denied_and_stores_nothing() {
    let world = World::new().await;
    let request = world.server.begin_authorization(&query(CLIENT, &world.verifier())).await.unwrap();
    let location = world.server.deny(&request, "user-1", &origin()).await;
    let callback = Callback::parse(location.split_once('?').unwrap().1).unwrap();
    let CallbackOutcome::Error { code, .. } = callback.outcome else { panic!("no error") };
    assert_eq!(code.as_str(), "access_denied");
    assert_eq!(
        (callback.state.as_deref(), callback.iss.as_deref()),
        (Some("st"), Some("https://as.example"))
    );
    assert!(world.audit("authorisation.granted").await.is_empty());
}

#[tokio::test]
async fn a_client_that_is_not_approved_gets_nothing() {
    let world = World::new().await;
    let query = query(CLIENT, &world.verifier());
    for (state, reason) in [
        (ClientState::AwaitingReview, PageReason::ClientAwaitsReview),
        (ClientState::ChangeAwaitingReview, PageReason::ClientAwaitsReview),
        (ClientState::Declined, PageReason::ClientNotApproved),
        (ClientState::Suspended, PageReason::ClientNotApproved),
        (ClientState::Removed, PageReason::UnknownClient),
    ] {
        let id = ClientId::from(CLIENT);
        world.server.set_client_state(&id, state, Actor::CommandLine, &origin()).await.unwrap();
        assert_eq!(page(&world, &query).await, reason);
    }
}
