use super::*;

fn parse(header: Option<&str>, body: &str) -> ReceivedTokenRequest {
    ReceivedTokenRequest::parse(header, &Parameters::parse(body).unwrap())
}

fn grant_error(body: &str) -> ErrorCode {
    parse(None, body).grant.unwrap_err().code
}

#[test]
fn what_a_client_sends_a_server_reads_with_each_method() {
    let (code, secret) = (Secret::new("c/o+d=e".to_owned()), Secret::new("s:e c".to_owned()));
    let verifier = Verifier::parse(Secret::new("v".repeat(43))).unwrap();
    let request = TokenRequest::AuthorizationCode {
        code: &code,
        redirect_uri: "https://a.example/cb?x=1&y=2",
        verifier: Some(&verifier),
    };
    for method in
        [ClientAuthMethod::ClientSecretBasic, ClientAuthMethod::ClientSecretPost, ClientAuthMethod::None]
    {
        let client_secret = (method != ClientAuthMethod::None).then_some(&secret);
        let client = ClientCredentials { client_id: "c:1", client_secret, method };
        let sent = request.encode(&client, &[("tenant", "t")]);
        assert_eq!(sent.authorization.is_some(), method == ClientAuthMethod::ClientSecretBasic);
        let received =
            parse(sent.authorization.as_ref().map(|header| header.expose().as_str()), sent.body.expose());
        let presented = received.client.unwrap();
        assert_eq!((presented.client_id.as_str(), presented.credential.method()), ("c:1", method));
        let Grant::AuthorizationCode { code: read, redirect_uri, verifier: proof } = received.grant.unwrap()
        else {
            panic!("another grant")
        };
        assert_eq!(read.expose(), code.expose());
        assert_eq!(redirect_uri.as_deref(), Some("https://a.example/cb?x=1&y=2"));
        assert_eq!(proof.unwrap().expose(), verifier.secret().expose());
    }
}

#[test]
fn a_refresh_carries_its_token_and_no_scope() {
    let refresh_token = Secret::new("r".to_owned());
    let client = ClientCredentials { client_id: "c", client_secret: None, method: ClientAuthMethod::None };
    let sent = TokenRequest::RefreshToken { refresh_token: &refresh_token }.encode(&client, &[]);
    assert_eq!(sent.body.expose(), "grant_type=refresh_token&refresh_token=r&client_id=c");
}

#[test]
fn errors_of_the_grant() {
    use ErrorCode::{InvalidRequest, InvalidScope, UnsupportedGrantType};
    for (body, code) in [
        ("", InvalidRequest),
        ("grant_type=password&username=u&password=p", UnsupportedGrantType),
        ("grant_type=client_credentials", UnsupportedGrantType),
        ("grant_type=authorization_code", InvalidRequest),
        ("grant_type=authorization_code&code=a&code=b", InvalidRequest),
        ("grant_type=refresh_token&refresh_token=r&code=a&code=b", InvalidRequest),
        ("grant_type=authorization_code&grant_type=authorization_code&code=a", InvalidRequest),
        ("grant_type=refresh_token", InvalidRequest),
        ("grant_type=refresh_token&refresh_token=", InvalidRequest),
        ("grant_type=refresh_token&refresh_token=r&scope=%22", InvalidScope),
    ] {
        assert_eq!(grant_error(body), code, "{body}");
    }
}

#[test]
fn no_secret_shows_in_debug() {
    let sent = TokenRequest::RefreshToken { refresh_token: &Secret::new("hunter2".to_owned()) }.encode(
        &ClientCredentials {
            client_id: "c",
            client_secret: Some(&Secret::new("hunter3".to_owned())),
            method: ClientAuthMethod::ClientSecretPost,
        },
        &[],
    );
    let received = parse(None, sent.body.expose());
    let shown = format!("{sent:?} {received:?}");
    assert!(!shown.contains("hunter"), "{shown}");
}
