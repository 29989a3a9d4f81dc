use super::*;

const NOW: Duration = Duration::from_secs(1000);

#[test]
fn the_pair_waits_and_nobody_else_does() {
    let throttle = Throttle::new(Some(3));
    for _ in 0..3 {
        assert_eq!(throttle.pause("c", "s", NOW), None);
        throttle.failed("c", "s", NOW);
    }
    assert_eq!(throttle.pause("c", "s", NOW + Duration::from_secs(10)), Some(Duration::from_secs(50)));
    assert_eq!(throttle.pause("c", "other", NOW), None);
    assert_eq!(throttle.pause("other", "s", NOW), None);
}

#[test]
fn of_long_names_the_beginnings_count() {
    let throttle = Throttle::new(Some(1));
    let long = |end: char| format!("{}{end}", "x".repeat(MAX_NAME));
    throttle.failed(&long('a'), "s", NOW);
    assert!(throttle.pause(&long('b'), "s", NOW).is_some());
}

#[test]
fn without_a_limit_nothing_is_counted() {
    let throttle = Throttle::new(None);
    for _ in 0..100 {
        throttle.failed("c", "s", NOW);
    }
    assert_eq!(throttle.pause("c", "s", NOW), None);
}
