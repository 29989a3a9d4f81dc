use proptest::prelude::*;

use super::*;

#[test]
fn codes_read_back_and_foreign_ones_are_kept_clean() {
    assert_eq!(ErrorCode::from("invalid_grant"), ErrorCode::InvalidGrant);
    assert_eq!(
        ErrorCode::from("invalid_refresh_token"),
        ErrorCode::Other("invalid_refresh_token".to_owned())
    );
    assert_eq!(ErrorCode::from("a\r\nb").as_str(), "a??b");
}

#[test]
fn each_code_has_the_status_of_its_rfc() {
    let cases = [
        (ErrorCode::InvalidGrant, 400),
        (ErrorCode::InvalidRequest, 400),
        (ErrorCode::UnsupportedGrantType, 400),
        (ErrorCode::InvalidClient, 401),
        (ErrorCode::InvalidToken, 401),
        (ErrorCode::InsufficientScope, 403),
        (ErrorCode::ServerError, 500),
        (ErrorCode::TemporarilyUnavailable, 503),
    ];
    for (code, status) in cases {
        assert_eq!(Refused::new(code.clone(), "x").status(), status, "{code}");
    }
    assert_eq!(Refused::too_many("x", Duration::from_secs(1)).status(), 429);
}

#[test]
fn the_body_is_that_of_rfc_6749() {
    let refused = Refused::new(ErrorCode::InvalidGrant, "no \"good\"");
    assert_eq!(refused.to_json(), r#"{"error":"invalid_grant","error_description":"no ?good?"}"#);
}

proptest! {
    #[test]
    fn descriptions_hold_only_what_the_rfc_allows(text in ".{0,600}") {
        let clean = sanitise(&text);
        prop_assert!(clean.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)));
        prop_assert!(clean.len() <= 400);
    }
}
