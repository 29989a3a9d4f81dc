use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};

use super::super::app::{LOVE_BV, ORIGIN};
use super::cases;
use super::world::{
    BOOKS, NATIVE, TWO, active, app, bare, error, post, refresh, refused, tokens, two_servers, works,
};

cases! {
    revoking_a_refresh_token_ends_all: [G 104, Facts 32] "Revoking a refresh token, an older one too, is `200 {}` and ends every token; the endpoint is an addition to what is documented";
    revoking_an_access_token_leaves_the_refresh_token: [G 104] "Revoking an access token ends that token; the refresh token goes on";
    a_public_client_revokes_with_its_id: [G 105] "A public client revokes its own tokens with its id alone, and they are dead";
    whatever_is_revoked_the_answer_is_200: [G 108] "Unknown, revoked, foreign and garbage tokens and a wrong hint are 200, and a foreign one goes on working";
    the_endpoints_take_a_posted_token: [G 110] "A missing or repeated `token` is 400, any method but POST 405";
    introspection_wants_a_client: [G 111, Facts 34] "Introspection without a credential, by a public client, or with a token as credential is 401";
    an_active_token_is_described: [G 112, G 114, Facts 35, Facts 37, Facts 38] "Access and refresh tokens are described with all documented members, nothing of them may be kept, and `active` is a boolean";
    only_the_owner_is_told: [Facts 36] "Another client's token is not active, in the very words for a token that never was";
    introspection_shows_the_present: [G 117, Facts 40] "Expiry, rotation and revocation are seen at once, on every server of the database";
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_all() {
    let app = app().await;
    for older in [false, true] {
        let first = tokens(&app, BOOKS, "companies:read").await;
        let second = refresh(&app, BOOKS, &first.refresh).await.tokens();
        let token = if older { &first.refresh } else { &second.refresh };
        for hint in ["refresh_token", "access_token"] {
            let answer =
                post(&app, "/oauth/revoke", BOOKS, &[("token", token), ("token_type_hint", hint)]).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "{}"));
            assert!(!works(&app, &second.access).await && !active(&app, BOOKS, &second.refresh).await);
        }
        assert_eq!(error(&refresh(&app, BOOKS, &second.refresh).await), refused(400, "invalid_grant"));
    }
}

#[tokio::test]
async fn revoking_an_access_token_leaves_the_refresh_token() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    assert_eq!(post(&app, "/oauth/revoke", BOOKS, &[("token", &live.access)]).await.status, StatusCode::OK);
    assert!(!works(&app, &live.access).await && !active(&app, BOOKS, &live.access).await);
    let next = refresh(&app, BOOKS, &live.refresh).await.tokens();
    assert!(works(&app, &next.access).await);
}

#[tokio::test]
async fn a_public_client_revokes_with_its_id() {
    let app = app().await;
    let live = tokens(&app, NATIVE, "companies:read").await;
    assert_eq!(post(&app, "/oauth/revoke", NATIVE, &[("token", &live.refresh)]).await.status, StatusCode::OK);
    assert!(!works(&app, &live.access).await);
    assert_eq!(error(&refresh(&app, NATIVE, &live.refresh).await), refused(400, "invalid_grant"));
    let live = tokens(&app, NATIVE, "companies:read").await;
    assert_eq!(post(&app, "/oauth/revoke", NATIVE, &[("token", &live.access)]).await.status, StatusCode::OK);
    assert!(!works(&app, &live.access).await);
    let anonymous = app.form("/oauth/revoke", None, &[("token", &live.refresh)]).await;
    assert_eq!(error(&anonymous), refused(401, "invalid_client"));
}

#[tokio::test]
async fn whatever_is_revoked_the_answer_is_200() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    let gone = tokens(&app, TWO, "companies:read").await;
    post(&app, "/oauth/revoke", TWO, &[("token", &gone.refresh)]).await;
    let flipped = format!("{}x", &live.refresh[..live.refresh.len() - 1]);
    for token in
        [live.refresh.as_str(), &live.access, &gone.refresh, &gone.access, "garbage", &flipped, "é\u{7f}"]
    {
        for hint in ["access_token", "nonsense"] {
            let answer =
                post(&app, "/oauth/revoke", TWO, &[("token", token), ("token_type_hint", hint)]).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "{}"), "{token}");
            assert_eq!(answer.headers["cache-control"], "no-store");
        }
    }
    assert!(works(&app, &live.access).await && active(&app, BOOKS, &live.refresh).await);
}

