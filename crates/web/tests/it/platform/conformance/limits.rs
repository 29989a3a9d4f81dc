use std::time::Duration;

use http::{StatusCode, header};
use platform::ApiLimits;

use super::super::app::{App, LOVE_BV};
use super::cases;
use super::world::app;

cases! {
    calls_are_limited_by_token_and_others_go_on: [H 132] "After 600 calls a minute a token gets 429 with Retry-After; other tokens and keys of the same company go on, and it goes on after its minute";
    the_limit_outlives_a_refresh: [H 132] "A refresh does not begin the minute anew, and a refused call does not either";
}

async fn status(app: &App, access_token: &str) -> StatusCode {
    app.call("GET", "/v1/introspect", access_token, None).await.status
}

#[tokio::test]
async fn calls_are_limited_by_token_and_others_go_on() {
    let app = app().await;
    let one = app.connect("anna@example.com", LOVE_BV, "users:read").await;
    let other = app.connect("anna@example.com", LOVE_BV, "users:read").await;
    for _ in 0..ApiLimits::EACH {
        assert_eq!(status(&app, &one.access).await, StatusCode::OK);
    }
    app.clock.advance(Duration::from_secs(20));
    let answer = app.call("GET", "/v1/introspect", &one.access, None).await;
    assert_eq!(answer.refusal(), (429, "TOO_MANY_REQUESTS".to_owned()));
    assert_eq!(answer.headers[header::RETRY_AFTER], "40");
    assert_eq!(status(&app, &other.access).await, StatusCode::OK);
    let key = app.seeded.api_keys[0].key.expose();
    assert_eq!(app.call_with_key("GET", "/v2/employees", key, None).await.status, StatusCode::OK);
    app.clock.advance(Duration::from_secs(40));
    assert_eq!(status(&app, &one.access).await, StatusCode::OK);
}

#[tokio::test]
async fn the_limit_outlives_a_refresh() {
    let app = app().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "users:read").await;
    for _ in 0..ApiLimits::EACH {
        status(&app, &tokens.access).await;
    }
    let next = app.refresh(&tokens.refresh).await.tokens();
    assert_eq!(status(&app, &next.access).await, StatusCode::TOO_MANY_REQUESTS);
    app.clock.advance(Duration::from_secs(59));
    assert_eq!(status(&app, &next.access).await, StatusCode::TOO_MANY_REQUESTS);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&app, &next.access).await, StatusCode::OK);
}
