//! What must be told apart: tokens of a generation that was made twice, earlier tokens and present ones, what a client may have
//! now and what it was given, what is over and what is live.

use std::sync::Arc;

use audit::{Actor, Auditor, Ledger};
use authserver::{
    AuthorisationState, AuthorizationServer, ClientId, ClientSpec, ClientState, Consent,
    NewInitialAccessToken, RotationPolicy, RotationRules, SeedSecret, Store as _,
};
use base::{Clock as _, Secret};
use oauth::ErrorCode::{InvalidClient, InvalidGrant};
use oauth::introspection::Introspection;

use crate::world::{
    CLIENT, REDIRECT, World, answered, code_of, confidential, consent, origin, query, refresh_of,
};

#[tokio::test]
async fn a_token_of_before_a_restored_backup_is_not_taken_for_the_one_of_the_same_generation_after_it() {
    let world = World::new().await;
    let first = world.connect().await;
    let backup = world.database.snapshot().unwrap();
    let lost = world.refresh(refresh_of(&first)).await.unwrap();
    world.database.restore(&backup).unwrap();
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert_eq!(lost.generation, second.generation);
    assert!(!world.works(&lost).await && !world.is_active(refresh_of(&lost)).await);
    assert_eq!(world.refresh(refresh_of(&lost)).await.unwrap_err(), InvalidGrant);
    assert!(world.works(&second).await, "nobody has replayed anything, so nothing is ended");
    assert!(world.refresh(refresh_of(&second)).await.is_ok());
}

#[tokio::test]
async fn using_an_old_access_token_is_no_use_of_its_successor() {
    let mut spec = confidential(CLIENT);
    spec.rotation = RotationRules { kills_access_token: false, ..RotationRules::retry_window(30) };
    let world = World::with(spec).await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert!(world.works(&first).await, "it lives on here");
    let again = world.refresh(refresh_of(&first)).await.unwrap();
    assert_eq!(again.access_token.expose(), second.access_token.expose(), "the answer may have been lost");
}

#[tokio::test]
async fn an_old_access_token_that_lives_on_is_introspected_with_its_own_times() {
    let world = World::with(ClientSpec {
        rotation: RotationRules::stand_in(RotationPolicy::Strict),
        ..confidential(CLIENT)
    })
    .await;
    let first = world.connect().await;
    let issued_at = world.clock.now().as_seconds();
    world.advance(600);
    world.refresh(refresh_of(&first)).await.unwrap();
    let Introspection::Active(told) = world.introspect_as(CLIENT, &first.access_token).await else {
        panic!("strict with refresh tokens, and yet the old access token lives on")
    };
    assert_eq!((told.iat, told.exp), (issued_at, issued_at + 900));
    assert!(world.works(&first).await);
}

#[tokio::test]
async fn a_predecessor_whose_successor_was_used_is_not_active_within_the_window() {
    let mut spec = confidential(CLIENT);
    spec.rotation = RotationRules::retry_window(30);
    let world = World::with(spec).await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert!(world.is_active(refresh_of(&first)).await);
    assert!(world.works(&second).await);
    assert!(!world.is_active(refresh_of(&first)).await, "it would not be accepted now");
}

#[tokio::test]
async fn a_client_that_may_have_less_gets_less_and_is_told_so() {
    let world = World::new().await;
    let verifier = world.verifier();
    let wide = "users:read accounts:read";
    let asked = query(CLIENT, &verifier).replace("users:read", "users:read%20accounts:read");
    let request = world.server.begin_authorization(&asked).await.unwrap();
    let consent = Consent { scope: wide.parse().unwrap(), ..consent() };
    let granted = world.server.grant(&request, consent, &origin()).await.unwrap();
    let code = code_of(granted.location.expose());
    let first = world.exchange(CLIENT, &code, REDIRECT, Some(&verifier)).await.unwrap();
    assert_eq!(first.scope, wide.parse().unwrap());
    world.seed(ClientSpec { scope: "users:read".parse().unwrap(), ..confidential(CLIENT) }).await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert_eq!(second.scope.to_string(), "users:read");
    assert_eq!(
        world.server.authenticate(&second.access_token).await.unwrap().scope.to_string(),
        "users:read"
    );
}

#[tokio::test]
async fn an_authorisation_is_live_as_long_as_one_of_its_tokens() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let found = world.server.authorisation(tokens.authorisation).await.unwrap().unwrap();
    let AuthorisationState::Active(active) = found.state.clone() else { panic!("{:?}", found.state) };
    let (access, refresh) = (active.access.clone().unwrap(), active.refresh.clone().unwrap());
    let second = std::time::Duration::from_secs(1);
    assert!(found.is_live(access.expires_at) && found.is_live(refresh.expires_at - second));
    assert!(!found.is_live(refresh.expires_at));
    let mut alone = found.clone();
    let AuthorisationState::Active(active) = &mut alone.state else { unreachable!("as above") };
    active.refresh = None;
    assert!(alone.is_live(access.expires_at - second) && !alone.is_live(access.expires_at));
    world.revoke_as(CLIENT, refresh_of(&tokens).expose()).await.unwrap();
    let ended = world.server.authorisation(tokens.authorisation).await.unwrap().unwrap();
    assert!(!ended.is_live(world.clock.now()));
}

#[tokio::test]
async fn a_client_that_becomes_public_has_no_secret_left() {
    let world = World::new().await;
    let spec = ClientSpec {
        redirect_uris: confidential(CLIENT).redirect_uris,
        scope: confidential(CLIENT).scope,
        ..ClientSpec::public(CLIENT, "Example app")
    };
    let seeded =
        world.server.upsert_client(spec, ClientState::Approved, SeedSecret::Keep, Actor::CommandLine).await;
    assert!(seeded.unwrap());
    let client = world.database.client(&ClientId::from(CLIENT)).await.unwrap().unwrap();
    assert!(client.secrets.is_empty());
}

