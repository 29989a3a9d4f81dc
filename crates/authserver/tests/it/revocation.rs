//! Section G of the security cases: revocation.

use authserver::{EndReason, revocation_response};
use oauth::ErrorCode::{InvalidClient, InvalidGrant, InvalidRequest};

use crate::world::{CLIENT, World, answered, confidential, origin, public, refresh_of};

#[tokio::test]
async fn a_revoked_refresh_token_takes_its_access_tokens_along() {
    let world = World::new().await;
    let tokens = world.connect().await;
    world.revoke_as(CLIENT, refresh_of(&tokens).expose()).await.unwrap();
    assert!(!world.works(&tokens).await);
    assert_eq!(world.refresh(refresh_of(&tokens)).await.unwrap_err(), InvalidGrant);
    assert_eq!(world.end_reason(&tokens).await, Some(EndReason::Revoked));
    world.revoke_as(CLIENT, refresh_of(&tokens).expose()).await.unwrap();
    assert_eq!(world.audit("refresh_token.revoked").await.len(), 1);
}

#[tokio::test]
async fn an_older_refresh_token_of_the_family_ends_it_as_well() {
    let world = World::new().await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    world.revoke_as(CLIENT, refresh_of(&first).expose()).await.unwrap();
    assert!(!world.works(&second).await);
}

#[tokio::test]
async fn a_revoked_access_token_leaves_the_refresh_token() {
    let world = World::new().await;
    let tokens = world.connect().await;
    world.revoke_as(CLIENT, tokens.access_token.expose()).await.unwrap();
    assert!(!world.works(&tokens).await);
    let next = world.refresh(refresh_of(&tokens)).await.unwrap();
    world.revoke_as(CLIENT, tokens.access_token.expose()).await.unwrap();
    assert!(world.works(&next).await, "an old access token takes nothing along");
}

#[tokio::test]
async fn a_public_client_revokes_its_own_with_its_id_alone() {
    let world = World::with(public("native")).await;
    let tokens = world.connect_as("native").await;
    world.revoke_as("native", refresh_of(&tokens).expose()).await.unwrap();
    assert!(!world.works(&tokens).await);
}

#[tokio::test]
async fn what_is_unknown_or_anothers_is_success_and_does_nothing() {
    let world = World::new().await;
    world.seed(confidential("client-2")).await;
    let tokens = world.connect().await;
    for token in ["x", "mst_rt_x", refresh_of(&tokens).expose(), tokens.access_token.expose()] {
        world.revoke_as("client-2", token).await.unwrap();
    }
    assert!(world.works(&tokens).await && world.is_active(refresh_of(&tokens)).await);
}

#[tokio::test]
async fn it_asks_for_the_client_and_the_token_and_answers_an_empty_object() {
    let world = World::with(public("native")).await;
    let revoke = async |body: &str| answered(world.server.revoke(None, body.as_bytes(), &origin()).await);
    assert_eq!(revoke("token=x").await.unwrap_err(), InvalidClient);
    assert_eq!(revoke("client_id=native").await.unwrap_err(), InvalidRequest);
    let reply = world.server.revoke(None, b"client_id=native&token=x", &origin()).await;
    let response = revocation_response(reply).response;
    assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, b"{}".as_slice()));
}
