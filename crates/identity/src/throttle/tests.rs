use super::*;

const RULE: Rule = Rule {
    free: 10,
    first_delay: Duration::from_secs(2),
    longest_delay: Duration::from_mins(15),
    forget_after: Duration::from_hours(1),
};

#[test]
fn delays_begin_after_the_free_failures_and_double_up_to_their_bound() {
    let now = Timestamp::from_seconds(1_000_000);
    let seconds = |failures| RULE.blocked_until(failures, now).since(now).as_secs();
    assert_eq!(
        [1, 9, 10, 11, 12, 18, 19, 20, 21, 1000, u32::MAX].map(seconds),
        [0, 0, 2, 4, 8, 512, 900, 900, 900, 900, 900]
    );
}

#[test]
fn the_rules_in_force_keep_their_promise() {
    // Ten wrong passwords before delays (interfaces: "Limits by default").
    assert_eq!(Limits::default().account.free, 10);
    assert!(Limits::default().source.free > Limits::default().account.free);
}
