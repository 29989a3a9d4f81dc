//! What an attempt that did not advance leaves: pauses that grow, states that keep their beginning, endings.

use std::time::Duration;

use base::{Clock as _, Timestamp};
use providers::{OldRefreshToken, Question};
use refresh::{
    Authority, DegradedReason, EndReason, GrantChange, GrantId, GrantState, LendError, Store as _,
};

use crate::provider::Fault;
use crate::stage::{Stage, token};

const DUE: Duration = Duration::from_mins(14);
const EXPIRED: Duration = Duration::from_mins(16);

fn seconds_until(at: Option<Timestamp>, stage: &Stage) -> f64 {
    at.expect("it is tried again").since(stage.clock.now()).as_secs_f64()
}

/// An authority with so many grants, whose first tokens were given so long ago.
async fn aged_grants(stage: Stage, number: usize, age: Duration) -> (Stage, Authority, Vec<GrantId>) {
    let authority = stage.authority("one");
    let mut grants = Vec::new();
    for _ in 0..number {
        grants.push(stage.grant(&authority).await);
    }
    stage.clock.advance(age);
    (stage, authority, grants)
}

/// The same with one grant.
async fn aged(stage: Stage, age: Duration) -> (Stage, Authority, GrantId) {
    let (stage, authority, grants) = aged_grants(stage, 1, age).await;
    (stage, authority, grants[0])
}

