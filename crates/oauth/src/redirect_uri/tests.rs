use proptest::prelude::*;

use super::*;

fn uri(text: &str) -> RedirectUri {
    RedirectUri::register(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_may_be_registered() {
    for text in [
        "https://app.example/cb",
        "https://app.example",
        "https://app.example:8443/cb?x=1",
        "https://xn--rksmrgs-5wao1o.example/",
        "http://localhost/cb",
        "http://localhost:3000/cb",
        "http://127.0.0.1:3000/cb",
        "http://[::1]:3000/cb",
        "https://[2001:db8::1]/cb",
        "https://oauth.pstmn.io/v1/callback",
    ] {
        uri(text);
    }
}

#[test]
fn what_may_not_be_registered() {
    use RedirectUriError::{DotSegment, Form, Fragment, Host, Scheme, UserInformation};
    let long = format!("https://a.example/{}", "x".repeat(2000));
    for (text, error) in [
        ("", Scheme),
        ("/cb", Scheme),
        ("//app.example/cb", Scheme),
        ("javascript:alert(1)", Scheme),
        ("data:text/html,x", Scheme),
        ("vbscript:x", Scheme),
        ("HTTPS://app.example/", Scheme),
        ("ftp://app.example/", Scheme),
        ("com.example.app:/cb", Scheme),
        ("http://app.example/cb", Scheme),
        ("http://127.0.0.2/cb", Scheme),
        ("http://localhost.evil.example/cb", Scheme),
        ("https://app.example/cb#x", Fragment),
        ("https://app.example/cb#", Fragment),
        ("https://*.example/cb", Form),
        ("https://app.example/*", Form),
        ("https://app.example/a b", Form),
        ("https://app.example\\@evil.example/", Form),
        ("https://app.exämple/cb", Form),
        ("https://", Form),
        ("https://user@app.example/cb", UserInformation),
        ("https://user:pw@app.example/cb", UserInformation),
        ("https://@app.example/cb", UserInformation),
        ("https://APP.example/cb", Host),
        ("http://127.1/cb", Host),
        ("http://0x7f.0.0.1/cb", Host),
        ("http://2130706433/cb", Host),
        ("https://app%2eexample/cb", Host),
        ("https://app.example/a/../cb", DotSegment),
        ("https://app.example/a/%2E%2e/cb", DotSegment),
        ("https://app.example/./cb", DotSegment),
        ("https://app.example/..;/cb", DotSegment),
        (long.as_str(), Form),
    ] {
        assert_eq!(RedirectUri::register(text), Err(error), "{text}");
    }
}

#[test]
fn matching_is_exact() {
    let registered = uri("https://app.example/cb");
    assert!(registered.matches("https://app.example/cb", true));
    for other in [
        "https://app.example/CB",
        "https://APP.example/cb",
        "https://app.example/cb/",
        "https://app.example/x/../cb",
        "https://app.example/%63b",
        "https://app.example/cb;x",
        "https://app.example/cb?",
        "https://app.example/cb?x=1",
        "https://app.example/cb#",
        "https://u@app.example/cb",
        "https://app.example:443/cb",
        "http://app.example/cb",
        " https://app.example/cb",
        "https://app.example/cb ",
        "",
    ] {
        assert!(!registered.matches(other, true), "{other}");
    }
}

#[test]
fn any_port_on_the_two_loopback_addresses_and_nothing_else_differs() {
    for host in ["127.0.0.1", "[::1]"] {
        let registered = uri(&format!("http://{host}:1234/cb?x=1"));
        for port in ["1", "80", "65535"] {
            assert!(registered.matches(&format!("http://{host}:{port}/cb?x=1"), true));
            assert!(!registered.matches(&format!("http://{host}:{port}/cb?x=1"), false));
        }
        assert!(registered.matches(&format!("http://{host}/cb?x=1"), true));
        for rest in [
            ":0/cb?x=1",
            ":65536/cb?x=1",
            ":080/cb?x=1",
            ":/cb?x=1",
            ":80@evil.example/cb?x=1",
            ":80/cb",
            ":80/cb?x=2",
            ".evil.example/cb?x=1",
            "@evil.example/cb?x=1",
            ":80x/cb?x=1",
            ":+80/cb?x=1",
        ] {
            assert!(!registered.matches(&format!("http://{host}{rest}"), true), "{host}{rest}");
        }
    }
    assert!(!uri("http://localhost:1/cb").matches("http://localhost:2/cb", true));
    assert!(!uri("https://127.0.0.1:1/cb").matches("https://127.0.0.1:2/cb", true));
}

#[test]
fn the_presented_port_is_the_one_that_is_answered_to() {
    let registered = uri("http://127.0.0.1/cb");
    assert_eq!(registered.as_presented("http://127.0.0.1:50123/cb").as_str(), "http://127.0.0.1:50123/cb");
    assert_eq!(registered.as_presented("http://evil.example/cb"), registered);
}

#[test]
fn parameters_are_added_and_the_registered_query_stays() {
    assert_eq!(
        uri("https://a.example/cb").with_parameters([("code", "x y")]),
        "https://a.example/cb?code=x%20y"
    );
    assert_eq!(
        uri("https://a.example/cb?k=v").with_parameters([("a", "1"), ("b", "&")]),
        "https://a.example/cb?k=v&a=1&b=%26"
    );
    assert_eq!(uri("https://a.example:8443/cb?k=v").origin(), "https://a.example:8443");
    assert_eq!(uri("https://a.example?k=v").origin(), "https://a.example");
}

proptest! {
    #[test]
    fn what_is_registered_reads_back_and_is_a_safe_location(text in "(https|http)://[a-zA-Z0-9.\\[\\]:@%*\\\\#?/;=& é-]{0,40}") {
        if let Ok(uri) = RedirectUri::register(&text) {
            prop_assert_eq!(uri.as_str(), text.as_str());
            let parsed = Url::parse(&text).unwrap();
            prop_assert!(parsed.fragment().is_none() && parsed.username().is_empty() && parsed.password().is_none());
            let local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            prop_assert!(parsed.scheme() == "https" || local);
            prop_assert!(text.bytes().all(|b| b.is_ascii_graphic()));
        }
    }

    #[test]
    fn no_other_text_matches_without_the_port_rule(text in ".{0,40}") {
        let registered = uri("https://app.example/cb");
        prop_assert_eq!(registered.matches(&text, true), text == "https://app.example/cb");
    }
}
