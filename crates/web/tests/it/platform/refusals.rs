use axum::body::Body;
use http::{Request, StatusCode, header};

use super::app::{App, BOOKS, CALLBACK, LOVE_BV, OTHER, encode};
use super::browser::{Browser, sent_back};

/// RFC 6749 section 4.1.2.1: nothing is redirected before client and redirect URI are known to be right.
#[tokio::test]
async fn what_is_wrong_before_the_redirect_uri_is_trusted_stays_on_our_page() {
    let app = App::new().await;
    let (path, _) = app.authorization("books", "companies:read");
    let callback = encode(&[("redirect_uri", CALLBACK)]);
    let with = |uri: &str| path.replace(&callback, &encode(&[("redirect_uri", uri)]));
    let mut paths = vec![
        "/oauth/authorize".to_owned(),
        path.replace("client_id=books", "client_id=cooks"),
        path.replace("client_id=books", "client_id=unreviewed"),
        path.replace("client_id=books&", ""),
        format!("{path}&client_id=books"),
        format!("{path}&{callback}"),
        format!("{path}&x=%ff"),
    ];
    for uri in ["/", "?a=b", "#f", "/../callback", ";x"] {
        paths.push(with(&format!("{CALLBACK}{uri}")));
    }
    for uri in [
        "https://books.example/Callback",
        "https://BOOKS.example/callback",
        "https://x@books.example/callback",
        "https://books.example:444/callback",
        "http://books.example/callback",
        "javascript:alert(1)",
    ] {
        paths.push(with(uri));
    }
    for path in paths {
        let answer = app.send(Request::get(&path).body(Body::empty()).unwrap()).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        assert!(!answer.headers.contains_key(header::LOCATION), "{path}");
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    }
}

