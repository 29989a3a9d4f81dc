use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};

use super::super::app::{App, CALLBACK};
use super::cases;
use super::world::{
    BASIC, BOOKS, Client, EXEMPT, NATIVE, SPECIAL, TWO, active, allow, app, bare, changed, code, error,
    exchange, post, refresh, refused, request, tokens, verifier, works,
};

cases! {
    a_code_is_exchanged: [E 59, Facts 21, Facts 22] "The answer is JSON nobody may keep: access and refresh token, Bearer, 900 s, the scope";
    a_code_works_once: [E 60, Facts 20] "A code presented again is `invalid_grant`, and what the first exchange gave is dead";
    a_code_lives_a_minute: [E 61, Facts 13, Facts 20] "A code works within 60 s and is `invalid_grant` afterwards";
    the_redirect_uri_is_named_again: [E 63, Facts 18] "A missing or different `redirect_uri` is `invalid_grant`";
    the_verifier_must_fit: [Facts 19] "A missing, wrong, short or repeated verifier gives no tokens";
    a_verifier_without_a_challenge_is_refused: [E 65] "A verifier for a code that was asked for without a challenge is refused";
    a_code_is_of_one_client: [E 63] "Another client's code is `invalid_grant`, and is left as it was";
    a_client_proves_itself: [E 67, Facts 17] "A confidential client without, with an empty, or with a wrong credential is 401 `invalid_client`; a public one may not bring a secret";
    basic_is_decoded: [E 68, Facts 15] "Basic with a wrong secret is challenged; id and secret are form-decoded";
    body_credentials_are_a_switch: [Facts 16] "Credentials in the body are accepted unless the client is set to Basic alone; never both at once";
    only_post_with_a_form: [E 72, Facts 14] "GET and any other method are 405; anything but a form, broken encoding and NUL are 400, a large body 413";
    other_grants_are_not_offered: [E 74, E 75, E 76, Facts 31] "`password`, `client_credentials`, the device grant and unknown grants are `unsupported_grant_type`, for every client";
    tokens_are_known_by_their_form: [E 78] "Every token has a prefix and a check; one changed, cut or padded character is refused, before anything is read from the store";
    errors_have_one_form: [E 79] "Every error is the JSON of RFC 6749 with the right status, and nothing that was sent is in it";
    a_network_is_one_source: [E 81] "All addresses of an IPv6 /64 count as one source, and the next /64 as another";
    guessing_a_secret_is_slowed_down: [E 81] "After 30 failures in a minute for a client and source come 429 and Retry-After; other clients go on";
    parameters_are_given_once_and_in_the_body: [E 79] "A repeated parameter is `invalid_request`, and parameters of the URL do not count";
}

#[tokio::test]
async fn a_code_is_exchanged() {
    let app = app().await;
    for client in [BOOKS, NATIVE, SPECIAL] {
        let (code, verifier) = code(&app, client, "companies:read").await;
        let answer = exchange(&app, client, &code, &verifier).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["pragma"], "no-cache");
        let json = answer.json();
        assert_eq!((&json["token_type"], &json["scope"]), (&"Bearer".into(), &"companies:read".into()));
        assert_eq!(json["expires_in"], 900);
        assert!(json["access_token"].is_string() && json["refresh_token"].is_string());
        assert!(works(&app, json["access_token"].as_str().unwrap()).await);
    }
}

#[tokio::test]
async fn a_code_works_once() {
    let app = app().await;
    let (code, verifier) = code(&app, BOOKS, "companies:read").await;
    let first = exchange(&app, BOOKS, &code, &verifier).await.tokens();
    let later = refresh(&app, BOOKS, &first.refresh).await.tokens();
    assert_eq!(error(&exchange(&app, BOOKS, &code, &verifier).await), refused(400, "invalid_grant"));
    assert!(!works(&app, &later.access).await);
    assert_eq!(error(&refresh(&app, BOOKS, &later.refresh).await), refused(400, "invalid_grant"));
    assert_eq!(super::world::audited(&app, "authorization_code.reused").await.len(), 1);
}

