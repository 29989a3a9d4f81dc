//! Registering, changing, and deciding about clients, as people and commands do it.

use std::collections::BTreeMap;

use audit::Actor;
use authserver::{
    AuthorizationRefusal, ClientError, ClientId, ClientMetadata, ClientSelection, ClientState, Decided,
    NewClient, PageReason, Registered,
};
use oauth::token_request::ClientCredentials;
use oauth::{ClientAuthMethod, ErrorCode};

use crate::world::{CLIENT, REDIRECT, World, confidential, origin, query};

fn metadata() -> ClientMetadata {
    ClientMetadata {
        name: "Example Books".to_owned(),
        redirect_uris: vec![REDIRECT.to_owned()],
        scopes: vec!["users:read".to_owned()],
        ..ClientMetadata::default()
    }
}

async fn register(world: &World, approved: bool) -> Registered {
    let new =
        NewClient { metadata: metadata(), approved, owner: Some("anna".to_owned()), ..NewClient::default() };
    world.server.register(new, Actor::User("anna".to_owned()), &origin()).await.unwrap()
}

/// What the authorization endpoint says to the client's people.
async fn asks(world: &World, id: &ClientId) -> Result<(), PageReason> {
    match world.server.begin_authorization(&query(id.as_str(), &world.verifier())).await {
        Ok(_) => Ok(()),
        Err(AuthorizationRefusal::Page(reason)) => Err(reason),
        Err(other) => panic!("{other:?}"),
    }
}

async fn decide(
    world: &World,
    id: &ClientId,
    decision: Decided,
    seen: Option<u64>,
) -> Result<u64, ClientError> {
    let reviewer = Actor::User("reviewer".to_owned());
    let decided = world.server.decide(id, decision, seen, reviewer, &origin()).await?;
    Ok(decided.registration.revision)
}

async fn state(world: &World, id: &ClientId) -> ClientState {
    world.server.client(id).await.unwrap().unwrap().state
}

fn declined(reason: &str) -> Decided {
    Decided::Declined { reason: reason.to_owned() }
}

#[tokio::test]
async fn a_registered_client_gets_a_secret_that_works_once_it_is_approved() {
    let world = World::new().await;
    let registered = register(&world, false).await;
    let id = registered.client.id().clone();
    let secret = registered.client_secret.unwrap();
    assert!(secret.expose().starts_with("mst_cs_"));
    assert_eq!(id.as_str().len(), 36, "{id}");
    let ask = async || {
        let credentials = ClientCredentials {
            client_id: id.as_str(),
            client_secret: Some(&secret),
            method: ClientAuthMethod::ClientSecretBasic,
        };
        let form = credentials.encode(&[("grant_type", "refresh_token"), ("refresh_token", "x")]);
        world.send_token(&form).await.unwrap_err()
    };
    assert_eq!(asks(&world, &id).await, Err(PageReason::ClientAwaitsReview));
    assert_eq!(ask().await, ErrorCode::UnauthorizedClient);
    decide(&world, &id, Decided::Approved, Some(1)).await.unwrap();
    assert_eq!(asks(&world, &id).await, Ok(()));
    assert_eq!(ask().await, ErrorCode::InvalidGrant);
    let records = [world.audit("client.registered").await, world.audit("client.approved").await].concat();
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].actor.as_str(), records[1].actor.as_str()), ("user:anna", "user:reviewer"));
    assert!(!format!("{records:?}").contains(secret.expose()));
}

#[tokio::test]
async fn a_public_client_gets_no_secret_and_must_use_pkce() {
    let world = World::new().await;
    let new = NewClient { metadata: ClientMetadata { public: true, ..metadata() }, ..NewClient::default() };
    let registered = world.server.register(new, Actor::CommandLine, &origin()).await.unwrap();
    assert!(registered.client_secret.is_none() && registered.client.secrets.is_empty());
    assert_eq!(registered.client.spec.auth_methods, [ClientAuthMethod::None].into());
}

#[tokio::test]
async fn settings_of_the_embedding_side_are_kept_from_the_registration_on() {
    let world = World::new().await;
    let attributes = BTreeMap::from([("integrated_api_keys".to_owned(), "true".to_owned())]);
    let new = NewClient { metadata: metadata(), attributes: attributes.clone(), ..NewClient::default() };
    let registered = world.server.register(new, Actor::CommandLine, &origin()).await.unwrap();
    assert_eq!(registered.client.spec.attributes, attributes);
    let kept = world.server.client(registered.client.id()).await.unwrap().unwrap();
    assert_eq!(kept.spec.attributes, attributes);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let bad = ClientMetadata { name: "P1eo".to_owned(), redirect_uris: vec![], ..metadata() };
    let new = NewClient { metadata: bad, ..NewClient::default() };
    let Err(ClientError::Rejected(problems)) =
        world.server.register(new, Actor::CommandLine, &origin()).await
    else {
        panic!("it was taken");
    };
    let fields: Vec<_> = problems.iter().map(|problem| problem.field).collect();
    assert_eq!(fields, ["redirect_uris", "name"]);
    assert_eq!(world.server.clients(None, 10).await.unwrap().len(), 1);
    assert!(world.audit("client.registered").await.is_empty());
}