#[tokio::test]
async fn what_is_wrong_afterwards_is_told_to_the_client() {
    let app = App::new().await;
    let (path, _) = app.authorization("books", "companies:read");
    let cases = [
        (path.replace("response_type=code", "response_type=token"), "unsupported_response_type"),
        (path.replace("response_type=code&", ""), "invalid_request"),
        (path.replace("method=S256", "method=plain"), "invalid_request"),
        (path.split("&code_challenge").next().unwrap().to_owned(), "invalid_request"),
        (path.replace("companies%3Aread", "cards%3Awrite"), "invalid_scope"),
    ];
    for (path, error) in cases {
        let answer = sent_back(&app, &path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(answer.redirected("error").as_deref(), Some(error), "{path}");
        assert_eq!(answer.redirected("state").as_deref(), Some("st-4/ü"));
        assert!(answer.redirected("iss").is_some());
    }
}

#[tokio::test]
async fn a_consent_counts_only_from_the_session_it_was_shown_to() {
    let app = App::new().await;
    let (path, _) = app.authorization("books", "companies:read");
    let mut olga = Browser::new(&app);
    olga.sign_in("olga@example.com").await;
    olga.get(&path).await;
    let stolen = olga.form("/oauth/authorize");
    let request = &stolen.iter().find(|(name, _)| name == "request").unwrap().1;
    let foreign = &stolen.iter().find(|(name, _)| name == "csrf").unwrap().1;

    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    let allow = [("request", request.as_str()), ("company", LOVE_BV), ("decision", "allow")];
    for csrf in ["", foreign.as_str()] {
        let mut fields = allow.to_vec();
        fields.push(("csrf", csrf));
        let answer = anna.post("/oauth/authorize", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(anna.post("/oauth/authorize", &allow).await.status, StatusCode::BAD_REQUEST);
    let mut nobody = Browser::new(&app);
    let mut fields = allow.to_vec();
    fields.push(("csrf", foreign));
    assert_eq!(nobody.post("/oauth/authorize", &fields).await.status, StatusCode::FORBIDDEN);
    assert!(!anna.get("/settings/apps").await.body.contains("Example Books"));
}

#[tokio::test]
async fn a_company_is_consented_to_only_by_who_may() {
    let app = App::new().await;
    let (path, _) = app.authorization("books", "companies:read");
    let mut emil = Browser::new(&app);
    emil.sign_in("emil@example.com").await;
    assert_eq!(emil.get(&path).await.status, StatusCode::FORBIDDEN);
    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    for (company, status) in
        [(OTHER, 403), ("0198d5c2-0000-7000-8000-00000000ffff", 403), ("nonsense", 422), ("", 422)]
    {
        anna.get(&path).await;
        let answer = anna.submit("/oauth/authorize", &[("company", company), ("decision", "allow")]).await;
        assert_eq!(answer.status.as_u16(), status, "{company}");
    }
    anna.get(&path).await;
    let answer = anna.submit("/oauth/authorize", &[("company", LOVE_BV), ("decision", "perhaps")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_token_endpoint_answers_as_rfc_6749_asks() {
    let app = App::new().await;
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "mst_rt_nonsense")];
    let cases = [
        (app.form("/oauth/token", Some(("books", "wrong")), &refresh).await, 401, "invalid_client"),
        (app.form("/oauth/token", Some(("nobody", "wrong")), &refresh).await, 401, "invalid_client"),
        (app.form("/oauth/token", None, &refresh).await, 401, "invalid_client"),
        (app.token(&refresh).await, 400, "invalid_grant"),
        (app.token(&[("grant_type", "password")]).await, 400, "unsupported_grant_type"),
        (app.token(&[("grant_type", "client_credentials")]).await, 400, "unsupported_grant_type"),
        (app.token(&[]).await, 400, "invalid_request"),
        (app.token(&[refresh[0], refresh[0], refresh[1]]).await, 400, "invalid_request"),
        (app.form("/oauth/token/introspect", None, &[("token", "x")]).await, 401, "invalid_client"),
        (app.form("/oauth/revoke", Some(BOOKS), &[]).await, 400, "invalid_request"),
    ];
    for (at, (answer, status, error)) in cases.into_iter().enumerate() {
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str()),
            (status, Some(error)),
            "case {at}"
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
        if status == 401 {
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"), "case {at}");
        }
    }
    let garbage = app.form("/oauth/revoke", Some(BOOKS), &[("token", "garbage")]).await;
    assert_eq!((garbage.status, garbage.body.as_str()), (StatusCode::OK, "{}"));
}

#[tokio::test]
async fn what_is_no_form_is_refused_in_the_right_shape() {
    let app = App::new().await;
    let post = |content_type: &str, body: String| {
        Request::post("/oauth/token")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body))
            .unwrap()
    };
    let form = "application/x-www-form-urlencoded";
    let cases = [
        (app.send(post("application/json", "{}".to_owned())).await, 400),
        (app.send(post(form, "grant_type=%ff".to_owned())).await, 400),
        (app.send(post(form, "a".repeat(1_000_000))).await, 413),
        (app.send(Request::get("/oauth/token").body(Body::empty()).unwrap()).await, 405),
        (app.send(Request::get("/oauth/revoke").body(Body::empty()).unwrap()).await, 405),
    ];
    for (at, (answer, status)) in cases.into_iter().enumerate() {
        assert_eq!((answer.status.as_u16(), answer.json()["error"].is_string()), (status, true), "case {at}");
    }
}

#[tokio::test]
async fn the_metadata_say_what_is_offered() {
    let app = App::new().await;
    let path = "/.well-known/oauth-authorization-server";
    let metadata = app.send(Request::get(path).body(Body::empty()).unwrap()).await.json();
    assert_eq!(metadata["issuer"], super::app::ORIGIN);
    assert_eq!(metadata["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(metadata["grant_types_supported"], serde_json::json!(["authorization_code", "refresh_token"]));
    assert_eq!(metadata["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    assert_eq!(metadata["registration_endpoint"], format!("{}/oauth/register", super::app::ORIGIN));
}
