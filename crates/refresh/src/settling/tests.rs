use base::testing::{ManualClock, SeededEntropy};

use super::*;

const DEADLINE: Duration = Duration::from_mins(1);

fn attempt(entropy: &SeededEntropy) -> AttemptId {
    AttemptId::new(&ManualClock::new(), entropy)
}

#[test]
fn a_request_settles_after_its_attempt_was_first_seen() {
    let entropy = SeededEntropy::new(1);
    let grant = GrantId::new(&ManualClock::new(), &entropy);
    let settling = Settling::default();
    let old = attempt(&entropy);
    let first = settling.settled_at(grant, old, Duration::from_secs(100), DEADLINE);
    assert_eq!(first, Duration::from_secs(160));
    assert_eq!(settling.settled_at(grant, old, Duration::from_secs(130), DEADLINE), first, "seen before");
    let newer = attempt(&entropy);
    let second = settling.settled_at(grant, newer, Duration::from_secs(130), DEADLINE);
    assert_eq!(second, Duration::from_secs(190), "another request");
}

#[test]
fn the_scheduler_looks_again_when_it_has_settled() {
    let entropy = SeededEntropy::new(1);
    let grant = GrantId::new(&ManualClock::new(), &entropy);
    let settling = Settling::default();
    settling.settled_at(grant, attempt(&entropy), Duration::ZERO, DEADLINE);
    assert!(!settling.is_put_off(grant, Duration::ZERO), "nobody has come too early yet");
    settling.put_off(grant);
    assert!(settling.is_put_off(grant, Duration::from_secs(59)));
    assert!(!settling.is_put_off(grant, DEADLINE));
    settling.forget(grant);
    assert!(!settling.is_put_off(grant, Duration::ZERO));
}

#[test]
fn what_settled_long_ago_is_forgotten_and_nothing_else() {
    let entropy = SeededEntropy::new(1);
    let settling = Settling::default();
    let see = |seen_at: Duration| {
        let grant = GrantId::new(&ManualClock::new(), &entropy);
        let attempt = attempt(&entropy);
        (grant, attempt, settling.settled_at(grant, attempt, seen_at, DEADLINE))
    };
    for _ in 0..1022 {
        see(Duration::ZERO);
    }
    // At the moment of tidying, of two hours: one has settled for five deadlines, and one has not settled.
    let recent = see(DEADLINE * 114);
    let unsettled = see(DEADLINE * 119 + DEADLINE / 2);
    see(DEADLINE * 120);
    assert_eq!(settling.0.lock().unwrap().len(), 3);
    for (grant, attempt, settled_at) in [recent, unsettled] {
        assert_eq!(settling.settled_at(grant, attempt, DEADLINE * 120, DEADLINE), settled_at);
    }
}
