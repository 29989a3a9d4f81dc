use base::Secret;
use proptest::prelude::*;

use super::*;
use crate::pkce::Verifier;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn query(rest: &str) -> String {
    format!("client_id=c&redirect_uri=https%3A%2F%2Fa.example%2Fcb&state=s{rest}")
}

fn details(rest: &str) -> Result<Details, ErrorCode> {
    ReceivedRequest::parse(&query(rest)).unwrap().details.map_err(|refused| refused.code)
}

#[test]
fn what_a_client_builds_a_server_reads() {
    let challenge = Verifier::parse(Secret::new("v".repeat(43))).unwrap().challenge();
    let scope: Scope = "b a".parse().unwrap();
    let request = AuthorizationRequest {
        client_id: "c&d",
        redirect_uri: "https://a.example/cb?x=1",
        scope: &scope,
        state: "s=1",
        challenge: Some(&challenge),
        extra: &[("access_type", "offline")],
    };
    let url = request.url(&Url::parse("https://as.example/authorize?tenant=t").unwrap());
    assert!(url.as_str().starts_with("https://as.example/authorize?tenant=t&response_type=code&"));
    let received = ReceivedRequest::parse(url.query().unwrap()).unwrap();
    assert_eq!(received.client_id, "c&d");
    assert_eq!(received.redirect_uri.as_deref(), Some("https://a.example/cb?x=1"));
    assert_eq!(received.state.as_deref(), Some("s=1"));
    assert_eq!(received.details, Ok(Details { scope: Some(scope), challenge: Some(challenge) }));
}

#[test]
fn what_names_no_single_client_or_redirect_uri_is_never_redirected() {
    for (query, error) in [
        ("", NotRedirectable::Client),
        ("client_id=", NotRedirectable::Client),
        ("client_id=a&client_id=a", NotRedirectable::Client),
        ("client_id=a&redirect_uri=x&redirect_uri=x", NotRedirectable::RedirectUri),
        ("client_id=%FF", NotRedirectable::Unreadable(ParametersError::NotUtf8)),
    ] {
        assert_eq!(ReceivedRequest::parse(query).unwrap_err(), error, "{query}");
    }
}

#[test]
fn errors_that_may_be_redirected_have_the_codes_of_the_rfc() {
    use ErrorCode::{InvalidRequest, InvalidScope, UnsupportedResponseType};
    let pkce = format!("&code_challenge={CHALLENGE}");
    for (rest, code) in [
        (String::new(), InvalidRequest),
        ("&response_type=token".to_owned(), UnsupportedResponseType),
        ("&response_type=code%20token".to_owned(), UnsupportedResponseType),
        ("&response_type=code&response_type=code".to_owned(), InvalidRequest),
        ("&response_type=code&scope=a%22".to_owned(), InvalidScope),
        ("&response_type=code&scope=a&scope=b".to_owned(), InvalidRequest),
        (format!("&response_type=code{pkce}"), InvalidRequest),
        (format!("&response_type=code{pkce}&code_challenge_method=plain"), InvalidRequest),
        (format!("&response_type=code{pkce}&code_challenge_method=S256{pkce}"), InvalidRequest),
        ("&response_type=code&code_challenge=short&code_challenge_method=S256".to_owned(), InvalidRequest),
        ("&response_type=code&code_challenge_method=S256".to_owned(), InvalidRequest),
    ] {
        assert_eq!(details(&rest), Err(code), "{rest}");
    }
    assert!(
        details(&format!("&response_type=code{pkce}&code_challenge_method=S256&unknown=1&unknown=2")).is_ok()
    );
}

#[test]
fn a_state_that_cannot_be_handed_back_is_refused_and_left_out() {
    let long = "x".repeat(MAX_STATE + 1);
    for query in [
        "client_id=c&response_type=code&state=a&state=b".to_owned(),
        format!("client_id=c&response_type=code&state={long}"),
    ] {
        let received = ReceivedRequest::parse(&query).unwrap();
        assert_eq!(received.state, None);
        assert_eq!(received.details.unwrap_err().code, ErrorCode::InvalidRequest);
    }
    let empty = ReceivedRequest::parse("client_id=c&response_type=code&state=").unwrap();
    assert_eq!(empty.state.as_deref(), Some(""));
    assert!(empty.details.is_ok());
}

proptest! {
    #[test]
    fn any_state_comes_out_as_it_went_in(state in "[^\\x00\n]{0,200}") {
        let mut query = "client_id=c".to_owned();
        crate::parameters::push(&mut query, "state", &state);
        prop_assert_eq!(ReceivedRequest::parse(&query).unwrap().state, Some(state));
    }

    #[test]
    fn no_query_makes_the_reader_panic(query in "[ -~]{0,200}") {
        let _readable_or_not = ReceivedRequest::parse(&query);
    }
}

#[test]
fn the_known_part_of_a_query_is_left_as_it_is() {
    assert_eq!(
        known_part("client_id=a&x=1&state=%C3%BC+%2f&&client%5fid=b&nonce&scope"),
        "client_id=a&state=%C3%BC+%2f&client%5fid=b&scope"
    );
    assert_eq!(known_part(""), "");
    assert_eq!(known_part("x=%ff&%ff=1"), "");
}
