//! Section B of the security cases, as far as it is the engine's: secrets, seeds, contradictions.

use std::time::Duration;

use audit::Actor;
use authserver::{
    ClientError, ClientId, ClientMetadata, ClientSpec, ClientState, NewClient, PkceRule, RotationRules,
    SeedSecret,
};
use base::Secret;
use oauth::ClientAuthMethod;
use oauth::ErrorCode::{InvalidClient, InvalidGrant};
use oauth::token_request::ClientCredentials;

use crate::world::{CLIENT, SECRET, World, confidential, origin, public};

/// Whether this secret authenticates; what is asked for is never right.
async fn authenticates(world: &World, secret: &Secret<String>) -> bool {
    let credentials = ClientCredentials {
        client_id: CLIENT,
        client_secret: Some(secret),
        method: ClientAuthMethod::ClientSecretBasic,
    };
    match world
        .send_token(&credentials.encode(&[("grant_type", "refresh_token"), ("refresh_token", "x")]))
        .await
    {
        Err(InvalidGrant) => true,
        Err(InvalidClient) => false,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_ordinary_rotation_overlaps_and_keeps_authorisations() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let old = Secret::new(SECRET.to_owned());
    let overlap = Duration::from_hours(1);
    let id = ClientId::from(CLIENT);
    let new = world.server.rotate_client_secret(&id, false, overlap, Actor::System, &origin()).await.unwrap();
    assert!(authenticates(&world, &old).await && authenticates(&world, &new).await);
    world.advance(3600);
    assert!(!authenticates(&world, &old).await && authenticates(&world, &new).await);
    assert_eq!(world.end_reason(&tokens).await, None);
}

#[tokio::test]
async fn a_compromised_secret_dies_at_once_with_all_authorisations() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let id = ClientId::from(CLIENT);
    let new =
        world.server.rotate_client_secret(&id, true, Duration::ZERO, Actor::System, &origin()).await.unwrap();
    assert!(
        !authenticates(&world, &Secret::new(SECRET.to_owned())).await && authenticates(&world, &new).await
    );
    assert!(!world.works(&tokens).await);
    let records = world.audit("client_secret.rotated").await;
    assert_eq!(records[0].data["compromised"], "true");
    assert!(!format!("{records:?}").contains(new.expose()));
}

#[tokio::test]
async fn a_seed_run_twice_changes_nothing_the_second_time() {
    let world = World::new().await;
    let secret = || SeedSecret::Set(Secret::new(SECRET.to_owned()));
    let seed = async |spec, secret| {
        world.server.upsert_client(spec, ClientState::Approved, secret, Actor::CommandLine).await
    };
    assert_eq!(seed(confidential(CLIENT), secret()).await, Ok(false));
    assert_eq!(seed(confidential(CLIENT), SeedSecret::Keep).await, Ok(false));
    let renamed = ClientSpec { name: "Other".to_owned(), ..confidential(CLIENT) };
    assert_eq!(seed(renamed, SeedSecret::Keep).await, Ok(true));
    assert!(authenticates(&world, &Secret::new(SECRET.to_owned())).await);
    assert_eq!(seed(confidential(CLIENT), SeedSecret::Set(Secret::new("new".to_owned()))).await, Ok(true));
    assert!(!authenticates(&world, &Secret::new(SECRET.to_owned())).await);
}

#[tokio::test]
async fn a_secret_that_was_ended_does_not_come_back_with_the_seed() {
    let world = World::new().await;
    let first = || SeedSecret::First(Secret::new(SECRET.to_owned()));
    let seed = async |spec, secret| {
        world.server.upsert_client(spec, ClientState::Approved, secret, Actor::CommandLine).await
    };
    let new = ClientSpec { client_id: ClientId::new("new"), ..confidential(CLIENT) };
    assert_eq!(seed(new.clone(), first()).await, Ok(true));
    let client = world.server.client(&new.client_id).await.unwrap().unwrap();
    assert!(world.server.has_secret(&client, &Secret::new(SECRET.to_owned())), "it had none yet");
    let (none, actor) = (Duration::ZERO, Actor::CommandLine);
    world.server.rotate_client_secret(&new.client_id, true, none, actor, &origin()).await.unwrap();
    seed(new.clone(), first()).await.unwrap();
    let client = world.server.client(&new.client_id).await.unwrap().unwrap();
    assert!(!world.server.has_secret(&client, &Secret::new(SECRET.to_owned())));
}

