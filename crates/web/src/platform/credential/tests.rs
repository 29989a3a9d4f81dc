use super::*;

fn read(lines: &[(&'static str, &str)], query: Option<&str>) -> Result<Presented, ApiError> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().unwrap());
    }
    presented(&headers, query)
}

#[test]
fn a_bearer_token_and_an_api_key_are_told_apart() {
    assert!(
        matches!(read(&[("authorization", "bearer abc")], None), Ok(Presented::AccessToken(token)) if token.expose() == "abc")
    );
    let basic = format!("Basic {}", STANDARD.encode("plp_abc:"));
    assert!(
        matches!(read(&[("authorization", &basic)], None), Ok(Presented::ApiKey(key)) if key.expose() == "plp_abc")
    );
}

#[test]
fn what_is_no_credential_is_refused() {
    assert_eq!(read(&[], None).unwrap_err(), ApiError::NoCredential);
    assert_eq!(read(&[], Some("access_token=abc")).unwrap_err(), ApiError::NoCredential);
    for (user_and_password, why) in [("plp_abc:x", "a password"), ("plp_abc", "no colon"), (":", "no key")] {
        let basic = format!("Basic {}", STANDARD.encode(user_and_password));
        assert_eq!(
            read(&[("authorization", &basic)], None).unwrap_err(),
            ApiError::InvalidCredential,
            "{why}"
        );
    }
    assert_eq!(read(&[("authorization", "Basic ???")], None).unwrap_err(), ApiError::InvalidCredential);
}

#[test]
fn two_credentials_are_refused() {
    let twice = [("authorization", "Bearer a"), ("authorization", "Bearer a")];
    assert_eq!(read(&twice, None).unwrap_err(), ApiError::TwoCredentials);
    assert_eq!(read(&twice[..1], Some("access_token=a")).unwrap_err(), ApiError::TwoCredentials);
}

#[test]
fn an_api_key_from_a_page_is_refused() {
    let basic = format!("Basic {}", STANDARD.encode("plp_abc:"));
    let headers = [("authorization", basic.as_str()), ("origin", "https://example.com")];
    assert_eq!(read(&headers, None).unwrap_err(), ApiError::InvalidCredential);
}
