use http::{StatusCode, header};

use super::super::app::{Answer, App, CALLBACK, ORIGIN, encode};
use super::super::browser::{Browser, sent_back};
use super::cases;
use super::world::{
    BOOKS, Client, EXEMPT, NATIVE, TWO, allow, app, authorize_path, changed, get, request, verifier,
};

cases! {
    an_unknown_client_sees_a_page: [C 25, Facts 2] "A missing, repeated or unknown `client_id` ends on a page of ours, without a redirect";
    a_redirect_uri_is_compared_by_its_characters: [C 27, Facts 2] "A redirect URI that differs in anything from the registered one ends on a page of ours";
    a_client_without_a_redirect_uri_gets_nothing: [C 29] "A client without a registered redirect URI is refused whatever it sends";
    loopback_ports_are_free_for_native_clients: [C 30, Facts 12] "A public client may use any port on 127.0.0.1 and [::1], and all else is exact";
    one_of_several_redirect_uris_must_be_named: [C 32] "With several registered redirect URIs one must be named; with one it may be left out";
    nobody_is_sent_away_before_signing_in: [C 34, C 36] "A request whose client is to be told an error asks for a sign-in first, and the redirect follows it: a link to us is no link to elsewhere";
    response_type_is_code: [C 34, Facts 3] "A missing `response_type` is `invalid_request`, any other than `code` `unsupported_response_type`, told to the client";
    a_scope_beyond_the_registration_is_refused: [C 36, Facts 6] "A scope that is unknown, malformed or not registered for the client is `invalid_scope`";
    unknown_parameters_change_nothing_and_appear_nowhere: [C 38] "Parameters that are not known are ignored, and are neither on our pages nor in the redirect";
    state_comes_back_as_it_was: [C 39, Facts 8] "`state` comes back byte for byte with success and error, whatever it holds; too long a one is refused; none is fine";
    a_challenge_is_needed: [C 41, Facts 4] "Without `code_challenge` a request is `invalid_request`, for confidential clients too, unless the client is exempt";
    only_s256_will_do: [C 42, Facts 5] "`plain`, an unknown or an omitted method, and a challenge of the wrong form are `invalid_request`, for an exempt client too";
    answers_name_the_issuer: [C 44] "Success and error redirects carry `iss`, equal to the issuer of the metadata";
    a_form_is_followed_by_303: [C 45] "Sign-in, consent and errors redirect with 303";
    repeated_parameters_are_refused: [C 34, C 42] "A repeated parameter is refused: of the client and its URI on a page, any other by redirect and without it";
    test_test_is_accepted: [Facts 7] "`test:test` is accepted from a client that is not registered for it";
}

async fn page(app: &App, path: &str) {
    let answer = get(app, path).await;
    assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
    assert!(!answer.headers.contains_key(header::LOCATION), "{path}");
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
}

