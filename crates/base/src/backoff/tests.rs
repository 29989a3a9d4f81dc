use super::*;
use crate::testing::SeededEntropy;

#[test]
fn pauses_grow_stay_in_their_half_and_stop_at_the_cap() {
    let backoff = Backoff { first: Duration::from_millis(100), cap: Duration::from_secs(2) };
    let entropy = SeededEntropy::new(7);
    for attempt in 0..40 {
        let ceiling = Duration::from_millis(100 * 2_u64.pow(attempt.min(10))).min(backoff.cap);
        for _ in 0..50 {
            let pause = backoff.pause(attempt, &entropy);
            assert!(pause >= ceiling / 2 && pause <= ceiling, "attempt {attempt}: {pause:?}");
        }
    }
}

#[test]
fn two_instances_do_not_pause_alike() {
    let backoff = Backoff { first: Duration::from_secs(1), cap: Duration::from_mins(1) };
    let (a, b) = (SeededEntropy::new(1), SeededEntropy::new(2));
    assert_ne!(backoff.pause(3, &a), backoff.pause(3, &b));
}
