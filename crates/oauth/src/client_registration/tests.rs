use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parse(body: &serde_json::Value) -> Result<RegistrationRequest, (ErrorCode, String)> {
    RegistrationRequest::parse(body.to_string().as_bytes())
        .map_err(|refused| (refused.code, refused.description.into_owned()))
}

#[test]
fn what_is_sent_is_read_and_what_is_not_known_is_dropped() {
    let read = parse(&json!({
        "redirect_uris": ["https://a.example/cb"],
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "client_name": "Example",
        "client_name#de": "Beispiel",
        "contacts": ["dev@a.example"],
        "scope": "users:read",
        "logo_uri": null,
        "software_statement": {"any": ["thing"]},
    }))
    .unwrap();
    assert_eq!(read.redirect_uris, ["https://a.example/cb"]);
    assert_eq!(read.auth_method.0, ClientAuthMethod::ClientSecretPost);
    assert_eq!(read.client_name.as_deref(), Some("Example"));
    assert_eq!(read.contacts, ["dev@a.example"]);
    assert_eq!(read.scope.as_deref(), Some("users:read"));
    assert_eq!((read.logo_uri, read.forbidden), (None, None));
}

#[test]
fn what_is_left_out_is_what_the_rfc_says() {
    let read = parse(&json!({})).unwrap();
    assert_eq!(read.auth_method.0, ClientAuthMethod::ClientSecretBasic);
    assert!(read.redirect_uris.is_empty() && read.client_name.is_none() && read.scope.is_none());
}

#[test]
fn grants_and_responses_that_contradict_each_other_are_refused() {
    for (grants, responses) in [
        (json!(["refresh_token"]), json!(["code"])),
        (json!(["refresh_token"]), json!(null)),
        (json!(["refresh_token"]), json!([])),
        (json!(["authorization_code"]), json!([])),
        (json!([]), json!(["code"])),
        (json!([]), json!([])),
        (json!(["authorization_code"]), json!(["token"])),
        (json!(["authorization_code", "implicit"]), json!(["code"])),
        (json!(["implicit"]), json!(["code"])),
        (json!(["implicit"]), json!(["token"])),
        (json!(["client_credentials"]), json!([])),
        (json!(["password"]), json!(["code"])),
        (json!(["authorization_code"]), json!(["code token"])),
    ] {
        let body = json!({ "grant_types": grants, "response_types": responses });
        assert_eq!(parse(&body).unwrap_err().0, ErrorCode::InvalidClientMetadata, "{body}");
    }
    for (grants, responses) in [
        (json!(null), json!(null)),
        (json!(["authorization_code"]), json!(null)),
        (json!(["authorization_code", "refresh_token"]), json!(["code"])),
        (json!(null), json!(["code"])),
    ] {
        parse(&json!({ "grant_types": grants, "response_types": responses })).unwrap();
    }
}

#[test]
fn values_of_the_wrong_kind_are_named_and_never_repeated() {
    for (member, value) in [
        ("client_name", json!(["canary"])),
        ("contacts", json!("canary")),
        ("contacts", json!([1])),
        ("scope", json!(["canary"])),
        ("grant_types", json!("canary")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_method", json!(7)),
    ] {
        let (code, why) = parse(&json!({ member: value })).unwrap_err();
        assert_eq!(code, ErrorCode::InvalidClientMetadata, "{member}");
        assert!(why.contains(member) && !why.contains("canary"), "{why}");
    }
    let (code, _) = parse(&json!({ "redirect_uris": "https://a.example" })).unwrap_err();
    assert_eq!(code, ErrorCode::InvalidRedirectUri);
}

#[test]
fn a_body_that_can_be_read_in_two_ways_is_refused() {
    for body in [
        &b""[..],
        b"[]",
        b"\"x\"",
        b"{\"client_name\":\"a\",\"client_name\":\"b\"}",
        b"{\"client_name\":\"a\"} x",
        b"{\"client_name\":\"\xff\"}",
    ] {
        let refused = RegistrationRequest::parse(body).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidClientMetadata);
    }
    let long = format!("{{\"client_name\":\"{}\"}}", "x".repeat(MAX_BYTES));
    assert!(RegistrationRequest::parse(long.as_bytes()).is_err());
}

#[test]
fn members_of_an_answer_are_noticed_in_a_request() {
    for member in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        assert_eq!(parse(&json!({ member: "x" })).unwrap().forbidden, Some(member));
    }
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _read_or_refused = RegistrationRequest::parse(&body);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_wherever_they_are() {
    for body in [b"{\"client_name\":\"\xff\"}".as_slice(), b"{\"unknown\":\"\xed\xa0\x80\"}", b"{\"\xff\":1}"]
    {
        let refused = RegistrationRequest::parse(body).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidClientMetadata, "{}", String::from_utf8_lossy(body));
    }
}
