//! Lending: from memory, shared refreshes, refusals that callers report.

use std::time::Duration;

use base::Clock as _;
use refresh::{Cause, EndReason, LendError, Store as _};

use crate::provider::Fault;
use crate::stage::{Stage, token};

const DUE: Duration = Duration::from_mins(14);
const EXPIRED: Duration = Duration::from_mins(16);

#[tokio::test(start_paused = true)]
async fn a_young_token_comes_from_memory_without_the_database() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    authority.follow_once().await.unwrap();
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a1");
    stage.fail_store("refresh_grant", u32::MAX);
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a1");
}

#[tokio::test(start_paused = true)]
async fn memory_is_trusted_for_a_second_and_then_only_while_the_store_is_away() {
    let stage = Stage::pleo();
    let (one, two) = (stage.authority("one"), stage.authority("two"));
    let grant = stage.grant(&one).await;
    one.follow_once().await.unwrap();
    one.lend(grant).await.unwrap();
    stage.clock.advance(DUE);
    two.lend(grant).await.unwrap();
    // Back before its margin on one's own clock, so that nothing but the follower can tell that it is dead.
    stage.clock.step_millis(-i64::try_from(DUE.as_millis()).unwrap());
    assert_eq!(
        token(&one.lend(grant).await.unwrap()),
        "a2",
        "the bound of a second has passed: the store is asked"
    );
    stage.clock.advance(Duration::from_secs(5));
    stage.fail_store("refresh_grant", 1);
    assert_eq!(token(&one.lend(grant).await.unwrap()), "a2", "the store is away: what is in memory is used");
}

#[tokio::test(start_paused = true)]
async fn the_follower_drops_what_another_process_has_rotated() {
    let stage = Stage::pleo();
    let (one, two) = (stage.authority("one"), stage.authority("two"));
    let grant = stage.grant(&one).await;
    one.follow_once().await.unwrap();
    one.lend(grant).await.unwrap();
    stage.provider.question_is_dead();
    assert!(two.rejected(grant, 1).await.unwrap().refreshed);
    assert_eq!(token(&one.lend(grant).await.unwrap()), "a1", "within the bound of a second nobody has told");
    one.follow_once().await.unwrap();
    stage.fail_store("refresh_grant", u32::MAX);
    assert!(one.lend(grant).await.is_err(), "the dead token is gone from memory");
}

