//! Section F of the security cases, under the strict policy.

use std::time::Duration;

use audit::Actor;
use authserver::{ClientId, EndReason};
use base::Secret;
use oauth::ErrorCode::{InvalidClient, InvalidGrant, InvalidScope};

use crate::world::{CLIENT, REDIRECT, SUBJECT, World, confidential, origin, public, refresh_of};

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn a_refresh_gives_a_new_pair_and_kills_all_earlier_tokens() {
    let world = World::new().await;
    let first = world.connect().await;
    world.advance(60);
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    assert_eq!(
        (second.generation, &second.scope, second.authorisation),
        (2, &first.scope, first.authorisation)
    );
    assert_eq!(second.expires_in, Duration::from_mins(15));
    assert_ne!(second.access_token.expose(), first.access_token.expose());
    assert_ne!(refresh_of(&second).expose(), refresh_of(&first).expose());
    assert!(!world.works(&first).await);
    assert!(world.works(&second).await);
    assert!(!world.is_active(refresh_of(&first)).await);
    let logged = world.rotations().await;
    assert_eq!(logged.len(), 1);
    assert_eq!((logged[0].generation, &logged[0].authorisation), (2, &first.authorisation.to_string()));
}

#[tokio::test]
async fn a_replay_ends_that_authorisation_and_only_that_and_is_recorded() {
    let world = World::new().await;
    let (other, first) = (world.connect().await, world.connect().await);
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    let third = world.refresh(refresh_of(&second)).await.unwrap();
    assert_eq!(world.refresh(refresh_of(&first)).await.unwrap_err(), InvalidGrant);
    assert!(!world.works(&third).await);
    assert_eq!(world.refresh(refresh_of(&third)).await.unwrap_err(), InvalidGrant);
    assert_eq!(world.end_reason(&third).await, Some(EndReason::RefreshTokenReplayed));
    assert!(world.works(&other).await);
    assert!(world.refresh(refresh_of(&other)).await.is_ok());
    let records = world.audit("refresh_token.replayed").await;
    assert_eq!(records.len(), 1, "the refusals after the end tell nothing new");
    let record = &records[0];
    assert_eq!(record.client.as_deref(), Some(CLIENT));
    assert_eq!(record.subject.as_deref(), Some(SUBJECT));
    assert_eq!(record.source.as_deref(), Some("192.0.2.1"));
    assert_eq!(record.data["authorisation"], first.authorisation.to_string());
    assert_eq!(record.data["granted_by"], "user-1");
}

#[tokio::test]
async fn an_idle_refresh_token_expires_and_its_use_ends_the_authorisation() {
    let world = World::new().await;
    let tokens = world.connect().await;
    world.advance(60 * DAY - 1);
    let tokens = world.refresh(refresh_of(&tokens)).await.unwrap();
    world.advance(60 * DAY);
    assert!(!world.is_active(refresh_of(&tokens)).await);
    assert_eq!(world.refresh(refresh_of(&tokens)).await.unwrap_err(), InvalidGrant);
    assert_eq!(world.end_reason(&tokens).await, Some(EndReason::RefreshTokenExpired));
    assert_eq!(world.audit("refresh_token.expired").await.len(), 1);
}

#[tokio::test]
async fn rotation_never_extends_the_absolute_life() {
    let mut spec = confidential(CLIENT);
    spec.refresh_absolute = Some(Duration::from_secs(90 * DAY));
    let world = World::with(spec).await;
    let mut tokens = world.connect().await;
    for _ in 0..2 {
        world.advance(40 * DAY);
        tokens = world.refresh(refresh_of(&tokens)).await.unwrap();
    }
    assert_eq!(tokens.refresh_token_expires_in, Some(Duration::from_secs(10 * DAY)));
    world.advance(10 * DAY);
    assert_eq!(world.refresh(refresh_of(&tokens)).await.unwrap_err(), InvalidGrant);
}

#[tokio::test]
async fn of_twenty_refreshes_at_once_at_most_one_is_answered_and_never_two_branches_live() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let all = futures(20, || world.refresh(refresh_of(&tokens))).await;
    let answered: Vec<_> = all.into_iter().filter_map(Result::ok).collect();
    assert_eq!(answered.len(), 1);
    assert!(!world.works(&answered[0]).await, "the others were replays");
}

/// Runs `count` futures on one task, each a step at a time.
async fn futures<F: Future>(count: usize, make: impl Fn() -> F) -> Vec<F::Output> {
    let mut running: Vec<_> = (0..count).map(|_| Some(Box::pin(make()))).collect();
    let mut done: Vec<Option<F::Output>> = (0..count).map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (slot, result) in running.iter_mut().zip(&mut done) {
            if let Some(future) = slot
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *result = Some(output);
                *slot = None;
            }
        }
        if running.iter().all(Option::is_none) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn anothers_token_is_refused_and_lives_on() {
    let world = World::new().await;
    world.seed(confidential("client-2")).await;
    let tokens = world.connect().await;
    assert_eq!(world.refresh_as("client-2", refresh_of(&tokens)).await.unwrap_err(), InvalidGrant);
    assert!(world.refresh(refresh_of(&tokens)).await.is_ok());
}

#[tokio::test]
async fn without_authentication_a_confidential_client_refreshes_nothing() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let body =
        format!("grant_type=refresh_token&client_id={CLIENT}&refresh_token={}", refresh_of(&tokens).expose());
    let request = oauth::token_request::EncodedRequest { authorization: None, body: Secret::new(body) };
    assert_eq!(world.send_token(&request).await.unwrap_err(), InvalidClient);
    assert!(world.works(&tokens).await);
}

