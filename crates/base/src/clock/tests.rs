use super::*;
use crate::testing::ManualClock;

#[test]
fn json_form_is_rfc_3339_in_utc_and_reads_back() {
    let moment = Timestamp::from_millis(1_793_325_900_120);
    let json = serde_json::to_string(&moment).unwrap();
    assert_eq!(json, "\"2026-10-30T02:05:00.120Z\"");
    assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), moment);
}

#[test]
fn an_offset_in_another_zone_is_read_as_the_same_moment() {
    let there: Timestamp = "2026-10-30T03:25:00+02:00".parse().unwrap();
    assert_eq!(there.to_string(), "2026-10-30T01:25:00.000Z");
}

#[test]
fn arithmetic_saturates() {
    assert_eq!(Timestamp::from_millis(i64::MAX) + Duration::from_secs(1), Timestamp::from_millis(i64::MAX));
    assert_eq!(Timestamp::from_millis(5).since(Timestamp::from_millis(9)), Duration::ZERO);
}

#[test]
fn a_shifted_clock_moves_the_day_but_not_the_monotonic_reading() {
    let manual = Arc::new(ManualClock::new());
    let shifted = ShiftedClock::new(manual.clone());
    let (day, monotonic) = (shifted.now(), shifted.monotonic());
    shifted.set_offset_millis(60_000);
    assert_eq!(shifted.now().since(day), Duration::from_mins(1));
    assert_eq!(shifted.monotonic(), monotonic);
    manual.advance(Duration::from_secs(1));
    assert_eq!(shifted.monotonic(), monotonic + Duration::from_secs(1));
}
