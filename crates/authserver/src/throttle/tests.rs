use super::*;

const NOW: Duration = Duration::from_secs(1000);

#[test]
fn the_pair_waits_until_its_minute_is_over_and_nobody_else_does() {
    let throttle = Throttle::new(Some(3));
    for _ in 0..3 {
        assert_eq!(throttle.pause("c", "s", NOW), None);
        throttle.failed("c", "s", NOW);
    }
    assert_eq!(throttle.pause("c", "s", NOW + Duration::from_secs(10)), Some(Duration::from_secs(50)));
    assert_eq!(throttle.pause("c", "other", NOW), None);
    assert_eq!(throttle.pause("other", "s", NOW), None);
    assert_eq!(throttle.pause("c", "s", NOW + WINDOW), None);
    throttle.failed("c", "s", NOW + WINDOW);
    assert_eq!(throttle.pause("c", "s", NOW + WINDOW), None, "a new minute counts from one");
}

#[test]
fn without_a_limit_nothing_is_counted() {
    let throttle = Throttle::new(None);
    for _ in 0..100 {
        throttle.failed("c", "s", NOW);
    }
    assert_eq!(throttle.pause("c", "s", NOW), None);
}

#[test]
fn many_pairs_do_not_grow_without_end() {
    let throttle = Throttle::new(Some(1));
    for number in 0..MAX_PAIRS + 10 {
        throttle.failed("c", &number.to_string(), NOW);
    }
    assert!(throttle.windows.lock().unwrap().len() <= MAX_PAIRS);
}