#[tokio::test]
async fn a_public_client_rotates_too() {
    let world = World::with(public("native")).await;
    let first = world.connect_as("native").await;
    let second = world.refresh_as("native", refresh_of(&first)).await.unwrap();
    assert_eq!(world.refresh_as("native", refresh_of(&first)).await.unwrap_err(), InvalidGrant);
    assert!(!world.works(&second).await);
}

#[tokio::test]
async fn a_token_with_a_flipped_character_is_refused_and_ends_nothing() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let text = refresh_of(&tokens).expose();
    for at in [7, 20, 40, 60, text.len() - 1] {
        let mut changed = text.clone();
        let with = if &changed[at..=at] == "A" { "E" } else { "A" };
        changed.replace_range(at..=at, with);
        assert_eq!(world.refresh(&Secret::new(changed)).await.unwrap_err(), InvalidGrant);
    }
    for wrong in ["", "x", tokens.access_token.expose()] {
        assert!(world.refresh(&Secret::new(wrong.to_owned())).await.is_err());
    }
    assert!(world.works(&tokens).await);
}

#[tokio::test]
async fn a_narrower_scope_is_for_that_access_token_alone_and_a_wider_one_is_refused() {
    let mut spec = confidential(CLIENT);
    spec.scope = "users:read accounts:read".parse().unwrap();
    let world = World::with(spec).await;
    let tokens = world.connect_to_all().await;
    assert_eq!(world.refresh_for(&tokens, "users:read companies:read").await.unwrap_err(), InvalidScope);
    let narrow = world.refresh_for(&tokens, "users:read").await.unwrap();
    assert_eq!(narrow.scope.to_string(), "users:read");
    assert_eq!(world.scope_of(&narrow).await, "users:read");
    let whole = world.refresh(refresh_of(&narrow)).await.unwrap();
    assert_eq!(whole.scope.to_string(), "accounts:read users:read");
}

#[tokio::test]
async fn withdrawal_disabling_and_killing_end_tokens_at_once() {
    let world = World::new().await;
    let client = ClientId::from(CLIENT);
    let actor = Actor::User("user-2".to_owned());
    let tokens = world.connect().await;
    let pending = world.code(CLIENT, &world.verifier()).await;
    let ended = world
        .server
        .withdraw(&client, SUBJECT, EndReason::Withdrawn, actor.clone(), &origin())
        .await
        .unwrap();
    assert_eq!(ended, 2, "the code that was not exchanged yet ends too");
    assert!(!world.works(&tokens).await);
    assert_eq!(world.refresh(refresh_of(&tokens)).await.unwrap_err(), InvalidGrant);
    assert_eq!(world.exchange(CLIENT, &pending, REDIRECT, None).await.unwrap_err(), InvalidGrant);
    let again = world
        .server
        .withdraw(&client, SUBJECT, EndReason::Withdrawn, actor.clone(), &origin())
        .await
        .unwrap();
    assert_eq!((again, world.audit("authorisation.withdrawn").await.len()), (0, 1));

    let tokens = world.connect().await;
    assert_eq!(world.server.end_given_by("user-2", actor.clone(), &origin()).await, Ok(0));
    assert!(world.works(&tokens).await);
    assert_eq!(world.server.end_given_by("user-1", actor.clone(), &origin()).await, Ok(1));
    assert!(!world.works(&tokens).await);

    let tokens = world.connect().await;
    let kill = || {
        world.server.end_authorisation(
            tokens.authorisation,
            EndReason::Administrative,
            Actor::System,
            &DEFAULT,
        )
    };
    assert_eq!((kill().await, kill().await), (Ok(true), Ok(false)));
    assert_eq!(world.end_reason(&tokens).await, Some(EndReason::Administrative));
}

static DEFAULT: audit::Origin = audit::Origin { source: None, request_id: None };

#[tokio::test]
async fn a_suspended_subject_stops_everything_and_loses_nothing() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let suspend = |on| world.server.set_subject_suspended(SUBJECT, on, Actor::System, &DEFAULT);
    assert_eq!((suspend(true).await, suspend(true).await), (Ok(true), Ok(false)));
    assert!(!world.works(&tokens).await);
    assert!(!world.is_active(refresh_of(&tokens)).await);
    assert_eq!(world.refresh(refresh_of(&tokens)).await.unwrap_err(), InvalidGrant);
    assert_eq!(suspend(false).await, Ok(true));
    assert!(world.works(&tokens).await);
    assert!(world.refresh(refresh_of(&tokens)).await.is_ok());
}

#[tokio::test]
async fn after_a_restored_backup_a_newer_token_is_refused_and_ends_nothing() {
    let world = World::new().await;
    let first = world.connect().await;
    let backup = world.database.snapshot().unwrap();
    let second = world.refresh(refresh_of(&first)).await.unwrap();
    world.database.restore(&backup).unwrap();
    assert_eq!(world.refresh(refresh_of(&second)).await.unwrap_err(), InvalidGrant);
    assert!(world.works(&first).await);
}

#[tokio::test]
async fn an_access_token_expires() {
    let world = World::new().await;
    let tokens = world.connect().await;
    world.advance(899);
    assert!(world.works(&tokens).await);
    world.advance(1);
    assert!(!world.works(&tokens).await);
    assert!(world.is_active(refresh_of(&tokens)).await);
}