#[tokio::test]
async fn a_change_that_people_would_see_is_reviewed_and_the_rest_is_not() {
    let world = World::new().await;
    let id = register(&world, false).await.client.id().clone();
    decide(&world, &id, Decided::Approved, None).await.unwrap();
    let edit = async |change: fn(&mut ClientMetadata)| {
        let mut metadata = metadata();
        change(&mut metadata);
        let changed = world.server.edit_client(&id, &metadata, Actor::CommandLine, &origin()).await.unwrap();
        changed.client.state
    };
    let contacts =
        |metadata: &mut ClientMetadata| metadata.presentation.contacts = vec!["a@b.example".to_owned()];
    assert_eq!(edit(contacts).await, ClientState::Approved);
    world.advance(1);
    let scopes = |metadata: &mut ClientMetadata| metadata.scopes.push("accounts:read".to_owned());
    assert_eq!(edit(scopes).await, ClientState::ChangeAwaitingReview);
    assert_eq!(asks(&world, &id).await, Err(PageReason::ClientAwaitsReview));
    let records = world.audit("client.changed").await;
    assert_eq!(records[0].data["fields"], "scopes presentation");
    assert!(
        world
            .audit("client.changed")
            .await
            .iter()
            .all(|record| record.client.as_deref() == Some(id.as_str()))
    );
}

#[tokio::test]
async fn what_a_changed_client_holds_goes_on_and_nothing_new_is_granted() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let id = ClientId::from(CLIENT);
    let metadata =
        ClientMetadata { name: "Other Books".to_owned(), ..ClientMetadata::of(&confidential(CLIENT)) };
    let changed = world.server.edit_client(&id, &metadata, Actor::CommandLine, &origin()).await.unwrap();
    assert_eq!(changed.client.state, ClientState::ChangeAwaitingReview);
    assert!(world.works(&tokens).await);
    let refreshed = world.refresh(crate::world::refresh_of(&tokens)).await.unwrap();
    assert_eq!(asks(&world, &id).await, Err(PageReason::ClientAwaitsReview));
    decide(&world, &id, declined("it is somebody else's name"), None).await.unwrap();
    assert!(!world.works(&refreshed).await, "declined is declined");
    decide(&world, &id, Decided::Approved, None).await.unwrap();
    assert!(world.works(&refreshed).await);
}

#[tokio::test]
async fn a_decision_is_about_what_was_seen() {
    let world = World::new().await;
    let registered = register(&world, false).await;
    let (id, seen) = (registered.client.id().clone(), registered.registration.revision);
    let other = ClientMetadata { redirect_uris: vec!["https://evil.example/cb".to_owned()], ..metadata() };
    world.server.edit_client(&id, &other, Actor::CommandLine, &origin()).await.unwrap();
    let refused = decide(&world, &id, Decided::Approved, Some(seen)).await;
    assert_eq!(refused, Err(ClientError::Changed(id.clone())));
    assert_eq!(state(&world, &id).await, ClientState::AwaitingReview);
    decide(&world, &id, Decided::Approved, Some(seen + 1)).await.unwrap();
    assert_eq!(state(&world, &id).await, ClientState::Approved);
}

#[tokio::test]
async fn who_is_declined_reads_why_and_may_try_again() {
    let world = World::new().await;
    let id = register(&world, false).await.client.id().clone();
    for reason in ["", "  ", &"x".repeat(1001)] {
        let refused = decide(&world, &id, declined(reason), None).await;
        assert!(matches!(refused, Err(ClientError::Rejected(_))), "{refused:?}");
    }
    decide(&world, &id, declined("no home page"), None).await.unwrap();
    assert_eq!(asks(&world, &id).await, Err(PageReason::ClientNotApproved));
    let found = world.server.registered_client(&id).await.unwrap().unwrap();
    let review = found.registration.review.unwrap();
    assert_eq!(
        (review.approved, review.reason.as_deref(), review.by.as_str()),
        (false, Some("no home page"), "user:reviewer")
    );
    let edited = world.server.edit_client(&id, &metadata(), Actor::CommandLine, &origin()).await.unwrap();
    assert_eq!(edited.client.state, ClientState::AwaitingReview);
}

#[tokio::test]
async fn a_suspended_client_stays_so_whatever_it_changes() {
    let world = World::new().await;
    let id = register(&world, true).await.client.id().clone();
    world.server.set_client_state(&id, ClientState::Suspended, Actor::System, &origin()).await.unwrap();
    let metadata = ClientMetadata { name: "Other".to_owned(), ..metadata() };
    let edited = world.server.edit_client(&id, &metadata, Actor::CommandLine, &origin()).await.unwrap();
    assert_eq!(edited.client.state, ClientState::Suspended);
}

#[tokio::test]
async fn a_confidential_client_does_not_become_a_public_one() {
    let world = World::new().await;
    let id = register(&world, true).await.client.id().clone();
    let public = ClientMetadata { public: true, ..metadata() };
    let refused = world.server.edit_client(&id, &public, Actor::CommandLine, &origin()).await;
    assert!(matches!(refused, Err(ClientError::Rejected(_))), "{refused:?}");
}

#[tokio::test]
async fn lists_are_of_those_who_wait_and_of_those_one_owns() {
    let world = World::new().await;
    let waiting = register(&world, false).await.client.id().clone();
    let approved = register(&world, true).await.client.id().clone();
    let list = async |selection| -> Vec<ClientId> {
        let found = world.server.registered_clients(selection, None, 10).await.unwrap();
        found.into_iter().map(|found| found.client.id().clone()).collect()
    };
    assert_eq!(list(ClientSelection::AwaitingReview).await, std::slice::from_ref(&waiting));
    let mut own = vec![waiting.clone(), approved.clone()];
    own.sort();
    assert_eq!(list(ClientSelection::Owner("anna".to_owned())).await, own);
    assert!(list(ClientSelection::Owner("bob".to_owned())).await.is_empty());
    world.server.remove_client(&waiting, Actor::System, &origin()).await.unwrap();
    assert_eq!(list(ClientSelection::AwaitingReview).await, []);
    assert_eq!(list(ClientSelection::Owner("anna".to_owned())).await, [approved]);
    assert_eq!(decide(&world, &waiting, Decided::Approved, None).await, Err(ClientError::Unknown(waiting)));
}
