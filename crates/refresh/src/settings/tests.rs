use base::testing::SeededEntropy;

use super::*;

#[test]
fn retries_stay_under_a_minute_apart_at_first_and_slow_down_to_an_hour() {
    let settings = Settings::new("one".to_owned());
    let entropy = SeededEntropy::new(1);
    // (failures in a row, longest pause in seconds); a pause is in the upper half.
    let table = [
        (1, 2),
        (2, 4),
        (3, 8),
        (5, 32),
        (6, 40),
        (15, 40),
        (16, 80),
        (17, 160),
        (21, 2560),
        (22, 3600),
        (1000, 3600),
    ];
    for (failures, longest) in table {
        let longest = Duration::from_secs(longest);
        for _ in 0..20 {
            let pause = settings.retry_pause(failures, &entropy);
            assert!(pause >= longest / 2 && pause <= longest, "{failures}: {pause:?}");
        }
    }
}
