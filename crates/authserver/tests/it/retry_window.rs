//! The retry window: never two live branches, and no session lost in a harmless race.

use authserver::{EndReason, RotationRules, TokenSuccess};
use oauth::ErrorCode::{InvalidGrant, InvalidScope};

use crate::world::{CLIENT, World, confidential, refresh_of};

async fn world() -> World {
    let mut spec = confidential(CLIENT);
    spec.rotation = RotationRules::retry_window(30);
    World::with(spec).await
}

fn same(one: &TokenSuccess, other: &TokenSuccess) -> bool {
    one.access_token.expose() == other.access_token.expose()
        && refresh_of(one).expose() == refresh_of(other).expose()
}

#[tokio::test]
async fn the_same_request_within_the_window_gets_the_same_successor() {
    let world = world().await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    world.advance(29);
    assert!(world.is_active(refresh_of(&first)).await, "it would be accepted");
    let again = world.refresh(refresh_of(&first)).await.unwrap();
    assert!(same(&second, &again));
    assert_eq!(again.expires_in.as_secs(), 900 - 29);
    assert!(world.works(&again).await);
}

#[tokio::test]
async fn another_request_within_the_window_is_refused_and_ends_nothing() {
    let mut spec = confidential(CLIENT);
    spec.rotation = RotationRules::retry_window(30);
    spec.scope = "users:read accounts:read".parse().unwrap();
    let world = World::with(spec).await;
    let first = world.connect_to_all().await;
    let narrow = world.refresh_for(&first, "users:read").await.unwrap();
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidScope, "the whole scope");
    assert_eq!(world.refresh_for(&first, "accounts:read").await.unwrap_err(), InvalidScope);
    assert!(same(&narrow, &world.refresh_for(&first, "users:read").await.unwrap()));
    let whole = world.refresh(refresh_of(&narrow)).await.unwrap();
    assert_eq!(world.refresh_for(&narrow, "users:read").await.unwrap_err(), InvalidScope);
    assert!(same(&whole, &world.refresh_for(&narrow, "users:read accounts:read").await.unwrap()));
}

#[tokio::test]
async fn after_the_window_it_is_a_replay() {
    let world = world().await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    world.advance(30);
    assert!(!world.is_active(refresh_of(&first)).await);
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
    assert!(!world.works(&second).await);
    assert_eq!(world.end_reason(&second).await, Some(EndReason::RefreshTokenReplayed));
}

#[tokio::test]
async fn a_successor_seen_at_the_gateway_makes_the_old_one_a_replay_inside_the_window() {
    let world = world().await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert!(world.works(&second).await);
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
    assert!(!world.works(&second).await);
}

#[tokio::test]
async fn a_successor_that_was_refreshed_makes_the_old_one_a_replay_inside_the_window() {
    let world = world().await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    let third = world.refresh(refresh_of(&second)).await.unwrap();
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
    assert!(!world.works(&third).await);
}

#[tokio::test]
async fn introspection_by_the_owner_is_no_use() {
    let world = world().await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert!(world.is_active(&second.access_token).await && world.is_active(refresh_of(&second)).await);
    assert!(same(&second, &world.refresh(refresh_of(&first)).await.unwrap()));
}

#[tokio::test]
async fn a_revoked_access_token_is_not_handed_out_again() {
    let world = world().await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    world.revoke_as(CLIENT, second.access_token.expose()).await.unwrap();
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
}

#[tokio::test]
async fn many_refreshes_one_after_the_other_and_each_asked_twice() {
    let world = world().await;
    let mut tokens = world.connect().await;
    for generation in 2..200 {
        let next = world.refresh(refresh_of(&tokens)).await.unwrap();
        let again = world.refresh(refresh_of(&tokens)).await.unwrap();
        assert!(same(&next, &again) && next.generation == generation);
        tokens = next;
    }
    assert!(world.works(&tokens).await);
}

#[tokio::test]
async fn two_rotations_that_read_the_same_row_end_in_one_successor() {
    let world = world().await;
    let first = world.connect().await;
    let (one, other) = tokio::join!(world.refresh(refresh_of(&first)), world.refresh(refresh_of(&first)));
    assert!(same(&one.unwrap(), &other.unwrap()));
}
