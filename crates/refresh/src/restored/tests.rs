use super::*;

fn epoch() -> Epoch {
    Epoch {
        number: 1,
        raised_at: None,
        last_event: 100,
        heartbeat: Some(Timestamp::from_seconds(1000)),
        has_grants: true,
        is_exclusive: false,
    }
}

#[test]
fn the_signs_of_a_restore() {
    let at = Timestamp::from_seconds;
    let table = [
        (epoch(), Some(100), at(1000), None),
        (epoch(), Some(90), at(1600), None),
        (epoch(), Some(101), at(1000), Some(RestoreSign::StepBack)),
        (epoch(), None, at(1000), Some(RestoreSign::NoMemory)),
        (epoch(), Some(100), at(1601), Some(RestoreSign::NoHeartbeat)),
        (Epoch { heartbeat: None, ..epoch() }, Some(100), at(1000), Some(RestoreSign::NoHeartbeat)),
        (Epoch { is_exclusive: true, ..epoch() }, Some(100), at(99_999), None),
        (Epoch { is_exclusive: true, ..epoch() }, Some(101), at(1000), Some(RestoreSign::StepBack)),
        (Epoch { is_exclusive: true, ..epoch() }, None, at(1000), Some(RestoreSign::NoMemory)),
        (Epoch { has_grants: false, last_event: 0, ..epoch() }, None, at(1000), None),
        (Epoch { has_grants: false, last_event: 7, ..epoch() }, Some(7), at(1000), None),
        (
            Epoch { has_grants: false, last_event: 0, ..epoch() },
            Some(7),
            at(1000),
            Some(RestoreSign::StepBack),
        ),
    ];
    for (epoch, remembered, now, expected) in table {
        assert_eq!(restore_sign(&epoch, remembered, now), expected, "{epoch:?} {remembered:?} {now}");
    }
}
