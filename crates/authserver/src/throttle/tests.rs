use super::*;

const NOW: Duration = Duration::from_secs(1000);

fn from(address: &str) -> Origin {
    Origin { source: Some(address.to_owned()), request_id: None }
}

#[test]
fn the_pair_waits_and_nobody_else_does() {
    let throttle = Throttle::new(Some(3));
    for _ in 0..3 {
        assert_eq!(throttle.pause("c", &from("192.0.2.1"), NOW), None);
        throttle.failed("c", &from("192.0.2.1"), NOW);
    }
    assert_eq!(
        throttle.pause("c", &from("192.0.2.1"), NOW + Duration::from_secs(10)),
        Some(Duration::from_secs(50))
    );
    assert_eq!(throttle.pause("c", &from("192.0.2.2"), NOW), None);
    assert_eq!(throttle.pause("other", &from("192.0.2.1"), NOW), None);
}

#[test]
fn of_long_names_the_beginnings_count() {
    let throttle = Throttle::new(Some(1));
    let long = |end: char| format!("{}{end}", "x".repeat(MAX_NAME));
    throttle.failed(&long('a'), &from("192.0.2.1"), NOW);
    assert!(throttle.pause(&long('b'), &from("192.0.2.1"), NOW).is_some());
}

#[test]
fn without_a_limit_nothing_is_counted() {
    let throttle = Throttle::new(None);
    for _ in 0..100 {
        throttle.failed("c", &from("192.0.2.1"), NOW);
    }
    assert_eq!(throttle.pause("c", &from("192.0.2.1"), NOW), None);
}
