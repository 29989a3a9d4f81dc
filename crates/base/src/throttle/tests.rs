use super::*;

const NOW: Duration = Duration::from_secs(1000);
const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn a_key_waits_until_its_window_is_over_and_no_other_does() {
    let throttle = Throttle::new(3, MINUTE);
    for _ in 0..3 {
        assert_eq!(throttle.pause(|| "a", NOW), None);
        throttle.count("a", NOW);
    }
    assert_eq!(throttle.pause(|| "a", NOW + Duration::from_secs(10)), Some(Duration::from_secs(50)));
    assert_eq!(throttle.pause(|| "b", NOW), None);
    assert_eq!(throttle.pause(|| "a", NOW + MINUTE), None);
    throttle.count("a", NOW + MINUTE);
    assert_eq!(throttle.pause(|| "a", NOW + MINUTE), None, "a new window counts from one");
}

#[test]
fn what_is_not_admitted_is_not_counted() {
    let throttle = Throttle::new(2, MINUTE);
    assert_eq!(throttle.admit("a", NOW), Ok(()));
    assert_eq!(throttle.admit("a", NOW), Ok(()));
    for _ in 0..100 {
        assert_eq!(throttle.admit("a", NOW + MINUTE / 2), Err(MINUTE / 2));
    }
    assert_eq!(throttle.admit("b", NOW), Ok(()));
    assert_eq!(throttle.admit("a", NOW + MINUTE), Ok(()));
}

#[test]
fn many_keys_do_not_grow_without_end_and_do_not_free_who_has_to_wait() {
    let throttle = Throttle::new(2, MINUTE);
    throttle.count(0, NOW);
    throttle.count(0, NOW);
    for key in 1..=MOST_KEYS + 10 {
        throttle.count(key, NOW);
    }
    assert!(throttle.lock().len() <= MOST_KEYS);
    assert!(throttle.pause(|| 0, NOW).is_some());
}
