use super::*;

fn grant(last: u16) -> GrantId {
    let mut bytes = [7_u8; 16];
    bytes[14..].copy_from_slice(&last.to_be_bytes());
    GrantId::from_uuid(uuid_from(bytes))
}

fn uuid_from(bytes: [u8; 16]) -> uuid::Uuid {
    uuid::Uuid::from_bytes(bytes)
}

#[test]
fn the_margin_follows_the_life_of_the_token() {
    let policy = MarginPolicy::default();
    // (life in seconds, margin in seconds): Pleo, Sage, Xero, Fortnox, a token of 20 s, one of 2 s.
    for (life, margin) in [(900, 180), (300, 60), (1800, 300), (3600, 300), (20, 10), (2, 1)] {
        assert_eq!(
            policy.margin(Duration::from_secs(life), None, grant(0)),
            Duration::from_secs(margin),
            "life {life} s"
        );
    }
}

#[test]
fn exact_online_is_never_asked_before_its_last_thirty_seconds() {
    for last in 0..200 {
        let margin = MarginPolicy::default().margin(
            Duration::from_mins(10),
            Some(Duration::from_secs(30)),
            grant(last),
        );
        assert!(margin <= Duration::from_secs(30) && margin >= Duration::from_secs(27), "{margin:?}");
    }
}

#[test]
fn jitter_spreads_grants_and_is_stable_for_each() {
    let policy = MarginPolicy::default();
    let margins: std::collections::BTreeSet<_> =
        (0..100).map(|last| policy.margin(Duration::from_mins(15), None, grant(last))).collect();
    assert_eq!(margins.len(), 100);
    assert_eq!(
        policy.margin(Duration::from_mins(15), None, grant(5)),
        policy.margin(Duration::from_mins(15), None, grant(5))
    );
    assert!(margins.iter().all(|m| *m > Duration::from_secs(161) && *m <= Duration::from_mins(3)));
}