/// The seed file is the operator's own, who may rehearse with clients on this machine; nobody else may where customers are.
#[tokio::test]
async fn a_seed_may_hold_http_addresses_of_this_machine_where_nobody_else_may() {
    let world = World::in_production();
    let local = "http://localhost:4000/cb";
    let seed = async |uri: &str| {
        let spec = ClientSpec { redirect_uris: vec![uri.parse().unwrap()], ..confidential(CLIENT) };
        world.server.upsert_client(spec, ClientState::Approved, SeedSecret::Keep, Actor::CommandLine).await
    };
    assert_eq!(seed(local).await, Ok(true));
    let kept = world.server.client(&ClientId::from(CLIENT)).await.unwrap().unwrap();
    assert_eq!(kept.spec.redirect_uris[0].as_str(), local);

    let metadata = ClientMetadata { redirect_uris: vec![local.to_owned()], ..ClientMetadata::of(&kept.spec) };
    let new = NewClient { metadata, ..NewClient::default() };
    let refused = world.server.register(new, Actor::CommandLine, &origin()).await;
    assert!(matches!(refused, Err(ClientError::Rejected(_))), "{refused:?}");
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused() {
    let world = World::new().await;
    let mut cases = vec![
        ClientSpec { auth_methods: [].into(), ..confidential("c") },
        ClientSpec { auth_methods: [ClientAuthMethod::None].into(), ..confidential("c") },
        ClientSpec { auth_methods: [ClientAuthMethod::ClientSecretBasic].into(), ..public("c") },
        ClientSpec { pkce: PkceRule::Optional, ..public("c") },
        ClientSpec { rotation: RotationRules::retry_window(30), ..public("c") },
        ClientSpec { access_token_lifetime: Duration::ZERO, ..confidential("c") },
    ];
    cases.push(confidential(""));
    for spec in cases {
        let refused = world
            .server
            .upsert_client(spec, ClientState::Approved, SeedSecret::Keep, Actor::CommandLine)
            .await;
        assert!(matches!(refused, Err(ClientError::Rejected(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn acts_on_a_client_that_is_not_there_say_so() {
    let world = World::with(public("native")).await;
    let id = ClientId::from("nobody");
    let unknown = Err(ClientError::Unknown(id.clone()));
    assert_eq!(
        world.server.set_client_state(&id, ClientState::Approved, Actor::System, &origin()).await,
        unknown
    );
    assert_eq!(world.server.remove_client(&id, Actor::System, &origin()).await, unknown);
    let rotate = |id| async move {
        world
            .server
            .rotate_client_secret(&id, false, Duration::ZERO, Actor::System, &origin())
            .await
            .unwrap_err()
    };
    assert_eq!(rotate(id.clone()).await, ClientError::Unknown(id));
}

#[tokio::test]
async fn clients_are_listed_page_by_page_with_their_secrets() {
    let world = World::new().await;
    for id in ["a", "b", "z"] {
        world.seed(confidential(id)).await;
    }
    let first = world.server.clients(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|client| client.id().as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let rest = world.server.clients(Some(first[1].id()), 10).await.unwrap();
    assert_eq!(rest.iter().map(|client| client.id().as_str()).collect::<Vec<_>>(), [CLIENT, "z"]);
    assert!(rest.iter().chain(&first).all(|client| client.secrets.len() == 1));
    let empty = world.server.clients(Some(rest[1].id()), 10).await.unwrap();
    assert!(empty.is_empty());
}