#[tokio::test]
async fn clearing_says_how_much_it_cleared() {
    let world = World::new().await;
    assert_eq!(world.server.clear_expired().await.unwrap(), 0);
    let verifier = world.verifier();
    for _ in 0..2 {
        world.code(CLIENT, &verifier).await;
    }
    world.advance(400 * 24 * 3600);
    assert_eq!(world.server.clear_expired().await.unwrap(), 2);
}

#[tokio::test]
async fn generated_authorisations_are_as_good_as_consented_ones() {
    let mut spec = confidential(CLIENT);
    spec.refresh_absolute = Some(std::time::Duration::from_hours(1));
    let world = World::with(spec).await;
    let subjects = vec!["urn:pleo:company:1".to_owned(), "urn:pleo:company:2".to_owned()];
    let scope = "users:read".parse().unwrap();
    let id = ClientId::from(CLIENT);
    let made = world.server.generate_authorisations(&id, subjects.clone(), "user-1", &scope).await.unwrap();
    assert_eq!(made.iter().map(|made| made.subject.clone()).collect::<Vec<_>>(), subjects);
    for made in made {
        let access = world.server.authenticate(&made.access_token).await.unwrap();
        assert_eq!((access.subject, access.generation), (made.subject, 1));
        assert!(world.refresh(&made.refresh_token).await.is_ok());
    }
}

async fn recording() -> (World, Arc<Ledger>) {
    let mut world = World::new().await;
    let auditor = Auditor::new(Arc::clone(&world.keys), world.clock.clone(), world.entropy.clone());
    let ledger = Arc::new(Ledger::new(Arc::new(world.database.clone()), auditor, world.clock.clone()));
    let server: AuthorizationServer = Arc::into_inner(world.server).expect("nobody else has it yet");
    world.server = Arc::new(server.recording(Arc::clone(&ledger)));
    (world, ledger)
}

#[tokio::test]
async fn refusals_are_on_record_with_the_client_and_never_with_what_was_presented() {
    let (world, _ledger) = recording().await;
    let body =
        format!("grant_type=refresh_token&refresh_token=mst_rt_x&client_id={CLIENT}&client_secret=wrong");
    let refused = answered(world.server.token(None, body.as_bytes(), &origin()).await);
    assert_eq!(refused.unwrap_err(), InvalidClient);
    let records = world.audit("client.refused").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].client.as_deref(), Some(CLIENT));

    let garbage = Secret::new("mst_rt_garbage".to_owned());
    assert_eq!(world.refresh(&garbage).await.unwrap_err(), InvalidGrant);
    let records = world.audit("refresh_token.refused").await;
    assert_eq!((records.len(), records[0].client.as_deref()), (1, Some(CLIENT)));
    assert!(!format!("{records:?}").contains("garbage"));

    let request = world.server.begin_authorization(&query(CLIENT, &world.verifier())).await.unwrap();
    world.server.deny(&request, "user-1", &origin()).await;
    let records = world.audit("authorisation.denied").await;
    assert_eq!((records.len(), records[0].client.as_deref()), (1, Some(CLIENT)));

    let unknown = query("client-1&client_id=client-2", &world.verifier());
    let refusal = world.server.begin_authorization(&unknown).await.unwrap_err();
    world.server.tell_authorization_refused(&query(CLIENT, &world.verifier()), &refusal, &origin()).await;
    let records = world.audit("authorisation.refused").await;
    assert_eq!((records.len(), records[0].client.as_deref()), (1, Some(CLIENT)));
}

/// At registration, and at the management of a client; a good token leaves no such record.
#[tokio::test]
async fn wrong_tokens_at_registration_are_on_record_and_never_with_what_was_presented() {
    let (world, _ledger) = recording().await;
    let new = NewInitialAccessToken { uses: 2, ..NewInitialAccessToken::default() };
    let (_, token) =
        world.server.create_initial_access_token(new, Actor::CommandLine, &origin()).await.unwrap();
    let good = format!("Bearer {}", token.expose());
    let body = br#"{"client_name": "Example", "redirect_uris": ["https://app.example/cb"]}"#;
    let client = world.server.register_with_token(Some(&good), body, &origin()).await.unwrap();
    assert!(world.audit("registration.refused").await.is_empty());

    world.server.register_with_token(Some("Bearer mst_iat_garbage"), body, &origin()).await.unwrap_err();
    let records = world.audit("registration.refused").await;
    assert_eq!(records.len(), 1);
    let origin_told = (records[0].source.as_deref(), records[0].request_id.as_deref());
    assert_eq!(origin_told, (Some("192.0.2.1"), Some("req-1")));

    world.advance(60);
    let id = client.client.id().as_str();
    world.server.managed_client(id, Some(&good), &origin()).await.unwrap_err();
    let records = world.audit("registration.refused").await;
    assert_eq!(records.len(), 2);
    assert!(!format!("{records:?}").contains("mst_iat_"), "{records:?}");
}

#[tokio::test]
async fn an_old_refresh_token_ends_with_its_grace_although_the_old_access_token_lives_longer() {
    let rotation = RotationRules::stand_in(RotationPolicy::GracePeriod { seconds: 60 });
    let world = World::with(ClientSpec { rotation, ..confidential(CLIENT) }).await;
    let first = world.connect().await;
    world.refresh(refresh_of(&first)).await.unwrap();
    world.advance(60);
    assert!(world.works(&first).await);
    assert!(!world.is_active(refresh_of(&first)).await);
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
}