#[tokio::test(start_paused = true)]
async fn what_came_of_an_attempt_is_written_down_although_the_store_stumbles() {
    let (stage, authority, grant) = aged(Stage::xero(), EXPIRED).await;
    stage.provider.fail_next(Fault::Unreachable);
    stage.fail_store("refresh_record_failure", 1);
    let begun = tokio::time::Instant::now();
    assert!(matches!(authority.lend(grant).await, Err(LendError::Degraded { .. })));
    let took = begun.elapsed();
    assert!(took <= Duration::from_millis(110), "the first pause is a short one: {took:?}");
    let row = stage.row(grant).await;
    assert_eq!((row.failures, row.marker.is_some()), (1, false));
    assert!(seconds_until(row.next_action_at, &stage) > 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_come_back_ends_the_attempt_after_some_seconds() {
    let (stage, authority, grant) = aged(Stage::xero(), EXPIRED).await;
    stage.provider.fail_next(Fault::Unreachable);
    stage.fail_store("refresh_record_failure", u32::MAX);
    let begun = tokio::time::Instant::now();
    assert!(matches!(authority.lend(grant).await, Err(LendError::Store(_))));
    let took = begun.elapsed().as_secs_f64();
    assert!((2.0..5.0).contains(&took), "{took}");
    assert!(stage.row(grant).await.marker.is_some(), "what is not written down counts as unknown");
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_with_each_failure_and_a_state_keeps_its_beginning() {
    let (stage, authority, grant) = aged(Stage::pleo(), EXPIRED).await;
    let begun = stage.clock.now();
    for (failures, longest) in [(1, 2.0), (2, 4.0), (3, 8.0)] {
        stage.provider.fail_next(Fault::Unreachable);
        authority.lend(grant).await.unwrap_err();
        let row = stage.row(grant).await;
        assert_eq!(row.failures, failures);
        let pause = seconds_until(row.next_action_at, &stage);
        assert!(pause >= longest / 2.0 && pause <= longest, "{failures}: {pause}");
        let reason = DegradedReason::ProviderUnreachable;
        assert_eq!(row.state, GrantState::Degraded { since: begun, reason });
        stage.clock.advance(Duration::from_secs(10));
    }
    stage.provider.fail_next(Fault::Refuse(429, "slow_down"));
    authority.lend(grant).await.unwrap_err();
    let told: Vec<_> = (stage.database.events_after(0, 99).await.unwrap().iter())
        .filter_map(|numbered| match numbered.event.change {
            GrantChange::Degraded { reason, again, .. } => Some((reason, again)),
            _ => None,
        })
        .collect();
    let unreachable = DegradedReason::ProviderUnreachable;
    assert_eq!(
        told,
        [
            (unreachable, false),
            (unreachable, true),
            (unreachable, true),
            (DegradedReason::RateLimited, false)
        ],
        "only what is new is told as new"
    );
}

#[tokio::test(start_paused = true)]
async fn after_five_requests_that_found_nobody_the_others_are_held_back_without_one() {
    let (stage, authority, grants) = aged_grants(Stage::pleo(), 6, EXPIRED).await;
    // An answer that was lost found nobody as well as a connection that was refused.
    for fault in
        [Fault::Unreachable, Fault::LoseRequest, Fault::Page(502), Fault::Unreachable, Fault::LoseRequest]
    {
        stage.provider.fail_next(fault);
    }
    for grant in &grants[..5] {
        authority.lend(*grant).await.unwrap_err();
    }
    let requests = stage.provider.requests();
    let error = authority.lend(grants[5]).await.unwrap_err();
    assert!(
        matches!(error, LendError::Degraded { reason: DegradedReason::ProviderUnreachable, .. }),
        "{error:?}"
    );
    let row = stage.row(grants[5]).await;
    assert_eq!((stage.provider.requests(), row.failures, row.marker), (requests, 0, None));
    let pause = seconds_until(row.next_action_at, &stage);
    assert!((3.0..=4.0).contains(&pause), "what the breaker says, and a jitter on top: {pause}");
    stage.clock.advance(Duration::from_secs(5));
    assert_eq!(token(&authority.lend(grants[5]).await.unwrap()), "a2");
}

#[tokio::test(start_paused = true)]
async fn answers_do_not_hold_others_back_however_bad_they_are() {
    let (stage, authority, grants) = aged_grants(Stage::pleo(), 6, EXPIRED).await;
    for grant in grants {
        stage.provider.fail_next(Fault::Refuse(400, "invalid_scope"));
        authority.lend(grant).await.unwrap_err();
    }
    assert_eq!(stage.provider.requests(), 6);
}

#[tokio::test(start_paused = true)]
async fn where_one_client_secret_is_refused_the_other_live_one_is_tried() {
    let stage = Stage::pleo();
    let authority = stage.authority("one");
    let grant = stage.grant(&authority).await;
    stage.secrets(&["new", "old"]);
    stage.provider.accept_only("old");
    stage.clock.advance(DUE);
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
    // The question, too.
    assert!(!authority.rejected(grant, 2).await.unwrap().refreshed);
    assert_eq!(stage.provider.questions(), 1);
    // When none is left, that is no answer to the question, and no refusal of the grant.
    stage.provider.accept_only("another");
    let error = authority.rejected(grant, 2).await.unwrap_err();
    assert!(matches!(error, LendError::Degraded { reason: DegradedReason::ClientRefused, .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_told_end_of_the_refresh_token_is_counted_from_the_answer() {
    let (stage, authority, grant) = aged(Stage::pleo(), DUE).await;
    let body =
        r#"{"access_token":"a2","refresh_token":"r2","expires_in":900,"refresh_token_expires_in":3600}"#;
    stage.provider.answer_next(200, "application/json", body.into());
    authority.lend(grant).await.unwrap();
    let expires_at = stage.clock.now() + Duration::from_hours(1);
    assert_eq!(stage.row(grant).await.refresh_token_expires_at, Some(expires_at));
    stage.clock.advance(Duration::from_hours(1));
    let ended = LendError::Ended { reason: EndReason::Expired, at: expires_at };
    assert_eq!(authority.lend(grant).await.unwrap_err(), ended);
    assert_eq!(stage.provider.presented("r2"), 0, "known to be dead: never presented (rule 13)");
}

#[tokio::test(start_paused = true)]
async fn a_hard_end_is_counted_from_the_consent_and_nothing_is_presented_from_then_on() {
    let (stage, authority, grant) = aged(
        Stage::of("quickbooks", |rotation| rotation.hard_end_seconds = Some(86_400)),
        Duration::from_hours(24) - Duration::from_secs(1),
    )
    .await;
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
    stage.clock.advance(Duration::from_hours(1));
    let error = authority.lend(grant).await.unwrap_err();
    assert!(matches!(error, LendError::Ended { reason: EndReason::Expired, .. }), "{error:?}");
    assert_eq!(stage.provider.presented("r2"), 0);
    assert_eq!(stage.row(grant).await.failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_until_the_request_has_settled_and_is_repeated_with_pauses() {
    let (stage, authority, grant) = aged(Stage::pleo(), EXPIRED).await;
    stage.provider.fail_next(Fault::LoseRequest);
    let settled_at = stage.clock.now() + Duration::from_mins(1);
    assert_eq!(authority.lend(grant).await.unwrap_err(), LendError::Pending { retry_at: settled_at });
    stage.clock.advance(Duration::from_mins(1));
    stage.provider.answer_next(503, "", Vec::new());
    authority.lend(grant).await.unwrap_err();
    let row = stage.row(grant).await;
    assert!(matches!(row.state, GrantState::Unknown { .. }), "silence says nothing: {row:?}");
    let pause = seconds_until(row.next_action_at, &stage);
    assert!((2.0..=4.0).contains(&pause), "{pause}");
    assert_eq!(row.failures, 2);
}

#[tokio::test(start_paused = true)]
async fn where_the_old_token_lives_on_the_next_try_comes_soon() {
    let (stage, authority, grant) = aged(Stage::xero(), EXPIRED).await;
    stage.provider.fail_next(Fault::LoseRequest);
    authority.lend(grant).await.unwrap_err();
    let pause = seconds_until(stage.row(grant).await.next_action_at, &stage);
    assert!((1.0..=2.0).contains(&pause), "{pause}");
}

#[tokio::test(start_paused = true)]
async fn a_window_that_ends_before_the_next_try_is_not_counted_on() {
    // Two minutes for skew, and one millisecond less than the shortest pause.
    let (stage, authority, grant) = aged(
        Stage::of("xero", |rotation| rotation.old_refresh_token = OldRefreshToken::LivesFor(121)),
        EXPIRED,
    )
    .await;
    stage.provider.fail_next(Fault::LoseRequest);
    authority.lend(grant).await.unwrap_err();
    let pause = seconds_until(stage.row(grant).await.next_action_at, &stage);
    assert!(pause >= 60.0, "as late as for a provider whose old token dies at once: {pause}");
}

#[tokio::test(start_paused = true)]
async fn without_a_question_the_next_try_comes_as_late_as_the_old_tokens_life_allows() {
    let (stage, authority, grant) = aged(Stage::fortnox(), Duration::from_mins(13)).await;
    stage.provider.fail_next(Fault::LoseRequest);
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a1");
    let row = stage.row(grant).await;
    let expires_at = row.expires_at.expect("it was told");
    assert_eq!(row.next_action_at, Some(expires_at - Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_stays_unknown_is_told_once_and_looked_into_ever_more_slowly() {
    let (stage, authority, grant) = aged(Stage::fortnox(), EXPIRED).await;
    let begun = stage.clock.now();
    for failures in 1..=20 {
        stage.provider.fail_next(Fault::LoseRequest);
        authority.schedule_once().await.unwrap();
        let row = stage.row(grant).await;
        assert_eq!((row.failures, row.state), (failures, GrantState::Unknown { since: begun }));
        let pause = seconds_until(row.next_action_at, &stage);
        let shortest = if failures == 20 { 640.0 } else { 60.0 };
        assert!(pause >= shortest, "{failures}: {pause}");
        stage.clock.advance(Duration::from_hours(2));
    }
    let changes: Vec<_> = stage.database.events_after(0, 99).await.unwrap();
    let told = changes.iter().filter(|numbered| matches!(numbered.event.change, GrantChange::Unknown { .. }));
    assert_eq!(told.count(), 1);
}

fn probed() -> Stage {
    Stage::of("pleo", |rotation| rotation.question = Question::Probe)
}

#[tokio::test(start_paused = true)]
async fn a_probe_with_the_old_access_token_tells_what_became_of_a_lost_answer() {
    for (fault, alive) in [(Fault::LoseRequest, true), (Fault::LoseAnswer, false)] {
        let (stage, authority, grant) = aged(probed(), Duration::from_mins(13)).await;
        stage.provider.fail_next(fault);
        assert_eq!(token(&authority.lend(grant).await.unwrap()), "a1");
        stage.clock.advance(Duration::from_secs(61));
        authority.schedule_once().await.unwrap();
        let row = stage.row(grant).await;
        assert_eq!((stage.provider.questions(), row.generation), (1, if alive { 2 } else { 1 }), "{fault:?}");
        let lost = matches!(row.state, GrantState::Ended { reason: EndReason::RefreshAnswerLost, .. });
        assert_eq!(lost, !alive, "{fault:?}: {row:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_access_token_that_has_expired_anyway_is_no_probe() {
    let (stage, authority, grant) = aged(probed(), EXPIRED).await;
    stage.provider.fail_next(Fault::LoseRequest);
    authority.lend(grant).await.unwrap_err();
    stage.clock.advance(Duration::from_secs(61));
    authority.schedule_once().await.unwrap();
    let row = stage.row(grant).await;
    assert!(matches!(row.state, GrantState::Unknown { .. }), "its refusal would say nothing: {row:?}");
    assert_eq!(stage.provider.questions(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_found_alive_is_not_asked_about_again_when_the_next_request_does_not_leave() {
    let (stage, authority, grant) = aged(Stage::pleo(), EXPIRED).await;
    stage.provider.fail_next(Fault::LoseRequest);
    authority.lend(grant).await.unwrap_err();
    stage.clock.advance(Duration::from_secs(61));
    stage.provider.fail_next(Fault::Unreachable);
    authority.lend(grant).await.unwrap_err();
    let row = stage.row(grant).await;
    assert_eq!((row.marker, row.state.as_str()), (None, "degraded"), "nothing is unknown any more");
    stage.clock.advance(Duration::from_secs(10));
    assert_eq!(token(&authority.lend(grant).await.unwrap()), "a2");
    assert_eq!(stage.provider.questions(), 1);
}
