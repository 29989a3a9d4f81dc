use base::Timestamp;
use base::testing::{ManualClock, SeededEntropy};

use super::*;

const DEADLINE: Duration = Duration::from_mins(1);

fn marker(entropy: &SeededEntropy, at_millis: i64) -> Marker {
    let attempt = AttemptId::new(&ManualClock::new(), entropy);
    Marker { attempt, generation: 1, at: Timestamp::from_millis(at_millis), unknown_in_a_row: 1 }
}

#[test]
fn a_marker_settles_after_it_was_first_seen_whatever_time_it_carries() {
    let entropy = SeededEntropy::new(1);
    let grant = GrantId::new(&ManualClock::new(), &entropy);
    let settling = Settling::default();
    let old = marker(&entropy, 0);
    let first = settling.settled_at(grant, &old, Duration::from_secs(100), DEADLINE);
    assert_eq!(first, Duration::from_secs(160));
    assert_eq!(settling.settled_at(grant, &old, Duration::from_secs(130), DEADLINE), first, "seen before");
    let newer = marker(&entropy, 0);
    let second = settling.settled_at(grant, &newer, Duration::from_secs(130), DEADLINE);
    assert_eq!(second, Duration::from_secs(190), "another request");
}

#[test]
fn the_scheduler_looks_again_when_it_has_settled() {
    let entropy = SeededEntropy::new(1);
    let grant = GrantId::new(&ManualClock::new(), &entropy);
    let settling = Settling::default();
    settling.settled_at(grant, &marker(&entropy, 0), Duration::ZERO, DEADLINE);
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
        let marker = marker(&entropy, 0);
        (grant, marker.clone(), settling.settled_at(grant, &marker, seen_at, DEADLINE))
    };
    for _ in 0..1022 {
        see(Duration::ZERO);
    }
    // At the moment of tidying, of two hours: one has settled for five deadlines, and one has not settled.
    let recent = see(DEADLINE * 114);
    let unsettled = see(DEADLINE * 119 + DEADLINE / 2);
    see(DEADLINE * 120);
    assert_eq!(settling.0.lock().unwrap().len(), 3);
    for (grant, marker, settled_at) in [recent, unsettled] {
        assert_eq!(settling.settled_at(grant, &marker, DEADLINE * 120, DEADLINE), settled_at);
    }
}