#[tokio::test]
async fn the_endpoints_take_a_posted_token() {
    let app = app().await;
    for path in ["/oauth/revoke", "/oauth/token/introspect"] {
        for fields in [vec![], vec![("token", "")], vec![("token", "a"), ("token", "b")]] {
            assert_eq!(error(&post(&app, path, BOOKS, &fields).await), refused(400, "invalid_request"));
        }
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
            let answer = bare(&app, method, &format!("{path}?token=x"), None).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
        let json =
            Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Body::from("{}"));
        assert_eq!(error(&app.send(json.unwrap()).await), refused(400, "invalid_request"));
    }
}

#[tokio::test]
async fn introspection_wants_a_client() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    let native = tokens(&app, NATIVE, "companies:read").await;
    let token = [("token", live.access.as_str())];
    assert_eq!(
        error(&app.form("/oauth/token/introspect", None, &token).await),
        refused(401, "invalid_client")
    );
    let wrong = app.form("/oauth/token/introspect", Some(("books", "wrong")), &token).await;
    assert_eq!(error(&wrong), refused(401, "invalid_client"));
    let own = post(&app, "/oauth/token/introspect", NATIVE, &[("token", &native.access)]).await;
    assert_eq!(error(&own), refused(401, "invalid_client"), "a public client proves nothing");
    let form = Request::post("/oauth/token/introspect")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, format!("Bearer {}", live.access))
        .body(Body::from(super::super::app::encode(&token)));
    assert_eq!(error(&app.send(form.unwrap()).await), refused(401, "invalid_client"));
}

#[tokio::test]
async fn an_active_token_is_described() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read users:read").await;
    let mut names = std::collections::BTreeSet::new();
    for (token, life) in [(&live.access, 900), (&live.refresh, 60 * 24 * 3600)] {
        for hint in [None, Some("access_token"), Some("refresh_token"), Some("nonsense")] {
            let mut fields = vec![("token", token.as_str())];
            fields.extend(hint.map(|hint| ("token_type_hint", hint)));
            let answer = post(&app, "/oauth/token/introspect", BOOKS, &fields).await;
            assert_eq!(answer.headers["cache-control"], "no-store");
            let told = answer.json();
            assert_eq!(told["active"], serde_json::Value::Bool(true));
            assert_eq!(told["sub"], LOVE_BV);
            assert_eq!(told["urn:pleo:params:oauth:subject_urn"], format!("urn:pleo:company:{LOVE_BV}"));
            assert_eq!((&told["client_id"], &told["iss"]), (&"books".into(), &ORIGIN.into()));
            assert_eq!(told["scope"], "companies:read users:read");
            assert!(told["aud"].is_array() && told["jti"].is_string());
            assert!(!told["jti"].as_str().unwrap().contains(&token[7..30]), "its name is no part of it");
            names.insert(told["jti"].to_string());
            assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), life);
        }
    }
    assert_eq!(names.len(), 2, "each token has a name of its own: {names:?}");
    let dead = post(&app, "/oauth/token/introspect", BOOKS, &[("token", "garbage")]).await;
    assert_eq!(dead.body, "{\"active\":false}");
}

#[tokio::test]
async fn only_the_owner_is_told() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    for token in [&live.access, &live.refresh] {
        let answer = post(&app, "/oauth/token/introspect", TWO, &[("token", token)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "{\"active\":false}"));
    }
}

#[tokio::test]
async fn introspection_shows_the_present() {
    let (one, two) = two_servers().await;
    let first = tokens(&one, BOOKS, "companies:read").await;
    one.clock.advance(Duration::from_secs(899));
    assert!(active(&two, BOOKS, &first.access).await);
    one.clock.advance(Duration::from_secs(1));
    assert!(!active(&one, BOOKS, &first.access).await && !active(&two, BOOKS, &first.access).await);
    assert!(active(&two, BOOKS, &first.refresh).await);
    let second = refresh(&one, BOOKS, &first.refresh).await.tokens();
    assert!(!active(&two, BOOKS, &first.refresh).await && active(&two, BOOKS, &second.access).await);
    post(&one, "/oauth/revoke", BOOKS, &[("token", &second.refresh)]).await;
    assert!(!active(&two, BOOKS, &second.access).await && !works(&two, &second.access).await);
}
