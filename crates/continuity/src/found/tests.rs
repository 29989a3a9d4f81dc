use std::convert::Infallible;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

/// Marked last at second 1000, and shared.
fn found() -> Found {
    Found {
        position: 100,
        is_begun: true,
        marked_at: Some(at(1000)),
        is_exclusive: false,
        counts_marks: false,
    }
}

#[test]
fn the_signs_of_a_restore() {
    let (exclusive, counting) =
        (Found { is_exclusive: true, ..found() }, Found { counts_marks: true, ..found() });
    let new = Found { position: 0, is_begun: false, marked_at: None, ..found() };
    let table = [
        (found(), Some(100), at(1000), None),
        (found(), Some(90), at(1600), None),
        (found(), Some(101), at(1000), Some(RestoreSign::StepBack)),
        (found(), None, at(1000), Some(RestoreSign::NoMemory)),
        (found(), Some(100), at(1601), Some(RestoreSign::NoHeartbeat)),
        (Found { marked_at: None, ..found() }, Some(100), at(1000), Some(RestoreSign::NoHeartbeat)),
        (exclusive, Some(100), at(99_999), None),
        (exclusive, Some(99), at(99_999), None),
        (exclusive, Some(101), at(1000), Some(RestoreSign::StepBack)),
        (exclusive, None, at(1000), Some(RestoreSign::NoMemory)),
        (counting, Some(100), at(99_999), None),
        (counting, Some(99), at(1600), None),
        (counting, Some(99), at(1601), Some(RestoreSign::NoHeartbeat)),
        (counting, Some(101), at(1000), Some(RestoreSign::StepBack)),
        (new, None, at(1000), None),
        (new, Some(7), at(1000), Some(RestoreSign::StepBack)),
        (Found { position: 7, ..new }, Some(7), at(1000), None),
    ];
    for (found, remembered, now, expected) in table {
        assert_eq!(found.sign(remembered, now), expected, "{found:?} {remembered:?} {now}");
    }
}

/// How often it was looked until a mark moved at the given look, and the sign.
async fn vouched(found: Found, remembered: Option<u64>, moves_at: u32) -> (u32, Option<RestoreSign>) {
    let mut looks = 0;
    let looking = found.sign_unless_vouched_for(remembered, at(1000), || {
        looks += 1;
        std::future::ready(Ok::<_, Infallible>(looks == moves_at))
    });
    let Ok(sign) = looking.await;
    (looks, sign)
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "the pauses are of tokio's own time")]
async fn a_mark_that_moves_within_five_seconds_stands_for_a_memory() {
    let never = u32::MAX;
    assert_eq!(vouched(found(), None, 1).await, (1, None));
    assert_eq!(vouched(found(), None, GLANCES).await, (GLANCES, None));
    let begun = tokio::time::Instant::now();
    assert_eq!(vouched(found(), None, never).await, (GLANCES, Some(RestoreSign::NoMemory)));
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn nobody_vouches_against_a_memory_or_where_there_is_no_other() {
    let exclusive = Found { is_exclusive: true, ..found() };
    assert_eq!(vouched(found(), Some(101), 1).await, (0, Some(RestoreSign::StepBack)));
    assert_eq!(
        vouched(Found { marked_at: None, ..found() }, Some(9), 1).await,
        (0, Some(RestoreSign::NoHeartbeat))
    );
    assert_eq!(vouched(exclusive, None, 1).await, (0, Some(RestoreSign::NoMemory)));
    assert_eq!(vouched(found(), Some(100), 1).await, (0, None));
}
