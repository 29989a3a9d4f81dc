//! Credentials as they are given: API keys, replacements, lives that nobody told.

use std::time::Duration;

use base::{Clock as _, Secret};
use refresh::{
    Authority, CredentialKind, EndReason, GrantId, GrantState, LendError, NewCredential, Store as _,
};

use crate::stage::{Stage, pair, token};

fn key(text: &str) -> NewCredential {
    NewCredential {
        access_token: Secret::new(text.to_owned()),
        refresh_token: None,
        expires_in: None,
        refresh_token_expires_in: None,
        scope: None,
    }
}

/// A key in memory, where it is served from.
async fn given_key(stage: &Stage, authority: &Authority) -> GrantId {
    let given = stage.seal(authority, CredentialKind::ApiKey, &key("k1"));
    assert!(stage.database.give(&given).await.unwrap());
    authority.follow_once().await.unwrap();
    assert_eq!(token(&authority.lend(given.grant).await.unwrap()), "k1");
    given.grant
}

#[tokio::test(start_paused = true)]
async fn a_key_that_an_api_refuses_is_neither_asked_about_nor_refreshed() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = given_key(&stage, &authority).await;
    let rejected = authority.rejected(grant, 1).await.unwrap();
    assert_eq!((rejected.refreshed, token(&rejected.lent)), (false, "k1"));
    assert_eq!((stage.provider.questions(), stage.provider.requests()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_provider_refuses_is_over_and_gone_from_memory() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = given_key(&stage, &authority).await;
    authority.key_refused(grant, 1).await.unwrap();
    let ended = LendError::Ended { reason: EndReason::KeyRefused, at: stage.clock.now() };
    assert_eq!(authority.lend(grant).await.unwrap_err(), ended);
    assert!(stage.row(grant).await.credential.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_replaced_key_is_lent_at_once_and_a_refusal_of_the_old_one_does_not_touch_it() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = given_key(&stage, &authority).await;
    let row = stage.row(grant).await;
    let given = authority.seal_replacement(&row, "client", CredentialKind::ApiKey, &key("k2"));
    assert!(stage.database.give(&given).await.unwrap());
    authority.changed(grant);
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "k2");
    authority.key_refused(grant, 1).await.unwrap();
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "k2");
}

#[tokio::test(start_paused = true)]
async fn a_life_that_nobody_told_is_the_catalogues_for_a_token_and_endless_for_a_key() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let untold = NewCredential {
        expires_in: None,
        refresh_token_expires_in: Some(Duration::from_hours(1)),
        ..pair(1)
    };
    let token = stage.seal(&authority, CredentialKind::OAuth, &untold);
    assert_eq!(token.expires_at, Some(stage.clock.now() + Duration::from_mins(15)));
    assert_eq!(token.refresh_token_expires_at, Some(stage.clock.now() + Duration::from_hours(1)));
    assert!(token.next_action_at < token.expires_at, "it is refreshed ahead");
    let key = stage.seal(&authority, CredentialKind::ApiKey, &key("k1"));
    assert_eq!((key.expires_at, key.next_action_at), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_key_past_its_date_ends_without_a_request() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let dated = NewCredential { expires_in: Some(Duration::from_hours(24)), ..key("k1") };
    let given = stage.seal(&authority, CredentialKind::ApiKey, &dated);
    assert!(stage.database.give(&given).await.unwrap());
    stage.clock.advance(Duration::from_hours(24));
    assert_eq!(authority.schedule_once().await.unwrap(), 1, "its date is when it is looked at");
    let row = stage.row(given.grant).await;
    assert!(matches!(row.state, GrantState::Ended { reason: EndReason::Expired, .. }), "{row:?}");
    assert_eq!((stage.provider.questions(), stage.provider.requests()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_good_answer_proves_the_credential_that_earned_it_and_no_later_one() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(Duration::from_mins(1));
    authority.note_proven(grant, 1).await.unwrap();
    assert_eq!(stage.row(grant).await.proven_at, stage.clock.now());
    stage.clock.advance(Duration::from_mins(14));
    authority.lend(grant).await.unwrap();
    let proven_at = stage.row(grant).await.proven_at;
    stage.clock.advance(Duration::from_mins(1));
    authority.note_proven(grant, 1).await.unwrap();
    assert_eq!(stage.row(grant).await.proven_at, proven_at);
}
