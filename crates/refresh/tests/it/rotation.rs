//! Rotation by itself: ahead of expiry, for idle grants, and what is written with it.

use std::time::Duration;

use refresh::{AttemptOutcome, Cause, GrantChange, Store as _};

use crate::stage::{Stage, token};

#[tokio::test(start_paused = true)]
async fn a_grant_in_use_is_refreshed_ahead_and_raised_by_one() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    assert_eq!(authority.schedule_once().await.unwrap(), 0, "nothing is due yet");
    stage.clock.advance(Duration::from_mins(13));
    assert_eq!(authority.schedule_once().await.unwrap(), 1);
    let row = stage.row(grant).await;
    assert_eq!((row.generation, row.marker.is_none(), row.lease.owner), (2, true, None));
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
    let attempts = stage.database.attempts(grant, 10).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].cause, attempts[0].outcome), (Cause::Ahead, AttemptOutcome::Advanced));
    assert_eq!((attempts[0].generation_before, attempts[0].generation_after), (1, 2));
    let events = stage.database.events_after(0, 10).await.unwrap();
    assert_eq!(
        events.iter().map(|numbered| (numbered.position, numbered.event.change)).collect::<Vec<_>>(),
        [(1, GrantChange::Given), (2, GrantChange::Refreshed { recovered: false })]
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_grant_is_left_alone_until_a_third_of_its_idle_limit() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(Duration::from_hours(25));
    authority.schedule_once().await.unwrap();
    assert_eq!(
        (stage.provider.requests(), authority.schedule_once().await.unwrap()),
        (0, 0),
        "put off, not refreshed"
    );
    stage.clock.advance(Duration::from_hours(24 * 20));
    authority.schedule_once().await.unwrap();
    assert_eq!(stage.row(grant).await.generation, 2);
    assert_eq!(stage.database.attempts(grant, 1).await.unwrap()[0].cause, Cause::KeepAlive);
}

#[tokio::test(start_paused = true)]
async fn past_the_promised_life_the_provider_is_asked_before_the_token_is_presented() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(Duration::from_hours(24 * 61));
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
    assert_eq!(stage.provider.questions(), 1);
    stage.clock.advance(Duration::from_hours(24 * 61));
    stage.provider.withdraw();
    assert!(authority.lend(grant).await.is_err());
    assert_eq!(stage.provider.presented("r2"), 0, "known to be dead: never presented (rule 13)");
}
