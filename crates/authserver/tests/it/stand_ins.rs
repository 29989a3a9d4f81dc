//! The rotation rules of the accounting systems (facts.md section 16), which the stand-ins use.

use std::time::Duration;

use authserver::{ClientSpec, RotationPolicy, RotationRules};
use oauth::ErrorCode::{InvalidGrant, InvalidRequest};

use crate::world::{CLIENT, World, confidential, refresh_of};

fn with(policy: RotationPolicy) -> ClientSpec {
    ClientSpec { rotation: RotationRules::stand_in(policy), ..confidential(CLIENT) }
}

#[tokio::test]
async fn xero_the_old_token_may_be_retried_for_thirty_minutes() {
    let world = World::with(with(RotationPolicy::GracePeriod { seconds: 1800 })).await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert!(world.works(&first).await, "the old access token lives on");
    assert!(world.is_active(refresh_of(&first)).await);
    world.advance(600);
    let third = world.refresh(refresh_of(&first)).await.unwrap();
    assert_ne!(refresh_of(&third).expose(), refresh_of(&second).expose());
    let fourth = world.refresh(refresh_of(&third)).await.unwrap();
    assert!(world.works(&fourth).await, "the latest works");
    world.advance(1200);
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
    assert!(world.refresh(refresh_of(&fourth)).await.is_ok(), "the refused retry ended nothing");
}

#[tokio::test]
async fn exact_the_old_token_dies_when_the_new_one_is_first_used_and_early_refreshes_are_refused() {
    let mut spec = with(RotationPolicy::OldDiesWhenNewIsUsed);
    spec.rotation.earliest_refresh_before_expiry = Some(Duration::from_secs(30));
    spec.access_token_lifetime = Duration::from_mins(10);
    let world = World::with(spec).await;
    let first = world.connect().await;
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidRequest);
    world.advance(569);
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidRequest);
    world.advance(1);
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    world.advance(570);
    let again = world.refresh(refresh_of(&first)).await.unwrap();
    assert_eq!(again.generation, 3);
    assert_eq!(world.refresh(refresh_of(&second)).await.unwrap_err(), InvalidGrant, "its place was taken");
    world.advance(570);
    let third = world.refresh(refresh_of(&again)).await.unwrap();
    world.advance(570);
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
    assert!(world.refresh(refresh_of(&third)).await.is_ok());
}

#[tokio::test]
async fn microsoft_old_tokens_live_to_their_own_expiry() {
    let world = World::with(with(RotationPolicy::OldLives)).await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    let third = world.refresh(refresh_of(&first)).await.unwrap();
    for tokens in [&first, &second, &third] {
        assert!(world.works(tokens).await, "generation {}", tokens.generation);
        assert!(world.is_active(refresh_of(tokens)).await, "generation {}", tokens.generation);
    }
    assert!(world.refresh(refresh_of(&second)).await.is_ok());
    world.advance(60 * 24 * 3600);
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
}

#[tokio::test]
async fn access_tokens_beside_the_latest_keep_the_scope_they_were_given() {
    let mut spec = with(RotationPolicy::OldLives);
    spec.scope = "users:read accounts:read".parse().unwrap();
    let world = World::with(spec).await;
    let first = world.connect_to_all().await;
    let narrow = world.refresh_for(&first, "users:read").await.unwrap();
    let third = world.refresh(refresh_of(&first)).await.unwrap();
    assert_eq!(world.scope_of(&first).await, "accounts:read users:read");
    assert_eq!(world.scope_of(&narrow).await, "users:read");
    assert_eq!(world.scope_of(&third).await, "accounts:read users:read");
}

#[tokio::test]
async fn quickbooks_the_value_changes_about_once_a_day() {
    let world = World::with(with(RotationPolicy::ChangesDaily)).await;
    let first = world.connect().await;
    world.advance(3600);
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert_eq!(refresh_of(&second).expose(), refresh_of(&first).expose());
    assert_ne!(second.access_token.expose(), first.access_token.expose());
    world.advance(23 * 3600);
    let third = world.refresh(refresh_of(&first)).await.unwrap();
    assert_ne!(refresh_of(&third).expose(), refresh_of(&first).expose());
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
    assert!(world.refresh(refresh_of(&third)).await.is_ok());
}

#[tokio::test]
async fn a_refresh_token_can_hang_on_a_scope() {
    let mut spec = confidential(CLIENT);
    spec.rotation.refresh_needs_scope = Some("offline_access".to_owned());
    let world = World::with(spec).await;
    assert!(world.connect().await.refresh_token.is_none());
}

#[tokio::test]
async fn strict_stand_ins_refuse_a_replay_and_end_nothing_if_so_ruled() {
    let mut spec = with(RotationPolicy::Strict);
    spec.rotation.kills_access_token = true;
    let world = World::with(spec).await;
    let first = world.connect().await;
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert!(!world.works(&first).await);
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
    assert!(world.works(&second).await);
}
