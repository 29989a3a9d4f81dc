//! After a restore (rule 14): what is written down, who is told when to come back, and which doubts are one.

use std::time::Duration;

use base::Clock as _;
use refresh::{DegradedReason, LendError, Memory as _, Store as _};

use crate::stage::{Stage, token};

const EXPIRED: Duration = Duration::from_mins(16);

#[tokio::test(start_paused = true)]
async fn a_start_notes_where_the_database_stands() {
    let stage = Stage::pleo();
    stage.grant(&stage.authority("one")).await;
    stage.grant(&stage.authority("one")).await;
    stage.authority("two").recover().await.unwrap();
    assert_eq!(stage.memory.recall().await.unwrap(), Some(2));
}

#[tokio::test(start_paused = true)]
async fn instances_that_find_the_same_restore_make_one_doubt_of_it() {
    let stage = Stage::pleo();
    stage.grant(&stage.authority("one")).await;
    let start = async |instance: &str| {
        stage.forget().await;
        stage.authority(instance).recover().await.unwrap();
        stage.database.in_doubt().await.unwrap()
    };
    assert_eq!(start("two").await, 1);
    assert_eq!(stage.authority("two").accept_restored().await.unwrap(), 1);
    stage.clock.advance(Duration::from_secs(119));
    assert_eq!(start("three").await, 0, "what the operator has accepted stays so");
    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(start("four").await, 1, "two minutes later it is another one");
}

#[tokio::test(start_paused = true)]
async fn a_step_back_after_a_doubt_is_another_restore_however_soon_it_comes() {
    let stage = Stage::pleo();
    stage.grant(&stage.authority("one")).await;
    stage.forget().await;
    let two = stage.authority("two");
    two.recover().await.unwrap();
    assert_eq!(two.accept_restored().await.unwrap(), 1);
    let backup = stage.database.snapshot().unwrap();
    stage.grant(&two).await;
    two.follow_once().await.unwrap();
    stage.clock.advance(Duration::from_secs(30));
    stage.database.restore(&backup).unwrap();
    two.follow_once().await.unwrap();
    assert_eq!(two.in_doubt().await.unwrap(), 1);
    // Who finds the same one a little later adds nothing to it.
    let epoch = stage.database.epoch().await.unwrap().number;
    assert_eq!(two.accept_restored().await.unwrap(), 1);
    stage.forget().await;
    stage.authority("three").recover().await.unwrap();
    assert_eq!((two.in_doubt().await.unwrap(), stage.database.epoch().await.unwrap().number), (0, epoch));
}

#[tokio::test(start_paused = true)]
async fn a_suspicion_that_could_not_be_written_down_is_acted_on_although_others_have_written_since() {
    let stage = Stage::pleo();
    let one = stage.authority("one");
    let grant = stage.grant(&one).await;
    one.recover().await.unwrap();
    let backup = stage.database.snapshot().unwrap();
    stage.grant(&one).await;
    one.follow_once().await.unwrap();
    stage.database.restore(&backup).unwrap();
    stage.fail_store("refresh_raise_epoch", 1);
    one.follow_once().await.unwrap_err();
    for _ in 0..2 {
        stage.grant(&stage.authority("two")).await;
    }
    one.follow_once().await.unwrap();
    assert_eq!(one.in_doubt().await.unwrap(), 3);
    stage.clock.advance(EXPIRED);
    assert_eq!(token(&one.lend(grant).await.unwrap()), "a2", "asked, and refreshed");
}

#[tokio::test(start_paused = true)]
async fn a_question_about_what_was_restored_waits_for_requests_that_may_be_under_way() {
    let stage = Stage::pleo();
    let grant = stage.grant(&stage.authority("one")).await;
    stage.forget().await;
    stage.clock.advance(EXPIRED);
    let next = stage.authority("two");
    next.recover().await.unwrap();
    let retry_at = stage.clock.now() + Duration::from_mins(1);
    assert_eq!(next.lend(grant).await.unwrap_err(), LendError::Pending { retry_at });
    stage.clock.advance(Duration::from_mins(1));
    assert_eq!(token(&next.lend(grant).await.unwrap()), "a2");
}