#[tokio::test]
async fn a_code_lives_a_minute() {
    let app = app().await;
    let (early, early_verifier) = code(&app, BOOKS, "companies:read").await;
    app.clock.advance(Duration::from_secs(59));
    assert_eq!(exchange(&app, BOOKS, &early, &early_verifier).await.status, StatusCode::OK);
    let (late, verifier) = code(&app, BOOKS, "companies:read").await;
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(error(&exchange(&app, BOOKS, &late, &verifier).await), refused(400, "invalid_grant"));
}

async fn exchange_with(app: &App, client: Client, fields: &[(&str, Option<&str>)]) -> (u16, String) {
    let mut all = vec![("grant_type", "authorization_code")];
    all.extend(fields.iter().filter_map(|(name, value)| value.map(|value| (*name, value))));
    error(&post(app, "/oauth/token", client, &all).await)
}

#[tokio::test]
async fn the_redirect_uri_is_named_again() {
    let app = app().await;
    let (code, verifier) = code(&app, TWO, "companies:read").await;
    let secret = verifier.secret().expose().clone();
    for wrong in
        [None, Some(""), Some("https://books.example/other?kept=1"), Some("https://books.example/callback/")]
    {
        let fields = [
            ("code", Some(code.as_str())),
            ("redirect_uri", wrong),
            ("code_verifier", Some(secret.as_str())),
        ];
        assert_eq!(exchange_with(&app, TWO, &fields).await, refused(400, "invalid_grant"), "{wrong:?}");
    }
    assert_eq!(exchange(&app, TWO, &code, &verifier).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_verifier_must_fit() {
    let app = app().await;
    let (code, right) = code(&app, BOOKS, "companies:read").await;
    let other = verifier(&app);
    let challenge = right.challenge().to_string();
    let padded = format!("{}a", right.secret().expose());
    for wrong in
        [None, Some("short"), Some(other.secret().expose()), Some(challenge.as_str()), Some(padded.as_str())]
    {
        let fields =
            [("code", Some(code.as_str())), ("redirect_uri", Some(CALLBACK)), ("code_verifier", wrong)];
        assert_eq!(exchange_with(&app, BOOKS, &fields).await, refused(400, "invalid_grant"), "{wrong:?}");
    }
    let twice = right.secret().expose();
    let fields = [
        ("code", Some(code.as_str())),
        ("redirect_uri", Some(CALLBACK)),
        ("code_verifier", Some(twice)),
        ("code_verifier", Some(twice)),
    ];
    assert_eq!(exchange_with(&app, BOOKS, &fields).await, refused(400, "invalid_request"));
    assert_eq!(
        exchange(&app, BOOKS, &code, &right).await.status,
        StatusCode::OK,
        "nothing of this used it up"
    );
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let app = app().await;
    let verifier = verifier(&app);
    let fields = request(EXEMPT, "companies:read", &verifier);
    let fields = changed(changed(fields, "code_challenge", None), "code_challenge_method", None);
    let code = allow(&app, &fields).await.redirected("code").unwrap();
    assert_eq!(error(&exchange(&app, EXEMPT, &code, &verifier).await), refused(400, "invalid_grant"));
    let plain = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(post(&app, "/oauth/token", EXEMPT, &plain).await.status, StatusCode::OK);
    // Where the exempt client sent a challenge, it is enforced.
    let (code, _) = super::world::code(&app, EXEMPT, "companies:read").await;
    let plain = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(error(&post(&app, "/oauth/token", EXEMPT, &plain).await), refused(400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_is_of_one_client() {
    let app = app().await;
    let (code, verifier) = code(&app, BOOKS, "companies:read").await;
    assert_eq!(error(&exchange(&app, TWO, &code, &verifier).await), refused(400, "invalid_grant"));
    let first = exchange(&app, BOOKS, &code, &verifier).await.tokens();
    assert_eq!(error(&exchange(&app, TWO, &code, &verifier).await), refused(400, "invalid_grant"));
    assert!(works(&app, &first.access).await, "a stranger who found the code ends nothing with it");
}

#[tokio::test]
async fn a_client_proves_itself() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    let asked = [("grant_type", "refresh_token"), ("refresh_token", live.refresh.as_str())];
    let with = |more: &[(&'static str, &'static str)]| [asked.as_slice(), more].concat();
    let none = app.form("/oauth/token", None, &asked).await;
    let named = app.form("/oauth/token", None, &with(&[("client_id", "books")])).await;
    let empty = app.form("/oauth/token", None, &with(&[("client_id", "books"), ("client_secret", "")])).await;
    let wrong =
        app.form("/oauth/token", None, &with(&[("client_id", "books"), ("client_secret", "x")])).await;
    let unknown = app.form("/oauth/token", Some(("nobody", "x")), &asked).await;
    let empty_basic = app.form("/oauth/token", Some(("books", "")), &asked).await;
    let public_with_secret = app.form("/oauth/token", Some(("native", "x")), &asked).await;
    for answer in [none, named, empty, wrong, unknown, empty_basic, public_with_secret] {
        assert_eq!(error(&answer), refused(401, "invalid_client"));
        assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Basic realm="));
    }
    for line in ["Basic", "Basic ***", "Basic Ym9va3M=", "Bearer x", "Digest x", "Basic Og==", ""] {
        let mut request = Request::post("/oauth/token").header(header::AUTHORIZATION, line);
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = Body::from(super::super::app::encode(&asked));
        let answer = app.send(request.body(body).unwrap()).await;
        assert_eq!(error(&answer), refused(401, "invalid_client"), "{line:?}");
    }
    assert_eq!(refresh(&app, BOOKS, &live.refresh).await.status, StatusCode::OK, "nothing was used up");
}

#[tokio::test]
async fn basic_is_decoded() {
    let app = app().await;
    let live = tokens(&app, SPECIAL, "companies:read").await;
    assert!(active(&app, SPECIAL, &live.access).await);
    let answer = app.form("/oauth/token", Some((SPECIAL.id, "s%e:c r+t&=ü/")), &[("grant_type", "x")]).await;
    assert_eq!(error(&answer), refused(401, "invalid_client"));
    assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
}

#[tokio::test]
async fn body_credentials_are_a_switch() {
    let app = app().await;
    let in_body = |client: Client| {
        [
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            ("client_id", client.id),
            ("client_secret", client.secret.unwrap()),
        ]
    };
    assert_eq!(error(&app.form("/oauth/token", None, &in_body(BOOKS)).await), refused(400, "invalid_grant"));
    assert_eq!(error(&app.form("/oauth/token", None, &in_body(BASIC)).await), refused(401, "invalid_client"));
    assert_eq!(error(&refresh(&app, BASIC, "x").await), refused(400, "invalid_grant"));
    assert_eq!(
        error(&post(&app, "/oauth/token", BOOKS, &in_body(BOOKS)).await),
        refused(400, "invalid_request")
    );
    let id_beside = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "books")];
    assert_eq!(error(&post(&app, "/oauth/token", BOOKS, &id_beside).await), refused(400, "invalid_grant"));
    let other_id = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "two")];
    assert_eq!(error(&post(&app, "/oauth/token", BOOKS, &other_id).await), refused(400, "invalid_request"));
}

