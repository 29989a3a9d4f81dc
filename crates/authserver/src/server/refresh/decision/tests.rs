use base::testing::SeededEntropy;
use seal::Sealed;

use super::*;
use crate::authorisation::{IssuedAccess, Predecessor};
use crate::keyed_hash::KeyedHash;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn hash() -> KeyedHash {
    KeyedHash::make(&seal::testing::keys(&SeededEntropy::new(1)), "c", b"r", b"s")
}

fn refresh(lives: u64) -> IssuedRefresh {
    IssuedRefresh {
        generation: 5,
        hash: hash(),
        issued_at: NOW,
        expires_at: NOW + Duration::from_secs(lives),
    }
}

fn tokens() -> ActiveTokens {
    ActiveTokens {
        generation: 5,
        issued_at: NOW,
        access: Some(IssuedAccess {
            hash: hash(),
            expires_at: NOW + Duration::from_mins(15),
            narrowed_scope: None,
        }),
        refresh: Some(refresh(1000)),
        absolute_expires_at: None,
        predecessor: None,
    }
}

fn decided(rules: &RotationRules, presented: &PresentedRefresh<'_>, later: u64) -> Decision {
    decide(rules, &tokens(), presented, NOW + Duration::from_secs(later))
}

#[test]
fn the_current_one_rotates_until_it_expires() {
    let rules = RotationRules::strict();
    let current = refresh(1000);
    let Decision::Rotate(plan) = decided(&rules, &PresentedRefresh::Current(&current), 999) else { panic!() };
    assert_eq!((plan.next, plan.retire, plan.forget_earlier_refresh), (NextRefresh::New, None, false));
    let expired = decided(&rules, &PresentedRefresh::Current(&current), 1000);
    assert_eq!(expired, Decision::End(EndReason::RefreshTokenExpired));
}

#[test]
fn a_replay_ends_or_is_refused_as_ruled_and_the_unknown_is_always_refused() {
    let replay = PresentedRefresh::RotatedOut;
    assert_eq!(decided(&RotationRules::strict(), &replay, 0), Decision::End(EndReason::RefreshTokenReplayed));
    assert_eq!(decided(&RotationRules::stand_in(RotationPolicy::Strict), &replay, 0), Decision::Refuse);
    assert_eq!(decided(&RotationRules::strict(), &PresentedRefresh::Unknown, 0), Decision::Refuse);
}

#[test]
fn a_predecessor_is_answered_again_while_its_successor_is_unused_and_the_window_open() {
    let rules = RotationRules::retry_window(30);
    let retry_until = NOW + Duration::from_secs(30);
    let before = |successor| Predecessor { generation: 4, hash: hash(), retry_until, successor };
    let unused = before(Some(Sealed::from_bytes(vec![1])));
    let replayed = Decision::End(EndReason::RefreshTokenReplayed);
    assert_eq!(decided(&rules, &PresentedRefresh::Predecessor(&unused), 29), Decision::Resend);
    assert_eq!(decided(&rules, &PresentedRefresh::Predecessor(&unused), 30), replayed);
    assert_eq!(decided(&rules, &PresentedRefresh::Predecessor(&before(None)), 0), replayed);
}

#[test]
fn what_lives_on_is_what_the_policy_says() {
    use RotationPolicy::{ChangesDaily, GracePeriod, OldDiesWhenNewIsUsed, OldLives, RetryWindow, Strict};
    let current = refresh(1000);
    let plan = |policy, presented: &PresentedRefresh<'_>| match decided(
        &RotationRules::stand_in(policy),
        presented,
        10,
    ) {
        Decision::Rotate(plan) => *plan,
        other => panic!("{other:?}"),
    };
    let retired =
        |policy, presented: &PresentedRefresh<'_>| plan(policy, presented).retire.and_then(|row| row.refresh);
    let (now, before) = (PresentedRefresh::Current(&current), PresentedRefresh::Earlier(&current));
    for policy in [Strict, RetryWindow { seconds: 30 }, ChangesDaily] {
        assert_eq!(retired(policy, &now), None, "{policy:?}");
    }
    let grace = retired(GracePeriod { seconds: 60 }, &now).unwrap();
    assert_eq!(grace.expires_at, NOW + Duration::from_secs(70));
    let long_grace = retired(GracePeriod { seconds: 6000 }, &now).unwrap();
    assert_eq!(long_grace.expires_at, current.expires_at, "never beyond its own expiry");
    assert_eq!(retired(GracePeriod { seconds: 60 }, &before), None);
    assert_eq!(retired(OldDiesWhenNewIsUsed, &now), Some(current.clone()));
    assert_eq!(retired(OldDiesWhenNewIsUsed, &before), None);
    assert!(plan(OldDiesWhenNewIsUsed, &now).forget_earlier_refresh);
    assert!(!plan(OldDiesWhenNewIsUsed, &before).forget_earlier_refresh);
    assert_eq!(retired(OldLives, &before), Some(current.clone()));
}

#[test]
fn the_daily_value_stays_for_a_day() {
    let rules = RotationRules::stand_in(RotationPolicy::ChangesDaily);
    let current = refresh(1_000_000);
    for (later, same) in [(24 * 3600 - 1, true), (24 * 3600, false)] {
        let Decision::Rotate(plan) = decided(&rules, &PresentedRefresh::Current(&current), later) else {
            panic!()
        };
        assert_eq!(plan.next == NextRefresh::Same(current.clone()), same, "after {later} s");
    }
}
