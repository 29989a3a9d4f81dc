use providers::NewRefreshToken;

use super::*;

fn rotation(old: OldRefreshToken, question: Question) -> Rotation {
    Rotation {
        new_refresh_token: NewRefreshToken::Always,
        old_refresh_token: old,
        old_access_token_dies: false,
        earliest_refresh_seconds_before_expiry: None,
        idle_limit_seconds: None,
        idle_limit_is_floor: false,
        hard_end_seconds: None,
        question,
        request_deadline_seconds: 60,
        access_token_seconds: 900,
    }
}

#[test]
fn the_remedy_follows_the_rotation_rule() {
    use OldRefreshToken::{DiesAtOnce, DiesWhenNewIsUsed, Lives, LivesFor};
    let sent = Timestamp::from_seconds(1_000_000);
    // (rule, question, seconds since the request left, remedy)
    let table = [
        (DiesAtOnce, Question::Introspect, 0, Remedy::AskThen),
        (DiesAtOnce, Question::Probe, 0, Remedy::AskThen),
        (DiesAtOnce, Question::None, 0, Remedy::TryLate),
        (Lives, Question::None, 100_000, Remedy::SendAgain),
        (DiesWhenNewIsUsed, Question::None, 100_000, Remedy::SendAgain),
        // Xero: thirty minutes, less two for skew.
        (LivesFor(1800), Question::None, 0, Remedy::SendAgain),
        (LivesFor(1800), Question::None, 1679, Remedy::SendAgain),
        (LivesFor(1800), Question::None, 1680, Remedy::TryLate),
    ];
    for (old, question, seconds, expected) in table {
        let now = sent + Duration::from_secs(seconds);
        assert_eq!(remedy(&rotation(old, question), sent, now), expected, "{old:?} {question:?} {seconds} s");
    }
}
