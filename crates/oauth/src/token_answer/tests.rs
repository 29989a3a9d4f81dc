use proptest::prelude::*;

use super::*;

fn tokens(status: u16, content_type: Option<&str>, body: &str) -> Tokens {
    match TokenAnswer::read(status, content_type, body.as_bytes()) {
        TokenAnswer::Tokens(tokens) => *tokens,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn shapes_of_success_that_providers_really_send() {
    let json = Some("application/json");
    for (status, content_type, body) in [
        (
            200,
            json,
            r#"{"access_token":"a","token_type":"Bearer","expires_in":900,"refresh_token":"r","scope":"x y"}"#,
        ),
        (201, json, r#"{"access_token":"a","expires_in":900,"refresh_token":"r","scope":"x y"}"#),
        (
            200,
            Some("text/json; charset=utf-8"),
            r#"{"access_token":"a","expires_in":"900","refresh_token":"r","scope":["x","y"]}"#,
        ),
        (
            200,
            Some("text/html"),
            r#"{"access_token":"a","expires_in":900.0,"refresh_token":"r","scope":"x,y"}"#,
        ),
        (
            200,
            None,
            "\u{feff}{\"access_token\":\"a\",\"expires_in\":\"900.0\",\"refresh_token\":\"r\",\"scope\":\"x  y\"}\n",
        ),
        (
            200,
            Some("application/x-www-form-urlencoded"),
            "access_token=a&expires_in=900&refresh_token=r&scope=x+y",
        ),
        (200, None, "access_token=a&expires_in=900&refresh_token=r&scope=x+y"),
        (200, json, r#"{"data":{"access_token":"a","expires_in":900,"refresh_token":"r","scope":"x y"}}"#),
        (
            200,
            json,
            r#"{"error":null,"access_token":"a","expires_in":900,"refresh_token":"r","scope":"x y"}"#,
        ),
        (502, json, r#"{"access_token":"a","expires_in":900,"refresh_token":"r","scope":"x y"}"#),
    ] {
        let tokens = tokens(status, content_type, body);
        assert_eq!(tokens.access_token.expose(), "a", "{body}");
        assert_eq!(tokens.refresh_token.unwrap().expose(), "r", "{body}");
        assert_eq!(tokens.expires_in, Some(Duration::from_mins(15)), "{body}");
        assert_eq!(tokens.scope.as_deref(), Some("x y"), "{body}");
    }
}

#[test]
fn what_is_missing_or_odd_is_left_out_and_the_tokens_are_kept() {
    let tokens = tokens(
        200,
        None,
        r#"{"access_token":"a","expires_in":null,"refresh_token":"","scope":7,"token_type":null}"#,
    );
    assert!(tokens.refresh_token.is_none() && tokens.expires_in.is_none() && tokens.scope.is_none());
    for life in ["-1", "\"soon\"", "true", "[]", "\"NaN\"", "\"inf\""] {
        let body = format!(r#"{{"access_token":"a","expires_in":{life}}}"#);
        assert_eq!(self::tokens(200, None, &body).expires_in, None, "{life}");
    }
    let endless = self::tokens(200, None, r#"{"access_token":"a","expires_in":1e300}"#);
    assert!(endless.expires_in.unwrap().as_secs() > 3_000_000_000);
}

#[test]
fn the_life_of_a_refresh_token_under_its_names_and_other_members() {
    for name in ["refresh_token_expires_in", "x_refresh_token_expires_in", "refresh_expires_in"] {
        let tokens = tokens(200, None, &format!(r#"{{"access_token":"a","{name}":8726400}}"#));
        assert_eq!(tokens.refresh_token_expires_in.unwrap().as_secs(), 8_726_400);
        assert_eq!(tokens.extra[name], "8726400");
    }
    let tokens =
        tokens(200, None, r#"{"access_token":"a","id_token":"secret","ext_expires_in":"3600","list":[1]}"#);
    assert_eq!(
        tokens.extra.into_iter().collect::<Vec<_>>(),
        [("ext_expires_in".to_owned(), "3600".to_owned())]
    );
}

#[test]
fn errors_under_any_status_and_in_the_shapes_they_come_in() {
    for (status, body, code) in [
        (400, r#"{"error":"invalid_grant","error_description":"gone"}"#, "invalid_grant"),
        (200, r#"{"error":"invalid_grant","error_description":"gone"}"#, "invalid_grant"),
        (401, r#"{"error":{"code":"invalid_client","message":"gone"}}"#, "invalid_client"),
        (400, "error=invalid_grant&error_description=gone", "invalid_grant"),
        (400, r#"{"error":"invalid_refresh_token","message":"gone"}"#, "invalid_refresh_token"),
        (503, r#"{"error":"temporarily_unavailable","error_description":"gone"}"#, "temporarily_unavailable"),
    ] {
        let TokenAnswer::Error { status: told, code: read, description } =
            TokenAnswer::read(status, None, body.as_bytes())
        else {
            panic!("{body}")
        };
        assert_eq!((told, read.as_str(), description.as_deref()), (status, code, Some("gone")), "{body}");
    }
}

#[test]
fn an_error_with_tokens_under_an_error_status_is_an_error() {
    let body = br#"{"error":"invalid_grant","access_token":"a"}"#;
    assert!(matches!(TokenAnswer::read(400, None, body), TokenAnswer::Error { .. }));
}

#[test]
fn what_is_no_answer_is_never_taken_for_one() {
    let large = format!(r#"{{"access_token":"a","pad":"{}"}}"#, "x".repeat(MAX_BYTES));
    for (status, body) in [
        (200, ""),
        (200, "   "),
        (200, "<html>error=invalid_grant</html>"),
        (400, "invalid_grant"),
        (400, "<html>invalid_grant</html>"),
        (500, "{}"),
        (200, "[]"),
        (200, "\"access_token\""),
        (200, r#"{"access_token":""}"#),
        (200, r#"{"access_token":7}"#),
        (200, r#"{"access_tok"#),
        (400, r#"{"error":""}"#),
        (400, r#"{"error":true}"#),
        (200, large.as_str()),
    ] {
        let answer = TokenAnswer::read(status, Some("application/json"), body.as_bytes());
        let TokenAnswer::NotUnderstood { status: told, .. } = answer else { panic!("{status} {body:.40}") };
        assert_eq!(told, status);
    }
}

#[test]
fn nothing_of_the_tokens_shows_in_debug() {
    let body = br#"{"access_token":"hunter2","refresh_token":"hunter3","id_token":"hunter4"}"#;
    assert!(!format!("{:?}", TokenAnswer::read(200, None, body)).contains("hunter"));
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(status in 100_u16..600, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _read = TokenAnswer::read(status, None, &body);
    }

    #[test]
    fn json_of_any_shape_is_read(number in any::<f64>(), text in ".{0,30}") {
        let body = serde_json::json!({"access_token": "a", "expires_in": number, "scope": text, "error": [number]});
        let read = TokenAnswer::read(200, None, body.to_string().as_bytes());
        prop_assert!(matches!(read, TokenAnswer::Tokens(_)));
    }
}