#[tokio::test]
async fn only_post_with_a_form() {
    let app = app().await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let answer = bare(&app, method, "/oauth/token?grant_type=refresh_token", None).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.headers["allow"], "POST", "{method}");
    }
    let send = async |content_type: Option<&str>, body: Vec<u8>| {
        let mut request = Request::post("/oauth/token");
        if let Some(value) = content_type {
            request = request.header(header::CONTENT_TYPE, value);
        }
        error(&app.send(request.body(Body::from(body)).unwrap()).await)
    };
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(send(None, b"grant_type=x".to_vec()).await, refused(400, "invalid_request"));
    assert_eq!(send(Some("application/json"), b"{}".to_vec()).await, refused(400, "invalid_request"));
    assert_eq!(
        send(Some("multipart/form-data"), b"grant_type=x".to_vec()).await,
        refused(400, "invalid_request")
    );
    for body in
        [b"grant_type=%ff".to_vec(), vec![0xff, 0xfe], b"client_id=a%00b".to_vec(), b"a%00=b".to_vec()]
    {
        assert_eq!(send(form, body).await.0, 400);
    }
    assert_eq!(send(form, b"a=b&".repeat(1000)).await.0, 400, "too many parameters");
    assert_eq!(send(form, vec![b'a'; 2_000_000]).await, refused(413, "invalid_request"));
    let with_charset =
        send(Some("application/x-www-form-urlencoded; charset=UTF-8"), b"grant_type=x".to_vec()).await;
    assert_eq!(with_charset, refused(401, "invalid_client"), "it was read");
}

