use super::*;
use crate::client_authentication::ClientAuthMethod;

#[test]
fn what_a_client_asks_a_server_reads() {
    let client = ClientCredentials { client_id: "c", client_secret: None, method: ClientAuthMethod::None };
    let sent = encode_request(&client, &Secret::new("t+1".to_owned()), Some(TokenTypeHint::RefreshToken));
    assert!(sent.body.expose().contains("token_type_hint=refresh_token"));
    let received = ReceivedTokenQuestion::parse(None, &Parameters::parse(sent.body.expose()).unwrap());
    assert_eq!(received.token.unwrap().expose(), "t+1");
    assert_eq!(received.client.unwrap().client_id, "c");
    let without = ReceivedTokenQuestion::parse(None, &Parameters::parse("client_id=c").unwrap());
    assert_eq!(without.token.unwrap_err().code, ErrorCode::InvalidRequest);
}

#[test]
fn an_inactive_token_has_no_other_member() {
    assert_eq!(Introspection::Inactive.to_json(), r#"{"active":false}"#);
}

#[test]
fn an_active_token_tells_its_members_and_reads_back() {
    let audience = ["https://api.example".to_owned()];
    let answer = Introspection::Active(Box::new(ActiveToken {
        scope: "a b".parse().unwrap(),
        client_id: "c".to_owned(),
        sub: "1".to_owned(),
        exp: 20,
        iat: 10,
        aud: &audience,
        iss: "https://as.example",
        jti: "j".to_owned(),
        token_type: "Bearer",
        own: Some(("urn:x", "urn:y".to_owned())),
    }));
    let IntrospectionAnswer::Active(read) = IntrospectionAnswer::read(200, answer.to_json().as_bytes())
    else {
        panic!("not active")
    };
    assert_eq!((read.exp, read.scope.as_deref(), read.sub.as_deref()), (Some(20), Some("a b"), Some("1")));
    assert_eq!(read.extra["urn:x"], "urn:y");
}

#[test]
fn only_a_boolean_in_a_success_is_an_answer_about_the_token() {
    let read = |status, body: &str| IntrospectionAnswer::read(status, body.as_bytes());
    assert_eq!(read(200, r#"{"active":false}"#), IntrospectionAnswer::Inactive);
    assert!(matches!(read(200, r#"{"active":true,"exp":"soon"}"#), IntrospectionAnswer::Active(_)));
    for (status, body) in [
        (200, r#"{"active":"false"}"#),
        (200, "{}"),
        (200, "<html>"),
        (503, r#"{"active":false}"#),
        (429, r#"{"active":false}"#),
        (302, ""),
    ] {
        assert_eq!(read(status, body), IntrospectionAnswer::NotUnderstood { status }, "{status} {body}");
    }
    assert_eq!(
        read(401, r#"{"error":"invalid_client"}"#),
        IntrospectionAnswer::Refused { status: 401, code: Some(ErrorCode::InvalidClient) }
    );
    assert_eq!(read(403, "no"), IntrospectionAnswer::Refused { status: 403, code: None });
}