#[tokio::test(start_paused = true)]
async fn what_another_instance_has_found_counts_from_when_it_is_learned() {
    let stage = Stage::pleo();
    let grant = stage.grant(&stage.authority("one")).await;
    stage.forget().await;
    let two = stage.authority("two");
    two.recover().await.unwrap();
    stage.clock.advance(EXPIRED);
    assert_eq!(token(&two.lend(grant).await.unwrap()), "a2", "its own doubt is long over");
    stage.clock.advance(EXPIRED);
    let number = stage.database.epoch().await.unwrap().number;
    assert!(stage.database.raise_epoch(number, stage.clock.now()).await.unwrap());
    let retry_at = stage.clock.now() + Duration::from_mins(1);
    assert_eq!(two.lend(grant).await.unwrap_err(), LendError::Pending { retry_at });
    stage.clock.advance(Duration::from_mins(1));
    assert_eq!(token(&two.lend(grant).await.unwrap()), "a3");
}

#[tokio::test(start_paused = true)]
async fn a_step_back_seen_when_a_doubt_is_to_be_settled_is_no_second_restore() {
    let stage = Stage::pleo();
    let one = stage.authority("one");
    let grant = stage.grant(&one).await;
    one.recover().await.unwrap();
    let backup = stage.database.snapshot().unwrap();
    stage.grant(&one).await;
    one.follow_once().await.unwrap();
    stage.clock.advance(EXPIRED);
    stage.database.restore(&backup).unwrap();
    let number = stage.database.epoch().await.unwrap().number;
    assert!(stage.database.raise_epoch(number, stage.clock.now()).await.unwrap());
    let retry_at = stage.clock.now() + Duration::from_mins(1);
    assert_eq!(one.lend(grant).await.unwrap_err(), LendError::Pending { retry_at });
    one.follow_once().await.unwrap();
    assert_eq!(stage.database.epoch().await.unwrap().number, number + 1, "the other instance has told of it");
    stage.clock.advance(Duration::from_mins(1));
    assert_eq!(token(&one.lend(grant).await.unwrap()), "a2");
}

#[tokio::test(start_paused = true)]
async fn where_an_old_token_always_works_a_restore_asks_nobody() {
    let stage = Stage::of("business-central", |_| {});
    let grant = stage.grant(&stage.authority("one")).await;
    stage.forget().await;
    stage.clock.advance(EXPIRED);
    let next = stage.authority("two");
    next.recover().await.unwrap();
    assert_eq!(next.in_doubt().await.unwrap(), 1);
    assert_eq!(token(&next.lend(grant).await.unwrap()), "a2");
    assert_eq!((stage.provider.questions(), next.in_doubt().await.unwrap()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_operator_is_told_to_come_back_in_a_minute() {
    let stage = Stage::fortnox();
    let grant = stage.grant(&stage.authority("one")).await;
    stage.forget().await;
    stage.clock.advance(EXPIRED);
    let next = stage.authority("two");
    next.recover().await.unwrap();
    next.lend(grant).await.unwrap_err();
    let reason = DegradedReason::PossiblyRestored;
    let retry_at = stage.clock.now() + Duration::from_mins(1);
    assert_eq!(next.lend(grant).await.unwrap_err(), LendError::Degraded { reason, retry_at });
}

#[tokio::test(start_paused = true)]
async fn a_restore_noticed_while_a_marker_is_being_written_lets_no_request_leave() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    // Another instance has told of a restore a moment ago, so that this one is counted with it, and no grant is put in doubt.
    stage.forget().await;
    stage.authority("two").recover().await.unwrap();
    stage.authority("two").accept_restored().await.unwrap();
    stage.provider.question_is_dead();
    stage.database.fail_next("refresh_begin_attempt", 1, store::Fault::Delay(Duration::from_secs(2)));
    let rejected = tokio::spawn({
        let authority = authority.clone();
        async move { authority.rejected(grant, 1).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let backup = stage.database.snapshot().unwrap();
    stage.grant(&authority).await;
    authority.follow_once().await.unwrap();
    stage.database.restore(&backup).unwrap();
    authority.follow_once().await.unwrap();
    assert!(matches!(rejected.await.unwrap(), Err(LendError::Store(_))));
    assert_eq!(stage.provider.requests(), 0, "its token was perhaps spent since the backup");
}
