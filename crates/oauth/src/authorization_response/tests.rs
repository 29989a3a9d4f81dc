use proptest::prelude::*;

use super::*;

fn uri() -> RedirectUri {
    "https://a.example/cb?k=v".parse().unwrap()
}

fn query(url: &str) -> &str {
    url.split_once('?').unwrap().1
}

#[test]
fn a_success_carries_code_state_issuer_and_the_servers_own() {
    let envelope = Envelope { state: Some("a b&c"), iss: Some("https://as.example") };
    let extra = [("urn_subject".to_owned(), "urn:x:1".to_owned())];
    let url = success_url(&uri(), &Secret::new("the code".to_owned()), envelope, &extra);
    let callback = Callback::parse(query(url.expose())).unwrap();
    let CallbackOutcome::Code(code) = &callback.outcome else { panic!("no code") };
    assert_eq!(code.expose(), "the code");
    assert_eq!(callback.state.as_deref(), Some("a b&c"));
    assert_eq!(callback.iss.as_deref(), Some("https://as.example"));
    assert_eq!(callback.extra("urn_subject"), Some("urn:x:1"));
    assert_eq!(callback.extra("k"), Some("v"));
}

#[test]
fn an_error_carries_its_code_and_the_same_envelope() {
    let refused = Refused::new(ErrorCode::AccessDenied, "no");
    let url = error_url(&uri(), &refused, Envelope { state: Some(""), iss: None });
    let callback = Callback::parse(query(&url)).unwrap();
    let CallbackOutcome::Error { code, description } = callback.outcome else { panic!("no error") };
    assert_eq!((code, description.as_deref()), (ErrorCode::AccessDenied, Some("no")));
    assert_eq!((callback.state.as_deref(), callback.iss), (Some(""), None));
}

#[test]
fn answers_that_are_none_are_refused() {
    assert_eq!(Callback::parse("state=s").unwrap_err(), CallbackError::Empty);
    assert_eq!(Callback::parse("code=&state=s").unwrap_err(), CallbackError::Empty);
    assert_eq!(Callback::parse("code=c&error=e").unwrap_err(), CallbackError::Both);
    for query in
        ["code=c&code=d", "code=c&state=a&state=b", "code=c&iss=a&iss=b", "code=c&realmId=1&realmId=2"]
    {
        assert_eq!(
            Callback::parse(query).unwrap_err(),
            CallbackError::Unreadable(ParametersError::Repeated),
            "{query}"
        );
    }
}

#[test]
fn foreign_text_is_cleaned() {
    let callback = Callback::parse("error=access_denied&error_description=%3Cb%3E%0Ax%22").unwrap();
    let CallbackOutcome::Error { description, .. } = callback.outcome else { panic!("no error") };
    assert_eq!(description.as_deref(), Some("<b>?x?"));
}

proptest! {
    #[test]
    fn no_query_makes_the_reader_panic(query in ".{0,200}") {
        let _readable_or_not = Callback::parse(&query);
    }
}
