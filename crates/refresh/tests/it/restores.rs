//! Restored backups (rule 14).

use std::time::Duration;

use refresh::{DegradedReason, EndReason, GrantState, LendError, Memory as _, Store as _};

use crate::stage::{Stage, token};

const EXPIRED: Duration = Duration::from_mins(16);

#[tokio::test(start_paused = true)]
async fn an_ordinary_restart_puts_nothing_in_doubt() {
    let stage = Stage::pleo();
    let one = stage.authority("one");
    one.recover().await.unwrap();
    let grant = stage.grant(&one).await;
    stage.remember_all().await;
    let two = stage.authority("two");
    two.recover().await.unwrap();
    assert_eq!((two.in_doubt().await.unwrap(), stage.row(grant).await.in_doubt), (0, false));
}

#[tokio::test(start_paused = true)]
async fn after_a_restore_a_provider_with_a_question_is_asked_and_the_living_go_on() {
    let stage = Stage::pleo();
    let grant = stage.grant(&stage.authority("one")).await;
    let backup = stage.database.snapshot().unwrap();
    // Something else happened since, so that the backup is older than the memory.
    stage.grant(&stage.authority("one")).await;
    stage.remember_all().await;
    stage.database.restore(&backup).unwrap();
    let next = stage.authority("two");
    next.recover().await.unwrap();
    assert_eq!(next.in_doubt().await.unwrap(), 1);
    stage.clock.advance(EXPIRED);
    assert_eq!(token(&next.lend(grant).await.unwrap()), "a2");
    assert_eq!((stage.provider.questions(), next.in_doubt().await.unwrap()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_orderly_stop_notes_what_was_stored_last() {
    let stage = Stage::pleo();
    let one = stage.authority("one");
    let grant = stage.grant(&one).await;
    one.recover().await.unwrap();
    stage.clock.advance(EXPIRED);
    one.lend(grant).await.unwrap();
    assert_eq!(stage.memory.recall().await.unwrap(), Some(1));
    one.note_end().await.unwrap();
    assert_eq!(stage.memory.recall().await.unwrap(), Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_stop_after_an_older_copy_was_put_back_does_not_forget_what_was_there() {
    let stage = Stage::pleo();
    let one = stage.authority("one");
    let grant = stage.grant(&one).await;
    one.recover().await.unwrap();
    let backup = stage.database.snapshot().unwrap();
    stage.clock.advance(EXPIRED);
    one.lend(grant).await.unwrap();
    one.follow_once().await.unwrap();
    stage.remember_all().await;
    stage.database.restore(&backup).unwrap();
    one.note_end().await.unwrap();
    assert_eq!(stage.memory.recall().await.unwrap(), Some(2), "the next start is to notice");
}

#[tokio::test(start_paused = true)]
async fn after_a_restore_a_spent_token_is_not_presented() {
    let stage = Stage::pleo();
    let one = stage.authority("one");
    let grant = stage.grant(&one).await;
    let backup = stage.database.snapshot().unwrap();
    stage.clock.advance(EXPIRED);
    one.lend(grant).await.unwrap();
    stage.remember_all().await;
    stage.database.restore(&backup).unwrap();
    let next = stage.authority("two");
    next.recover().await.unwrap();
    // A request whose marker is gone may still be under way.
    assert!(matches!(next.lend(grant).await, Err(LendError::Pending { .. })));
    assert_eq!(stage.provider.questions(), 0);
    stage.clock.advance(Duration::from_secs(61));
    let error = next.lend(grant).await.unwrap_err();
    assert!(matches!(error, LendError::Ended { reason: EndReason::RestoredBackup, .. }), "{error:?}");
    assert_eq!(stage.provider.presented("r1"), 1, "once, before the restore");
}

#[tokio::test(start_paused = true)]
async fn after_a_restore_a_provider_without_a_question_waits_for_the_operator() {
    let stage = Stage::fortnox();
    let grant = stage.grant(&stage.authority("one")).await;
    let backup = stage.database.snapshot().unwrap();
    stage.grant(&stage.authority("one")).await;
    stage.remember_all().await;
    stage.database.restore(&backup).unwrap();
    let next = stage.authority("two");
    next.recover().await.unwrap();
    stage.clock.advance(EXPIRED);
    let waits = LendError::Degraded {
        reason: DegradedReason::PossiblyRestored,
        retry_at: base::Clock::now(&*stage.clock) + Duration::from_hours(1),
    };
    assert_eq!(next.lend(grant).await.unwrap_err(), waits);
    stage.clock.advance(Duration::from_hours(3));
    next.schedule_once().await.unwrap();
    assert!(next.lend(grant).await.is_err());
    assert_eq!((stage.provider.requests(), next.in_doubt().await.unwrap()), (0, 1));
    assert_eq!(
        stage.database.attempts(grant, 9).await.unwrap().len(),
        1,
        "it is told once, not at every call"
    );
    assert_eq!(next.accept_restored().await.unwrap(), 1);
    next.schedule_once().await.unwrap();
    assert_eq!((stage.row(grant).await.state, stage.provider.live()), (GrantState::Active, 2));
}

#[tokio::test(start_paused = true)]
async fn an_instance_without_memory_doubts_a_database_that_holds_grants() {
    let stage = Stage::pleo();
    stage.authority("one").recover().await.unwrap();
    stage.grant(&stage.authority("one")).await;
    stage.forget().await;
    let next = stage.authority("two");
    next.recover().await.unwrap();
    assert_eq!(next.in_doubt().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_database_put_back_under_a_running_instance_is_noticed() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    authority.recover().await.unwrap();
    let grant = stage.grant(&authority).await;
    let backup = stage.database.snapshot().unwrap();
    stage.clock.advance(EXPIRED);
    authority.lend(grant).await.unwrap();
    authority.follow_once().await.unwrap();
    stage.database.restore(&backup).unwrap();
    authority.follow_once().await.unwrap();
    assert_eq!(authority.in_doubt().await.unwrap(), 1);
}
