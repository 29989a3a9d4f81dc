//! Lending, refusals, outages and the feed.

use std::time::Duration;

use connect::{End, EventType, StateKind, Unusable};

use crate::stage::Stage;

#[tokio::test]
async fn an_older_generation_does_nothing() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    stage.clock.advance(Duration::from_mins(14));
    assert_eq!(stage.connect.token(id, End::Platform).await.unwrap().generation, 2);
    let before = stage.world.journal("pleo").len();
    let answer = stage.connect.rejected(id, End::Platform, 1).await.unwrap();
    assert_eq!((answer.generation, answer.refreshed), (2, true));
    assert_eq!(stage.world.journal("pleo").len(), before);
    assert_eq!(stage.connect.rejected(id, End::Platform, 9).await.unwrap_err(), Unusable::NoSuchGeneration);
}

#[tokio::test]
async fn a_refusal_of_a_living_token_is_the_apis_own_matter() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    let answer = stage.connect.rejected(id, End::Platform, 1).await.unwrap();
    assert_eq!((answer.generation, answer.refreshed), (1, false));
}

#[tokio::test]
async fn an_outage_degrades_and_recovers() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    stage.world.at("fortnox", |fortnox| fortnox.down = true);
    stage.clock.advance(Duration::from_mins(16));
    let refused = stage.connect.token(id, End::Accounting).await.unwrap_err();
    assert!(matches!(refused, Unusable::RefreshPending { .. } | Unusable::Degraded { .. }), "{refused:?}");
    let types = stage.event_types().await;
    assert!(types.contains(&EventType::Degraded), "{types:?}");
    assert_eq!(stage.connection(id).await.state(), StateKind::Degraded);
    stage.world.at("fortnox", |fortnox| fortnox.down = false);
    stage.clock.advance(Duration::from_mins(3));
    stage.authority.schedule_once().await.unwrap();
    assert_eq!(stage.connection(id).await.state(), StateKind::Active);
    let types = stage.event_types().await;
    let of_connection: Vec<_> =
        types.into_iter().filter(|kind| kind.as_str().starts_with("connection.")).collect();
    assert_eq!(of_connection, [EventType::Activated, EventType::Degraded, EventType::Recovered]);
}

#[tokio::test]
async fn a_person_who_does_not_come_is_asked_again() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    stage.world.withdraw("fortnox");
    stage.clock.advance(Duration::from_mins(20));
    stage.connect.token(id, End::Accounting).await.unwrap_err();
    let asked = async || {
        let types = stage.event_types().await;
        types.into_iter().filter(|kind| *kind == EventType::AttentionRequired).count()
    };
    assert_eq!(asked().await, 1);
    for (days, times) in [(2, 1), (1, 2), (0, 2), (4, 3), (7, 4), (30, 4)] {
        stage.clock.advance(Duration::from_hours(24 * days));
        stage.connect.announce().await.unwrap();
        assert_eq!(asked().await, times, "{days} days later");
    }
}

#[tokio::test]
async fn the_feed_goes_on_where_a_reader_stopped() {
    let stage = Stage::new().await;
    stage.pair("fortnox", "p-2", "1001").await;
    let first = stage.events().await;
    assert_eq!(first.len(), 1);
    let cursor = first[0].position;
    assert!(stage.connect.events(cursor, 10, Duration::from_millis(20)).await.unwrap().is_empty());
    // A reader that waits is woken.
    let connect = stage.connect.clone();
    let reader = async move { connect.events(cursor, 10, Duration::from_secs(30)).await };
    let (news, _) = futures_util::future::join(reader, stage.pair("xero", "p-1", "x-1")).await;
    let news = news.unwrap();
    assert_eq!(news.len(), 1);
    assert!(news[0].position > cursor);
    assert_eq!(news[0].event.kind, EventType::Activated);
}

#[tokio::test]
async fn settings_outlive_everything_that_happens_to_credentials() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    let patch = |text: &str| serde_json::from_str(text).unwrap();
    stage
        .connect
        .change_settings(id, Some("ours"), &patch(r#"{"a": 1, "b": {"c": 2, "d": 3}}"#))
        .await
        .unwrap();
    let found =
        stage.connect.change_settings(id, None, &patch(r#"{"a": null, "b": {"c": null}}"#)).await.unwrap();
    assert_eq!(serde_json::to_string(&found.connection.settings).unwrap(), r#"{"b":{"d":3}}"#);
    stage.world.withdraw("fortnox");
    stage.clock.advance(Duration::from_mins(20));
    stage.connect.token(id, End::Accounting).await.unwrap_err();
    let after = stage.connection(id).await;
    assert_eq!((after.reference.as_deref(), after.settings.len()), (Some("ours"), 1));
}