#[tokio::test]
async fn other_grants_are_not_offered() {
    let app = app().await;
    for client in [BOOKS, NATIVE] {
        for grant in [
            "password",
            "client_credentials",
            "implicit",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "Refresh_Token",
        ] {
            let fields = [
                ("grant_type", grant),
                ("scope", "companies:read"),
                ("username", "anna@example.com"),
                ("password", "correct horse"),
            ];
            let answer = post(&app, "/oauth/token", client, &fields).await;
            assert_eq!(error(&answer), refused(400, "unsupported_grant_type"), "{grant}");
        }
    }
}

#[tokio::test]
async fn tokens_are_known_by_their_form() {
    let app = app().await;
    let (code, verifier) = code(&app, BOOKS, "companies:read").await;
    assert!(code.starts_with("mst_ac_"));
    let live = exchange(&app, BOOKS, &code, &verifier).await.tokens();
    assert!(live.access.starts_with("mst_at_") && live.refresh.starts_with("mst_rt_"));
    let reads = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&reads);
    app.database.set_fault_hook(Some(std::sync::Arc::new(move |name| {
        seen.lock().unwrap().push(name);
        None
    })));
    for good in [&live.access, &live.refresh] {
        let middle = good.len() / 2;
        let flip = |at: usize| {
            let other = if good.as_bytes()[at] == b'A' { "B" } else { "A" };
            format!("{}{other}{}", &good[..at], &good[at + 1..])
        };
        let wrong = [
            flip(8),
            flip(middle),
            flip(good.len() - 2),
            good[..good.len() - 1].to_owned(),
            format!("{good}A"),
            format!("{good}="),
            good.to_uppercase(),
            good.replacen("mst_", "mst_x", 1),
            live.access.replace("mst_at_", "mst_rt_"),
        ];
        for wrong in wrong.iter().filter(|wrong| **wrong != live.access && **wrong != live.refresh) {
            reads.lock().unwrap().clear();
            assert!(!works(&app, wrong).await, "{wrong}");
            assert_eq!(*reads.lock().unwrap(), Vec::<&str>::new(), "{wrong}");
            // A client is remembered for a second.
            app.clock.advance(Duration::from_secs(2));
            assert_eq!(error(&refresh(&app, BOOKS, wrong).await), refused(400, "invalid_grant"), "{wrong}");
            // That it was refused is written down; a flood of refusals is not, one by one.
            let read: Vec<_> =
                reads.lock().unwrap().drain(..).filter(|name| *name != "audit.append").collect();
            assert_eq!(read, ["authserver.client"], "the client's row and no more");
        }
    }
    app.database.set_fault_hook(None);
    assert!(works(&app, &live.access).await);
    assert_eq!(refresh(&app, BOOKS, &live.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn errors_have_one_form() {
    let app = app().await;
    let marker = "marker\"\\\u{7}é<script>";
    let fields =
        |name: &'static str| [("grant_type", "refresh_token"), ("refresh_token", "x"), (name, marker)];
    let scope = post(&app, "/oauth/token", BOOKS, &fields("scope")).await;
    let token =
        post(&app, "/oauth/token", BOOKS, &[("grant_type", "refresh_token"), ("refresh_token", marker)])
            .await;
    let grant = post(&app, "/oauth/token", BOOKS, &[("grant_type", marker)]).await;
    let client = app.form("/oauth/token", Some((marker, marker)), &[("grant_type", "x")]).await;
    let missing = post(&app, "/oauth/token", BOOKS, &[("grant_type", "refresh_token")]).await;
    let code = post(&app, "/oauth/token", BOOKS, &[("grant_type", "authorization_code")]).await;
    for (answer, expected) in [
        (scope, refused(400, "invalid_scope")),
        (token, refused(400, "invalid_grant")),
        (grant, refused(400, "unsupported_grant_type")),
        (client, refused(401, "invalid_client")),
        (missing, refused(400, "invalid_request")),
        (code, refused(400, "invalid_request")),
    ] {
        assert_eq!(error(&answer), expected);
        assert!(!answer.body.contains("marker"), "{}", answer.body);
    }
    // A client is remembered for a second.
    app.clock.advance(Duration::from_secs(2));
    app.database.fail_next(
        "authserver.client",
        1,
        store::Fault::Refuse(base::StoreError::Unavailable("down".into())),
    );
    let down = refresh(&app, BOOKS, "x").await;
    assert_eq!(error(&down), refused(503, "temporarily_unavailable"));
    assert!(down.headers.contains_key("retry-after") && !down.body.contains("down"));
}

#[tokio::test]
async fn a_network_is_one_source() {
    let app = app().await;
    let guess = async |address: String| {
        let peer: std::net::SocketAddr = format!("[{address}]:1").parse().unwrap();
        let body = "grant_type=refresh_token&refresh_token=x&client_id=books&client_secret=wrong";
        let request = http::Request::post("/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(axum::extract::ConnectInfo(peer))
            .body(axum::body::Body::from(body))
            .unwrap();
        app.send(request).await.status
    };
    for number in 0..70 {
        let wanted = if number < 30 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(guess(format!("2001:db8:1:2::{number:x}")).await, wanted, "{number}");
    }
    assert_eq!(guess("2001:db8:1:3::1".to_owned()).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn guessing_a_secret_is_slowed_down() {
    let app = app().await;
    let wrong = Client { secret: Some("wrong"), ..BOOKS };
    for _ in 0..30 {
        assert_eq!(refresh(&app, wrong, "x").await.status, StatusCode::UNAUTHORIZED);
    }
    for path in ["/oauth/token", "/oauth/token/introspect", "/oauth/revoke"] {
        let answer = post(&app, path, wrong, &[("token", "x")]).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        let pause: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&pause), "{pause}");
        error(&answer);
    }
    assert_eq!(refresh(&app, TWO, "x").await.status, StatusCode::BAD_REQUEST, "another client goes on");
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(refresh(&app, BOOKS, "x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn parameters_are_given_once_and_in_the_body() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    let good = [("grant_type", "refresh_token"), ("refresh_token", live.refresh.as_str())];
    for name in ["grant_type", "refresh_token", "scope", "client_id", "client_secret"] {
        let mut fields = good.to_vec();
        fields.extend([(name, "books"), (name, "books")]);
        let answer = post(&app, "/oauth/token", BOOKS, &fields).await;
        assert_eq!(error(&answer), refused(400, "invalid_request"), "{name}");
    }
    let path = format!("/oauth/token?{}", super::super::app::encode(&good));
    assert_eq!(error(&post(&app, &path, BOOKS, &[]).await), refused(400, "invalid_request"));
    let secret = [("client_id", "books"), ("client_secret", BOOKS.secret.unwrap())];
    let path = format!("/oauth/token?{}", super::super::app::encode(&secret));
    assert_eq!(error(&app.form(&path, None, &good).await), refused(401, "invalid_client"));
    assert!(works(&app, &live.access).await);
}
