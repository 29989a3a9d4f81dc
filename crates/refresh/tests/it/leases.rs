//! Several processes and one grant: who works, who waits, and what a step finds that somebody else has overtaken.

use std::time::Duration;

use base::Clock as _;
use refresh::{
    AttemptOutcome, CredentialKind, EndReason, GrantChange, GrantEvent, GrantId, GrantState, LeaseAnswer,
    LendError, Store as _,
};

use crate::provider::Fault;
use crate::stage::{Stage, pair, token};

const EXPIRED: Duration = Duration::from_mins(16);

#[tokio::test(start_paused = true)]
async fn a_refresh_that_takes_long_keeps_its_lease() {
    let stage = Stage::pleo();
    let (one, two) = (stage.authority("one"), stage.authority("two"));
    let grant = stage.grant(&one).await;
    stage.clock.advance(EXPIRED);
    let _time = stage.let_time_pass();
    stage.provider.fail_next(Fault::Slow(Duration::from_secs(40)));
    let slow = tokio::spawn(async move { one.lend(grant).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..3 {
        assert!(
            matches!(two.lend(grant).await, Err(LendError::Pending { .. })),
            "it waits, and takes nothing over"
        );
    }
    slow.await.unwrap().unwrap_err();
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert_eq!(token(&two.lend(grant).await.unwrap()), "a2");
    assert_eq!((stage.provider.presented("r1"), stage.provider.questions()), (1, 0));
    let attempts = stage.database.attempts(grant, 9).await.unwrap();
    assert_eq!(
        attempts.iter().map(|attempt| attempt.outcome).collect::<Vec<_>>(),
        [AttemptOutcome::Advanced]
    );
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_holder_lives_is_never_taken_over() {
    let stage = Stage::pleo();
    let authority = stage.authority("two");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    let _time = stage.let_time_pass();
    let LeaseAnswer::Taken(proof, _) = stage.database.take_lease(grant, "one", None).await.unwrap() else {
        panic!("nobody else holds it");
    };
    let database = stage.database.clone();
    let holder = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert!(database.renew_lease(&proof).await.unwrap());
        }
    });
    // Well beyond the time for which one flight waits, so that it is seen to give up, too.
    for _ in 0..8 {
        let error = authority.lend(grant).await.unwrap_err();
        let LendError::Pending { retry_at } = error else { panic!("{error:?}") };
        let wait = retry_at.since(stage.clock.now());
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
    }
    assert_eq!((stage.row(grant).await.lease.fence, stage.provider.requests()), (1, 0));
    assert!(!holder.is_finished());
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_lease_is_served_as_soon_as_the_token_is_there() {
    let stage = Stage::pleo();
    let (one, two) = (stage.authority("one"), stage.authority("two"));
    let grant = stage.grant(&one).await;
    stage.clock.advance(EXPIRED);
    stage.provider.fail_next(Fault::Slow(Duration::from_secs(2)));
    // The first process dies after its write: its lease is never given back.
    stage.fail_store("refresh_release_lease", 1);
    let first = tokio::spawn(async move { one.lend(grant).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let waiting = tokio::time::timeout(Duration::from_secs(5), two.lend(grant)).await;
    assert_eq!(token(&waiting.expect("it does not wait for the lease to stand still").unwrap()), "a2");
    assert_eq!(token(&first.await.unwrap().unwrap()), "a2");
    assert_eq!(stage.provider.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_lease_was_taken_over_is_not_sent() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    stage.database.fail_next("refresh_begin_attempt", 1, store::Fault::Delay(Duration::from_secs(1)));
    let lending = tokio::spawn(async move { authority.lend(grant).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    take_over(&stage, grant).await;
    let retry_at = stage.clock.now() + Duration::from_secs(1);
    assert_eq!(lending.await.unwrap().unwrap_err(), LendError::Pending { retry_at });
    assert_eq!((stage.provider.requests(), stage.row(grant).await.marker), (0, None));
}

async fn take_over(stage: &Stage, grant: GrantId) {
    let LeaseAnswer::Held(held) = stage.database.take_lease(grant, "two", None).await.unwrap() else {
        panic!("somebody holds it");
    };
    let taken = stage.database.take_lease(grant, "two", Some(&held.lease)).await.unwrap();
    assert!(matches!(taken, LeaseAnswer::Taken(..)));
}

#[tokio::test(start_paused = true)]
async fn a_marker_that_took_too_long_lets_no_request_leave() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    let _time = stage.let_time_pass();
    stage.database.fail_next("refresh_begin_attempt", 1, store::Fault::Delay(Duration::from_secs(35)));
    authority.lend(grant).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(stage.provider.requests(), 0, "others may already take it for settled when the answer comes");
    assert!(stage.row(grant).await.marker.is_some());
    // Nothing was sent, and that is what the provider says of the token.
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_during_a_refresh_wins_and_its_token_is_lent() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    stage.provider.fail_next(Fault::Slow(Duration::from_secs(2)));
    let lending = tokio::spawn({
        let authority = authority.clone();
        async move { authority.lend(grant).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let row = stage.row(grant).await;
    let given = authority.seal_replacement(&row, "client", CredentialKind::OAuth, &pair(7));
    assert!(stage.database.give(&given).await.unwrap());
    assert_eq!(token(&lending.await.unwrap().unwrap()), "a7");
    assert_eq!(stage.row(grant).await.generation, 2);
    let attempts = stage.database.attempts(grant, 9).await.unwrap();
    assert_eq!(attempts[0].outcome, AttemptOutcome::AnswerNoLongerFits, "recorded, not dropped");
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_was_disconnected_meanwhile_is_not_refreshed_and_not_lent_from_memory() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    authority.follow_once().await.unwrap();
    authority.lend(grant).await.unwrap();
    stage.provider.question_is_dead();
    stage.database.fail_next("refresh_begin_attempt", 1, store::Fault::Delay(Duration::from_secs(1)));
    let rejected = tokio::spawn({
        let authority = authority.clone();
        async move { authority.rejected(grant, 1).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let at = stage.clock.now();
    let reason = EndReason::Disconnected;
    let event = GrantEvent { grant, at, generation: 1, change: GrantChange::Ended { reason } };
    assert!(stage.database.end(grant, 1, &event).await.unwrap());
    assert_eq!(rejected.await.unwrap().unwrap_err(), LendError::Ended { reason, at });
    assert_eq!(authority.lend(grant).await.unwrap_err(), LendError::Ended { reason, at });
    assert_eq!(stage.provider.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_forced_refresh_that_another_process_made_in_vain_is_not_made_again() {
    let stage = Stage::pleo();
    let (one, two) = (stage.authority("one"), stage.authority("two"));
    let grant = stage.grant(&one).await;
    stage.provider.question_is_dead();
    stage.provider.fail_next(Fault::SlowRefusal(Duration::from_secs(3), 429));
    let first = tokio::spawn(async move { one.rejected(grant, 1).await });
    let second = tokio::spawn(async move { two.rejected(grant, 1).await });
    assert!(matches!(first.await.unwrap(), Err(LendError::Degraded { .. })));
    // Its pause is over before the other one gets the lease.
    stage.clock.advance(Duration::from_secs(5));
    let rejected = second.await.unwrap().unwrap();
    assert_eq!((rejected.refreshed, token(&rejected.lent)), (false, "a1"));
    assert_eq!(stage.provider.requests(), 1);
    assert!(matches!(stage.row(grant).await.state, GrantState::Degraded { .. }));
}