#[tokio::test(start_paused = true)]
async fn two_hundred_callers_of_three_processes_share_one_refresh() {
    let stage = Stage::pleo();
    let authorities = [stage.authority("one"), stage.authority("two"), stage.authority("three")];
    let grant = stage.grant(&authorities[0]).await;
    stage.clock.advance(EXPIRED);
    stage.provider.fail_next(Fault::Slow(Duration::from_secs(2)));
    let callers = (0..200).map(|n| {
        let authority = authorities[n % 3].clone();
        tokio::spawn(async move { authority.lend(grant).await.map(|lent| lent.generation) })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap(), Ok(2));
    }
    assert_eq!(
        (stage.provider.presented("r1"), stage.provider.most_in_flight(), stage.provider.live()),
        (1, 1, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_hangs_up_does_not_stop_the_refresh() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    stage.provider.fail_next(Fault::Slow(Duration::from_secs(2)));
    let hung_up = tokio::time::timeout(Duration::from_secs(1), authority.lend(grant)).await;
    assert!(hung_up.is_err());
    stage.tracker.close();
    stage.tracker.wait().await;
    assert_eq!(stage.row(grant).await.generation, 2);
    assert_eq!(stage.provider.presented("r1"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_takes_long_does_not_hold_its_callers_for_ever() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(DUE);
    stage.provider.fail_next(Fault::Slow(Duration::from_secs(50)));
    // Not expired yet: after the bounded wait the old one is lent.
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a1");
    stage.clock.advance(EXPIRED);
    let retry_at = stage.clock.now() + Duration::from_secs(1);
    assert_eq!(authority.lend(grant).await.unwrap_err(), LendError::Pending { retry_at });
}

#[tokio::test(start_paused = true)]
async fn a_token_is_refreshed_from_the_moment_it_is_due() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    let due_at = stage.row(grant).await.next_action_at.expect("it expires");
    let until_due = due_at.since(stage.clock.now());
    stage.clock.advance(until_due.saturating_sub(Duration::from_millis(1)));
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a1");
    stage.clock.advance(Duration::from_millis(1));
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_panics_answers_its_callers_and_does_not_stand_in_the_way_of_the_next() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    stage.database.set_fault_hook(Some(std::sync::Arc::new(|name| {
        assert_ne!(name, "refresh_take_lease", "a defect, as far as the authority can tell");
        None
    })));
    let retry_at = stage.clock.now() + Duration::from_secs(1);
    assert_eq!(authority.lend(grant).await.unwrap_err(), LendError::Pending { retry_at });
    stage.database.set_fault_hook(None);
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_rotation_under_way_and_is_told_when_to_come_back() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    drop(authority.enter(grant).await.unwrap());
    stage.clock.advance(EXPIRED);
    stage.provider.fail_next(Fault::Slow(Duration::from_secs(15)));
    let lending = tokio::spawn({
        let authority = authority.clone();
        async move { authority.lend(grant).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let retry_at = stage.clock.now() + Duration::from_secs(10);
    assert_eq!(authority.enter(grant).await.unwrap_err(), LendError::Pending { retry_at });
    authority.enter(grant).await.expect("the rotation is over by now");
    assert_eq!(stage.row(grant).await.generation, 2);
    lending.await.unwrap().unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_forced_refresh_is_held_back_by_another_forced_one_within_five_minutes_and_by_nothing_else() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    authority.lend(grant).await.unwrap();
    stage.clock.advance(Duration::from_mins(1));
    stage.provider.question_is_dead();
    assert!(
        authority.rejected(grant, 2).await.unwrap().refreshed,
        "an ordinary refresh a minute ago does not count"
    );
    stage.clock.advance(Duration::from_mins(5) - Duration::from_secs(1));
    assert!(!authority.rejected(grant, 3).await.unwrap().refreshed);
    stage.clock.advance(Duration::from_secs(1));
    assert!(authority.rejected(grant, 3).await.unwrap().refreshed);
}

#[tokio::test(start_paused = true)]
async fn a_forced_refresh_counts_from_its_marker_whatever_became_of_its_process() {
    let stage = Stage::pleo();
    let (one, two) = (stage.authority("one"), stage.authority("two"));
    let grant = stage.grant(&one).await;
    stage.provider.question_is_dead();
    stage.provider.fail_next(Fault::Slow(Duration::from_mins(1)));
    let first = tokio::spawn(async move { one.rejected(grant, 1).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let rejected = two.rejected(grant, 1).await.unwrap();
    assert_eq!((rejected.refreshed, token(&rejected.lent)), (false, "a1"));
    assert_eq!((stage.provider.requests(), stage.provider.questions()), (1, 1));
    assert!(stage.row(grant).await.marker.is_some(), "no outcome of it is known yet");
    first.abort();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_forced_where_the_provider_refuses_a_refresh_so_early() {
    let stage = Stage::of("exact-online", |_| {});
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(Duration::from_mins(15) - Duration::from_secs(31));
    let rejected = authority.rejected(grant, 1).await.unwrap();
    assert_eq!((rejected.refreshed, token(&rejected.lent), stage.provider.requests()), (false, "a1", 0));
    stage.clock.advance(Duration::from_secs(1));
    assert!(authority.rejected(grant, 1).await.unwrap().refreshed);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_asked_about_before_it_is_refreshed() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    let rejected = authority.rejected(grant, 1).await.unwrap();
    assert!(!rejected.refreshed, "alive: the refusal is the API's own");
    assert_eq!((stage.provider.questions(), stage.provider.requests()), (1, 0));
    stage.provider.question_is_dead();
    let rejected = authority.rejected(grant, 1).await.unwrap();
    assert_eq!((rejected.refreshed, rejected.lent.generation), (true, 2));
    let older = authority.rejected(grant, 1).await.unwrap();
    assert_eq!((older.refreshed, older.lent.generation, stage.provider.requests()), (true, 2, 1));
    let again = authority.rejected(grant, 2).await.unwrap();
    assert_eq!(
        (again.refreshed, stage.provider.requests()),
        (false, 1),
        "at most one forced refresh in five minutes"
    );
    let attempts = stage.database.attempts(grant, 10).await.unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.cause).collect::<Vec<_>>(), [Cause::Rejected]);
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_grant_ends_once_and_its_credential_is_gone() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.provider.withdraw();
    let ended = LendError::Ended { reason: EndReason::AccessWithdrawn, at: stage.clock.now() };
    assert_eq!(authority.rejected(grant, 1).await.unwrap_err(), ended);
    assert_eq!(authority.lend(grant).await.unwrap_err(), ended);
    assert!(stage.row(grant).await.credential.is_none());
    stage.clock.advance(EXPIRED);
    assert_eq!(authority.lend(grant).await.unwrap_err(), ended);
    assert_eq!(stage.provider.presented("r1"), 1, "no retry after a refusal");
}
