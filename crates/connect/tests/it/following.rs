//! What one process changes, another one hears of.

use std::time::Duration;

use connect::{Connect, ConnectionId, End, EventType, Unusable};

use crate::stage::Stage;

/// Another process that follows and has this connection in memory.
async fn follower(stage: &Stage, id: ConnectionId) -> Connect {
    let other = stage.second_process();
    other.follow_once().await.unwrap();
    stage.clock.advance(Duration::from_millis(1));
    other.token(id, End::Accounting).await.unwrap();
    other
}

async fn text(connect: &Connect, id: ConnectionId) -> String {
    connect.token(id, End::Accounting).await.unwrap().access_token.expose().clone()
}

#[tokio::test]
async fn another_process_hears_that_a_connection_is_over() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    let other = follower(&stage, id).await;
    stage.connect.disconnect(id).await.unwrap();
    assert_eq!(stage.connect.token(id, End::Accounting).await.unwrap_err(), Unusable::Disconnected, "here");
    other.follow_once().await.unwrap();
    assert_eq!(other.token(id, End::Accounting).await.unwrap_err(), Unusable::Disconnected, "there");
}

#[tokio::test]
async fn another_process_hears_that_a_pair_draws_on_another_sign_in() {
    let stage = Stage::new().await;
    let first = stage.pair("xero", "p-1", "x-1").await;
    let other = follower(&stage, first).await;
    // The provider takes the sign-in back. Whoever then connects the other company signs in for both.
    stage.world.withdraw("xero");
    stage.connect.rejected(first, End::Accounting, 1).await.unwrap_err();
    let (person, next) = stage.start(Stage::request("xero")).await;
    person.back_from("pleo", next, &["p-2"]).await;
    let next = person.go_on().await;
    person.back_from("xero", next, &["x-1", "x-2"]).await;
    stage.connect.choose(person.id, &person.browser, "x-2").await.unwrap();
    stage.connect.confirm(person.id, &person.browser).await.unwrap();
    other.follow_once().await.unwrap();
    assert_eq!(text(&other, first).await, text(&stage.connect, first).await);
    let told = stage.connect.timeline(first, None, 10).await.unwrap();
    let newest = [told[1].event.kind, told[0].event.kind];
    assert_eq!(newest, [EventType::SignInShared, EventType::Recovered], "{told:?}");
    assert!(
        stage.event_types().await.iter().all(|kind| *kind != EventType::SignInShared),
        "no news for backends"
    );
}

#[tokio::test]
async fn a_process_that_follows_no_more_still_sees_it_within_the_bound() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    let other = follower(&stage, id).await;
    stage.connect.disconnect(id).await.unwrap();
    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(other.token(id, End::Accounting).await.unwrap_err(), Unusable::Disconnected);
}

#[tokio::test]
async fn a_revoked_api_token_opens_nothing_in_another_process_after_a_second() {
    let stage = Stage::new().await;
    let made = stage.connect.create_api_token("the backend", connect::Role::Token).await.unwrap();
    let other = stage.second_process();
    other.authenticate(&made.text).await.unwrap();
    assert!(stage.connect.revoke_api_token(made.token.id).await.unwrap());
    stage.connect.authenticate(&made.text).await.unwrap_err();
    stage.clock.advance(Duration::from_secs(1));
    other.authenticate(&made.text).await.unwrap_err();
}
