//! An answer that comes in late, while a later attempt with the same refresh token is under way (rule 7).

use std::time::Duration;

use base::Clock as _;
use refresh::spill::{Spill as _, Spilled};
use refresh::{
    AttemptId, Authority, Cause, CredentialKind, EndReason, GrantId, LeaseAnswer, LendError, Marker,
    Store as _,
};

use crate::provider::Fault;
use crate::stage::{Stage, pair, token};

const EXPIRED: Duration = Duration::from_mins(16);

fn attempt(number: u8) -> AttemptId {
    format!("att_0190a5b8-7c2e-7000-8000-00000000000{number}").parse().unwrap()
}

/// Puts the pair `number` on a disk, as the answer of an attempt that presented the grant's first refresh token.
async fn leave_on_disk(stage: &Stage, authority: &Authority, id: GrantId, by: AttemptId, number: u64) {
    let row = stage.row(id).await;
    let first = refresh::Grant { generation: 1, ..row };
    let given = authority.seal_replacement(&first, "client", CredentialKind::OAuth, &pair(number));
    let spilled = Spilled {
        grant: id,
        attempt: by,
        from_generation: 1,
        from_obtained_at: first.granted_at,
        access_token: given.credential.access_token,
        refresh_token: given.credential.refresh_token,
        renews: true,
        scope: None,
        obtained_at: given.given_at,
        expires_at: given.expires_at,
        refresh_token_expires_at: None,
        next_action_at: given.next_action_at,
        started_at: given.given_at,
        instance: "gone".to_owned(),
        cause: Cause::Use,
        lease_wait_millis: 0,
    };
    stage.spill.reserve().await.unwrap().write(&spilled).await.unwrap();
}

/// An attempt of a process that was stopped after its marker.
async fn mark(stage: &Stage, id: GrantId, attempt: AttemptId) {
    let LeaseAnswer::Taken(proof, row) = stage.database.take_lease(id, "stopped", None).await.unwrap() else {
        panic!("nobody else holds it");
    };
    let marker = Marker { attempt, generation: row.generation, at: stage.clock.now(), unknown_in_a_row: 1 };
    assert!(stage.database.begin_attempt(&proof, &marker, Cause::Use).await.unwrap());
    stage.database.release_lease(&proof).await.unwrap();
}

/// A grant that holds the answer of an attempt, while that of a later one with the same refresh token is outstanding.
async fn with_an_answer_outstanding() -> (Stage, Authority, GrantId) {
    let stage = Stage::pleo();
    let one = stage.authority("one");
    let grant = stage.grant(&one).await;
    leave_on_disk(&stage, &one, grant, attempt(1), 7).await;
    mark(&stage, grant, attempt(2)).await;
    stage.remember_all().await;
    assert_eq!(one.recover().await.unwrap(), 1);
    (stage, one, grant)
}

#[tokio::test(start_paused = true)]
async fn the_later_answer_goes_on_top_of_the_one_that_was_brought_in_meanwhile() {
    let stage = Stage::xero();
    let one = stage.authority("one");
    let grant = stage.grant(&one).await;
    stage.clock.advance(EXPIRED);
    leave_on_disk(&stage, &one, grant, attempt(1), 7).await;
    stage.provider.fail_next(Fault::Slow(Duration::from_secs(5)));
    let lending = tokio::spawn({
        let one = one.clone();
        async move { one.lend(grant).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.remember_all().await;
    let two = stage.authority("two");
    assert_eq!(two.recover().await.unwrap(), 1);
    assert_eq!(token(&two.lend(grant).await.unwrap()), "a7", "good, until a later one is there");
    let lent = lending.await.unwrap().unwrap();
    assert_eq!((token(&lent), lent.generation), ("a2", 3));
    let row = stage.row(grant).await;
    assert_eq!((row.generation, row.overtaken), (3, None));
    two.follow_once().await.unwrap();
    let lent = two.lend(grant).await.unwrap();
    assert_eq!((token(&lent), lent.generation), ("a2", 3));
    stage.clock.advance(EXPIRED);
    assert_eq!(token(&two.lend(grant).await.unwrap()), "a3");
    assert_eq!((stage.provider.presented("r2"), stage.provider.presented("r7")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_later_answer_goes_on_top_also_when_it_is_found_on_a_disk() {
    let stage = Stage::xero();
    let one = stage.authority("one");
    let grant = stage.grant(&one).await;
    leave_on_disk(&stage, &one, grant, attempt(1), 7).await;
    leave_on_disk(&stage, &one, grant, attempt(2), 8).await;
    mark(&stage, grant, attempt(2)).await;
    stage.remember_all().await;
    assert_eq!(one.recover().await.unwrap(), 2);
    let lent = one.lend(grant).await.unwrap();
    assert_eq!((token(&lent), lent.generation, stage.spill.len()), ("a8", 3, 0));
    let attempts = stage.database.attempts(grant, 9).await.unwrap();
    let mut generations: Vec<_> =
        attempts.iter().map(|made| (made.generation_before, made.generation_after)).collect();
    generations.sort_unstable();
    assert_eq!(generations, [(1, 2), (2, 3)]);
    let on_top = attempts.iter().find(|made| made.generation_after == 3).unwrap();
    assert!(on_top.reason.contains("earlier attempt"), "{}", on_top.reason);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_while_an_overtaken_answer_is_missing_is_an_answer_lost() {
    let (stage, one, grant) = with_an_answer_outstanding().await;
    stage.clock.advance(EXPIRED);
    let retry_at = stage.clock.now() + Duration::from_mins(1);
    assert_eq!(
        one.lend(grant).await.unwrap_err(),
        LendError::Pending { retry_at },
        "it may still be under way"
    );
    assert_eq!(stage.provider.requests(), 0);
    stage.clock.advance(Duration::from_mins(1));
    let error = one.lend(grant).await.unwrap_err();
    assert!(matches!(error, LendError::Ended { reason: EndReason::RefreshAnswerLost, .. }), "{error:?}");
    // The one that is missing comes after all.
    leave_on_disk(&stage, &one, grant, attempt(2), 1).await;
    stage.remember_all().await;
    assert_eq!(one.recover().await.unwrap(), 1);
    assert_eq!(token(&one.lend(grant).await.unwrap()), "a1", "what the provider holds to be the live one");
}

#[tokio::test(start_paused = true)]
async fn after_a_restore_an_overtaken_answer_that_is_missing_is_an_answer_lost_too() {
    let (stage, _, grant) = with_an_answer_outstanding().await;
    stage.forget().await;
    let two = stage.authority("two");
    two.recover().await.unwrap();
    assert_eq!(two.in_doubt().await.unwrap(), 1);
    let row = stage.row(grant).await;
    assert_eq!((row.marker, row.overtaken), (None, Some(attempt(2))));
    stage.clock.advance(EXPIRED);
    let error = two.lend(grant).await.unwrap_err();
    assert!(matches!(error, LendError::Ended { reason: EndReason::RefreshAnswerLost, .. }), "{error:?}");
}