/// The error that a request is sent back with; what every such redirect has is checked on the way.
async fn told(app: &App, fields: &[(&'static str, String)]) -> String {
    let answer = sent_back(app, &authorize_path(fields)).await;
    assert_told(&answer);
    answer.redirected("error").unwrap()
}

fn assert_told(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(answer.location().starts_with(CALLBACK), "{}", answer.location());
    assert_eq!(answer.redirected("iss").as_deref(), Some(ORIGIN));
    assert_eq!(answer.redirected("code"), None);
}

#[tokio::test]
async fn an_unknown_client_sees_a_page() {
    let app = app().await;
    let good = request(BOOKS, "companies:read", &verifier(&app));
    for client in
        [None, Some(""), Some("nobody"), Some("BOOKS"), Some("books "), Some("unreviewed"), Some("books\0")]
    {
        page(&app, &authorize_path(&changed(good.clone(), "client_id", client))).await;
    }
    page(&app, &format!("{}&client_id=books", authorize_path(&good))).await;
    page(&app, "/oauth/authorize").await;
}

#[tokio::test]
async fn a_redirect_uri_is_compared_by_its_characters() {
    let app = app().await;
    let good = request(BOOKS, "companies:read", &verifier(&app));
    for wrong in [
        "https://books.example/Callback",
        "https://Books.example/callback",
        "HTTPS://books.example/callback",
        "https://books.example/callback/",
        "https://books.example/callback/../callback",
        "https://books.example/%63allback",
        "https://books.example/x/%2e%2e/callback",
        "https://books.example/callback;x",
        "https://books.example/callback?",
        "https://books.example/callback?a=b",
        "https://books.example/callback#",
        "https://books.example/callback#f",
        "https://user@books.example/callback",
        "https://books.example@evil.example/callback",
        "https://books.example:443/callback",
        "https://books.example:8443/callback",
        "https://books.example./callback",
        "https://books.example.evil.example/callback",
        "https://evil.example/callback",
        "http://books.example/callback",
        "//books.example/callback",
        "/callback",
        " https://books.example/callback",
        "https://books.example/callback\r\nSet-Cookie: a=b",
        "https://books.example\\@evil.example/callback",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        page(&app, &authorize_path(&changed(good.clone(), "redirect_uri", Some(wrong)))).await;
    }
    page(&app, &format!("{}&redirect_uri=x", authorize_path(&good))).await;
}

#[tokio::test]
async fn a_client_without_a_redirect_uri_gets_nothing() {
    let app = app().await;
    let none = Client { id: "none", secret: Some(""), redirect_uri: "https://evil.example/cb" };
    let fields = request(none, "companies:read", &verifier(&app));
    page(&app, &authorize_path(&fields)).await;
    page(&app, &authorize_path(&changed(fields, "redirect_uri", None))).await;
}

#[tokio::test]
async fn loopback_ports_are_free_for_native_clients() {
    let app = app().await;
    let good = request(NATIVE, "companies:read", &verifier(&app));
    for right in
        ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", "http://[::1]:8080/cb"]
    {
        let answer = get(&app, &authorize_path(&changed(good.clone(), "redirect_uri", Some(right)))).await;
        assert_eq!(answer.status, StatusCode::OK, "{right}");
        // Policies know no IPv6 addresses, and a browser passes over what it cannot read.
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        let target = if right.contains('[') { "http:" } else { right.strip_suffix("/cb").unwrap() };
        assert_eq!(policy.split_once("form-action 'self' ").unwrap().1, target, "{right}");
    }
    for wrong in [
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.2:8080/cb",
        "http://localhost:8080/cb",
        "https://127.0.0.1:8080/cb",
        "https://native.example:8080/cb",
    ] {
        page(&app, &authorize_path(&changed(good.clone(), "redirect_uri", Some(wrong)))).await;
    }
    let answer = allow(&app, &good).await;
    assert!(answer.location().starts_with("http://127.0.0.1:49152/cb?code="), "{}", answer.location());
    // http for any other host cannot be registered at all.
    for (uri, registered) in [
        ("http://books.example/cb", false),
        ("http://localhost:3000/cb", true),
        ("https://*.example/cb", false),
    ] {
        assert_eq!(oauth::RedirectUri::register(uri).is_ok(), registered, "{uri}");
    }
}

#[tokio::test]
async fn one_of_several_redirect_uris_must_be_named() {
    let app = app().await;
    let good = request(TWO, "companies:read", &verifier(&app));
    page(&app, &authorize_path(&changed(good.clone(), "redirect_uri", None))).await;
    let second = changed(good, "redirect_uri", Some("https://books.example/other?kept=1"));
    let answer = allow(&app, &second).await;
    assert!(
        answer.location().starts_with("https://books.example/other?kept=1&code="),
        "{}",
        answer.location()
    );
    let only = changed(request(BOOKS, "companies:read", &verifier(&app)), "redirect_uri", None);
    assert!(allow(&app, &only).await.location().starts_with(CALLBACK));
}

#[tokio::test]
async fn response_type_is_code() {
    let app = app().await;
    let good = request(BOOKS, "companies:read", &verifier(&app));
    assert_eq!(told(&app, &changed(good.clone(), "response_type", None)).await, "invalid_request");
    for other in ["token", "id_token", "code token", "Code", "none", "code "] {
        let fields = changed(good.clone(), "response_type", Some(other));
        assert_eq!(told(&app, &fields).await, "unsupported_response_type", "{other}");
    }
}

#[tokio::test]
async fn a_scope_beyond_the_registration_is_refused() {
    let app = app().await;
    let good = request(BOOKS, "companies:read", &verifier(&app));
    for scope in [
        "users:write",
        "companies:read users:write",
        "admin",
        "COMPANIES:READ",
        "openid",
        "a\"b",
        "companies:read\n",
    ] {
        assert_eq!(
            told(&app, &changed(good.clone(), "scope", Some(scope))).await,
            "invalid_scope",
            "{scope:?}"
        );
    }
}

#[tokio::test]
async fn unknown_parameters_change_nothing_and_appear_nowhere() {
    let app = app().await;
    let mut fields = request(BOOKS, "companies:read", &verifier(&app));
    fields.push(("marker-name", "marker-value\"><script>".to_owned()));
    fields.push(("code", "marker-code".to_owned()));
    fields.push(("request_uri", "https://marker.example/object".to_owned()));
    let mut browser = Browser::new(&app);
    let sign_in = browser.get(&authorize_path(&fields)).await;
    assert_eq!(sign_in.status, StatusCode::OK);
    assert!(!sign_in.body.contains("marker"), "{}", sign_in.body);
    let answer =
        browser.submit("/login", &[("email", "anna@example.com"), ("password", "correct horse")]).await;
    assert!(!answer.location().contains("marker"), "{}", answer.location());
    let consent = browser.get(&authorize_path(&fields)).await;
    assert_eq!(consent.status, StatusCode::OK);
    assert!(!consent.body.contains("marker"), "{}", consent.body);
    let company = [("company", super::super::app::LOVE_BV), ("decision", "allow")];
    let answer = browser.submit("/oauth/authorize", &company).await;
    assert!(answer.redirected("code").unwrap().starts_with("mst_ac_"));
    assert!(!answer.location().contains("marker"), "{}", answer.location());
}

#[tokio::test]
async fn state_comes_back_as_it_was() {
    let app = app().await;
    let good = request(BOOKS, "companies:read", &verifier(&app));
    let long = "a".repeat(2048);
    for state in ["", "é€𝄞", "a b+c%20&=?#/\"'<>\\", "a\r\nSet-Cookie: b=c", long.as_str()] {
        let fields = changed(good.clone(), "state", Some(state));
        assert_eq!(allow(&app, &fields).await.redirected("state").as_deref(), Some(state));
        let wrong = sent_back(&app, &authorize_path(&changed(fields, "scope", Some("admin")))).await;
        assert_eq!(wrong.redirected("state").as_deref(), Some(state));
        assert!(!wrong.headers.contains_key(header::SET_COOKIE));
    }
    let none = allow(&app, &changed(good.clone(), "state", None)).await;
    assert!(none.redirected("code").is_some() && none.redirected("state").is_none());
    let endless = changed(good.clone(), "state", Some(&"a".repeat(5000)));
    assert_eq!(told(&app, &endless).await, "invalid_request");
    // Bytes that are no text cannot be handed back as they were, so they are refused.
    for unwanted in ["%ff", "a%00b"] {
        let without = changed(good.clone(), "state", None);
        page(&app, &format!("{}&state={unwanted}", authorize_path(&without))).await;
    }
}

#[tokio::test]
async fn nobody_is_sent_away_before_signing_in() {
    let app = app().await;
    let good = request(BOOKS, "companies:read", &verifier(&app));
    for (name, value, error) in
        [("response_type", "token", "unsupported_response_type"), ("scope", "admin", "invalid_scope")]
    {
        let path = authorize_path(&changed(good.clone(), name, Some(value)));
        let stranger = get(&app, &path).await;
        assert_eq!(stranger.status, StatusCode::OK, "{}", stranger.body);
        assert!(!stranger.headers.contains_key(header::LOCATION));
        // A wrong password changes nothing about where the right one leads.
        let mut browser = Browser::new(&app);
        browser.get(&path).await;
        let wrong = [("email", "anna@example.com"), ("password", "wrong")];
        let again = browser.submit("/login", &wrong).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        let policy = again.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.ends_with("form-action 'self' https://books.example"), "{policy}");
        let answer = sent_back(&app, &path).await;
        assert_told(&answer);
        assert_eq!(answer.redirected("error").as_deref(), Some(error));
    }
}

#[tokio::test]
async fn a_challenge_is_needed() {
    let app = app().await;
    for client in [BOOKS, TWO] {
        let good = request(client, "companies:read", &verifier(&app));
        let without = changed(changed(good.clone(), "code_challenge", None), "code_challenge_method", None);
        assert_eq!(told(&app, &without).await, "invalid_request");
        assert_eq!(told(&app, &changed(good, "code_challenge", Some(""))).await, "invalid_request");
    }
    let native = request(NATIVE, "companies:read", &verifier(&app));
    let native = changed(changed(native, "code_challenge", None), "code_challenge_method", None);
    assert_eq!(
        sent_back(&app, &authorize_path(&native)).await.redirected("error").as_deref(),
        Some("invalid_request")
    );
    let exempt = request(EXEMPT, "companies:read", &verifier(&app));
    let exempt = changed(changed(exempt, "code_challenge", None), "code_challenge_method", None);
    assert!(allow(&app, &exempt).await.redirected("code").is_some());
}

#[tokio::test]
async fn only_s256_will_do() {
    let app = app().await;
    for client in [BOOKS, EXEMPT] {
        let good = request(client, "companies:read", &verifier(&app));
        for method in [None, Some("plain"), Some("s256"), Some("S512"), Some("")] {
            let fields = changed(good.clone(), "code_challenge_method", method);
            assert_eq!(told(&app, &fields).await, "invalid_request", "{method:?}");
        }
        for challenge in
            ["short", &"a".repeat(44), &"a".repeat(42), &format!("{}=", "a".repeat(42)), &"+".repeat(43)]
        {
            let fields = changed(good.clone(), "code_challenge", Some(challenge));
            assert_eq!(told(&app, &fields).await, "invalid_request", "{challenge}");
        }
    }
}

#[tokio::test]
async fn answers_name_the_issuer() {
    let app = app().await;
    let issuer = get(&app, "/.well-known/oauth-authorization-server").await.json()["issuer"].clone();
    let good = request(BOOKS, "companies:read", &verifier(&app));
    let answers = [
        allow(&app, &good).await,
        sent_back(&app, &authorize_path(&changed(good, "scope", Some("admin")))).await,
    ];
    for answer in answers {
        assert_eq!(answer.redirected("iss").unwrap(), issuer);
    }
}

#[tokio::test]
async fn a_form_is_followed_by_303() {
    let app = app().await;
    let path = authorize_path(&request(BOOKS, "companies:read", &verifier(&app)));
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in("anna@example.com").await.status.as_u16(), 303);
    for decision in ["allow", "deny"] {
        browser.get(&path).await;
        let fields = [("company", super::super::app::LOVE_BV), ("decision", decision)];
        assert_eq!(browser.submit("/oauth/authorize", &fields).await.status.as_u16(), 303, "{decision}");
    }
    browser.get("/settings/apps").await;
    assert_eq!(browser.submit("/logout", &[]).await.status.as_u16(), 303);
}

#[tokio::test]
async fn repeated_parameters_are_refused() {
    let app = app().await;
    let path = authorize_path(&request(BOOKS, "companies:read", &verifier(&app)));
    for name in ["response_type", "scope", "code_challenge", "code_challenge_method"] {
        let answer = sent_back(&app, &format!("{path}&{}", encode(&[(name, "x")]))).await;
        assert_told(&answer);
        assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"), "{name}");
        assert_eq!(answer.redirected("state").as_deref(), Some("st-1"));
    }
    let answer = sent_back(&app, &format!("{path}&state=other")).await;
    assert_told(&answer);
    assert_eq!(answer.redirected("state"), None, "which of the two would be the client's?");
    for name in ["client_id", "redirect_uri"] {
        page(&app, &format!("{path}&{name}=x")).await;
    }
}

#[tokio::test]
async fn test_test_is_accepted() {
    let app = app().await;
    let fields = request(BOOKS, "test:test", &verifier(&app));
    assert!(allow(&app, &fields).await.redirected("code").is_some());
}
