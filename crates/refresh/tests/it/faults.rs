//! Outages, lost answers, dead processes, a store that refuses.

use std::time::Duration;

use refresh::{AttemptOutcome, DegradedReason, EndReason, GrantState, LendError, Store as _};

use crate::provider::Fault;
use crate::stage::{Stage, token};

const DUE: Duration = Duration::from_mins(14);
const EXPIRED: Duration = Duration::from_mins(16);

#[tokio::test(start_paused = true)]
async fn an_outage_degrades_and_the_old_token_goes_on_being_lent() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(DUE);
    stage.provider.fail_next(Fault::Unreachable);
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a1");
    let reason = DegradedReason::ProviderUnreachable;
    assert!(matches!(stage.row(grant).await.state, GrantState::Degraded { reason: r, .. } if r == reason));
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a1", "nobody hurries the next try");
    assert_eq!(stage.provider.requests(), 0);
    stage.clock.advance(Duration::from_secs(3));
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
    assert_eq!(stage.row(grant).await.state, GrantState::Active);
}

#[tokio::test(start_paused = true)]
async fn refusals_that_are_not_about_the_grant_destroy_nothing() {
    let answers = [
        (Fault::Refuse(401, "invalid_client"), DegradedReason::ClientRefused),
        (Fault::Refuse(400, "invalid_scope"), DegradedReason::Misconfigured),
        (Fault::Refuse(429, "slow_down"), DegradedReason::RateLimited),
    ];
    for (fault, expected) in answers {
        let stage = Stage::pleo();
        let authority = stage.authority("one");
        let grant = stage.grant(&authority).await;
        stage.clock.advance(EXPIRED);
        stage.provider.fail_next(fault);
        let error = authority.lend(grant).await.unwrap_err();
        assert!(
            matches!(error, LendError::Degraded { reason, .. } if reason == expected),
            "{fault:?}: {error:?}"
        );
        stage.clock.advance(Duration::from_mins(1));
        assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2", "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn strict_with_a_question_a_lost_request_is_found_alive_and_sent_again() {
    for fault in [Fault::LoseRequest, Fault::Page(502), Fault::Refuse(500, "invalid_grant")] {
        let stage = Stage::pleo();
        let authority = stage.authority("one");
        let grant = stage.grant(&authority).await;
        stage.clock.advance(EXPIRED);
        stage.provider.fail_next(fault);
        assert!(matches!(authority.lend(grant).await, Err(LendError::Pending { .. })), "{fault:?}");
        let row = stage.row(grant).await;
        assert!(
            matches!(row.state, GrantState::Unknown { .. }) && row.marker.is_some(),
            "{fault:?}: {row:?}"
        );
        stage.clock.advance(Duration::from_secs(30));
        assert!(authority.lend(grant).await.is_err(), "the request may still be on its way");
        assert_eq!(stage.provider.requests(), 1, "{fault:?}");
        stage.clock.advance(Duration::from_secs(31));
        assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2", "{fault:?}");
        assert_eq!((stage.provider.presented("r1"), stage.provider.questions()), (2, 1), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn strict_with_a_question_a_lost_answer_ends_the_grant_with_its_own_reason() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    stage.provider.fail_next(Fault::LoseAnswer);
    authority.lend(grant).await.unwrap_err();
    stage.clock.advance(Duration::from_secs(61));
    authority.schedule_once().await.unwrap();
    let row = stage.row(grant).await;
    assert!(matches!(row.state, GrantState::Ended { reason: EndReason::RefreshAnswerLost, .. }), "{row:?}");
    assert_eq!(stage.provider.presented("r1"), 1, "the dead token was asked about, not presented");
}

#[tokio::test(start_paused = true)]
async fn strict_without_a_question_only_a_refusal_ends_the_grant() {
    let stage = Stage::fortnox();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(DUE);
    stage.provider.fail_next(Fault::LoseRequest);
    assert_eq!(
        token(&authority.lend(grant).await.unwrap()),
        "a1",
        "while it is accepted it goes on being lent"
    );
    stage.clock.advance(Duration::from_secs(90));
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
    stage.clock.advance(EXPIRED);
    stage.provider.fail_next(Fault::LoseAnswer);
    authority.lend(grant).await.unwrap_err();
    stage.clock.advance(Duration::from_secs(90));
    let error = authority.lend(grant).await.unwrap_err();
    assert!(matches!(error, LendError::Ended { reason: EndReason::RefreshAnswerLost, .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn where_the_old_token_lives_a_lost_answer_costs_nothing() {
    let stage = Stage::xero();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    stage.provider.fail_next(Fault::LoseAnswer);
    assert!(matches!(authority.lend(grant).await, Err(LendError::Pending { .. })));
    stage.clock.advance(Duration::from_secs(3));
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a3");
    assert_eq!((stage.provider.presented("r1"), stage.row(grant).await.generation), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_store_does_not_take_is_spilled_and_stored_later() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    stage.fail_store("refresh_store_rotation", 3);
    let lending = tokio::spawn({
        let authority = authority.clone();
        async move { authority.lend(grant).await }
    });
    while stage.spill.len() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(token(&lending.await.unwrap().unwrap()), "a2");
    assert_eq!((stage.spill.len(), stage.row(grant).await.generation), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn an_answer_left_on_disk_by_a_dead_process_is_brought_in_at_the_next_start() {
    let stage = Stage::pleo();
    let grant = stage.grant(&stage.authority("one")).await;
    stage.clock.advance(EXPIRED);
    stage.fail_store("refresh_store_rotation", u32::MAX);
    let runtime = tokio::spawn({
        let authority = stage.authority("one");
        async move { authority.lend(grant).await }
    });
    assert!(matches!(runtime.await.unwrap(), Err(LendError::Pending { .. })), "not lent before it is stored");
    assert_eq!(stage.spill.len(), 1);
    stage.database.set_fault_hook(None);
    let next = stage.authority("two");
    assert_eq!(next.recover().await.unwrap(), 1);
    assert_eq!((stage.spill.len(), stage.row(grant).await.generation), (0, 2));
    assert_eq!(token(&next.lend(grant).await.unwrap()), "a2");
    let attempts = stage.database.attempts(grant, 9).await.unwrap();
    assert_eq!((attempts[0].generation_before, attempts[0].generation_after), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn an_answer_on_disk_that_cannot_be_unsealed_is_not_stored_and_keeps_nothing_from_starting() {
    let stage = Stage::pleo();
    let grant = stage.grant(&stage.authority("one")).await;
    stage.clock.advance(EXPIRED);
    stage.fail_store("refresh_store_rotation", u32::MAX);
    let authority = stage.authority("one");
    assert!(matches!(authority.lend(grant).await, Err(LendError::Pending { .. })));
    stage.database.set_fault_hook(None);
    stage.spill.tamper();
    let next = stage.authority("two");
    assert_eq!(next.recover().await.unwrap(), 0);
    let row = stage.row(grant).await;
    assert_eq!(
        (row.generation, row.marker.is_some()),
        (1, true),
        "it is not known what became of the attempt"
    );
    assert_eq!(stage.spill.len(), 1, "the file is left to the operator");
    assert_eq!(stage.authority("three").recover().await.unwrap(), 0, "at each start anew");
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_a_dead_process_is_taken_over_after_it_stood_still_and_its_marker_counts() {
    let stage = Stage::pleo();
    let authority = stage.authority("two");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(EXPIRED);
    // A process that died between its marker and its answer.
    let refresh::LeaseAnswer::Taken(proof, row) =
        stage.database.take_lease(grant, "dead", None).await.unwrap()
    else {
        panic!("nobody else holds it");
    };
    let marker = refresh::Marker {
        attempt: "att_0190a5b8-7c2e-7000-8000-000000000001".parse().unwrap(),
        generation: row.generation,
        at: base::Clock::now(&*stage.clock),
        unknown_in_a_row: 1,
    };
    assert!(stage.database.begin_attempt(&proof, &marker, refresh::Cause::Use).await.unwrap());
    assert!(
        matches!(authority.lend(grant).await, Err(LendError::Pending { .. })),
        "held: never refreshed unlocked"
    );
    assert_eq!(stage.provider.requests(), 0);
    let clock = stage.clock.clone();
    let ticking = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            clock.advance(Duration::from_secs(1));
        }
    });
    stage.tracker.close();
    stage.tracker.wait().await;
    ticking.abort();
    let row = stage.row(grant).await;
    assert!(
        matches!(row.state, GrantState::Unknown { .. }),
        "the marker of the dead makes the grant unknown: {row:?}"
    );
    stage.tracker.reopen();
    stage.clock.advance(Duration::from_secs(90));
    authority.schedule_once().await.unwrap();
    assert_eq!((stage.provider.questions(), stage.row(grant).await.generation), (1, 2));
    let outcomes: Vec<_> =
        stage.database.attempts(grant, 9).await.unwrap().iter().map(|a| a.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::Advanced, AttemptOutcome::Unknown]);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_revives_a_grant_that_was_ended_because_it_was_missing() {
    let stage = Stage::pleo();
    let one = stage.authority("one");
    let grant = stage.grant(&one).await;
    stage.clock.advance(EXPIRED);
    stage.fail_store("refresh_store_rotation", u32::MAX);
    // The answer is on disk of a process that is stopped; another one asks, and ends the grant.
    assert!(one.lend(grant).await.is_err());
    stage.database.set_fault_hook(None);
    let refresh::LeaseAnswer::Held(held) = stage.database.take_lease(grant, "two", None).await.unwrap()
    else {
        panic!("the first process holds it");
    };
    let refresh::LeaseAnswer::Taken(proof, row) =
        stage.database.take_lease(grant, "two", Some(&held.lease)).await.unwrap()
    else {
        panic!("it stood still");
    };
    let at = base::Clock::now(&*stage.clock);
    let reason = EndReason::RefreshAnswerLost;
    let failure = refresh::Failure {
        grant,
        generation: row.generation,
        state: GrantState::Ended { at, reason },
        marker: None,
        next_action_at: None,
        failures: 1,
        event: None,
        record: refresh::AttemptRecord {
            id: "att_0190a5b8-7c2e-7000-8000-000000000002".parse().unwrap(),
            grant,
            started_at: at,
            finished_at: at,
            instance: "two".to_owned(),
            cause: refresh::Cause::Recovery,
            outcome: AttemptOutcome::FoundDead,
            reason: String::new(),
            lease_wait: Duration::ZERO,
            generation_before: 1,
            generation_after: 1,
        },
    };
    assert!(stage.database.record_failure(&proof, &failure).await.unwrap());
    let next = stage.authority("three");
    next.recover().await.unwrap();
    assert_eq!(token(&next.lend(grant).await.unwrap()), "a2");
    assert_eq!(stage.row(grant).await.state, GrantState::Active);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_does_not_keep_an_answer_off_the_disk() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(DUE);
    let hangs = store::Fault::Delay(Duration::from_secs(30));
    stage.database.fail_next("refresh_store_rotation", 1, hangs);
    let waiting = tokio::time::timeout(Duration::from_secs(5), authority.lend(grant)).await;
    assert!(waiting.is_err(), "nothing is lent before it is stored");
    assert_eq!(stage.spill.len(), 1, "a kill now would lose the only good token");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!((stage.spill.len(), stage.row(grant).await.generation), (0, 2));
    assert_eq!(stage.provider.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_write_that_failed_left_on_disk_is_cleared_once_the_answer_is_stored() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.clock.advance(DUE);
    stage.spill.cannot_sync();
    stage.fail_store("refresh_store_rotation", 2);
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
    assert_eq!((stage.spill.len(), stage.row(grant).await.generation), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_a_young_token_does_not_wait_for_a_store_that_hangs() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a1");
    stage.database.fail_next("refresh_grant", 1, store::Fault::Delay(Duration::from_mins(1)));
    let lent = tokio::time::timeout(Duration::from_secs(2), authority.lend(grant)).await;
    assert_eq!(token(&lent.expect("served from memory").unwrap()), "a1");
}
