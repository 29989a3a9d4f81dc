use connect::Role;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::app::{Answer, App};
use super::browser::Browser;

/// A connection made through the pages.
async fn connected(app: &App) -> String {
    let token = app.api_token(Role::Connect).await;
    let made =
        app.call(&token, "POST", "/v1/connect-sessions", Some(json!({ "accounting": "xero" }))).await.json();
    let mut browser = Browser::new(app);
    browser.get(made["url"].as_str().unwrap()).await;
    for _ in 0..2 {
        let sent = browser.submit(&[]).await;
        browser.follow(&Browser::allowed(sent.location())).await;
    }
    let page = browser.submit(&[("company", "x-1")]).await.location().to_owned();
    browser.get(&page).await;
    browser.submit(&[("decision", "confirm")]).await;
    let list = app.call(&token, "GET", "/v1/connections", None).await.json();
    list["data"][0]["id"].as_str().unwrap().to_owned()
}

/// What a door reads when it gets as far as reading.
fn body_for(path: &str) -> Option<Value> {
    match path {
        "/v1/connect-sessions" => Some(json!({ "accounting": "xero" })),
        "/v1/connections/{id}/{end}/api-key" => Some(json!({ "api_key": "x" })),
        "/v1/connections/{id}/{end}/rejected" => Some(json!({ "generation": 1 })),
        "/v1/connections/{id}" => Some(json!({})),
        _ => None,
    }
}

/// Taken from the table that the routes are made of: a door that is added is tried here without anybody's thinking of it.
#[tokio::test]
async fn every_door_asks_for_a_token_and_its_role() {
    let app = App::new().await;
    let mut tokens = Vec::new();
    for role in Role::ALL {
        tokens.push((role, app.api_token(role).await));
    }
    let doors = web::connect::doors();
    assert!(doors.len() > 10);
    for door in doors {
        let path = door
            .path
            .replace("{id}", "con_0190a5b8-7c2e-7000-8000-000000000001")
            .replace("{end}", "platform")
            .replace("{*path}", "x");
        let methods = if door.method == "ANY" { vec!["GET", "POST", "DELETE"] } else { vec![door.method] };
        for method in methods {
            for authorization in [None, Some("Bearer "), Some("Bearer mst_api_x"), Some("Basic eDp5")] {
                let mut request = Request::builder().method(method).uri(&path);
                if let Some(value) = authorization {
                    request = request.header("authorization", value);
                }
                let answer = app.send(request.body(axum::body::Body::empty()).unwrap()).await;
                assert_eq!(answer.refusal(), (401, "unauthorized".to_owned()), "{method} {path}");
                assert!(answer.headers.contains_key("www-authenticate"));
            }
            // A token in the address is a token in somebody's log: it opens nothing.
            let in_query = format!("{path}?access_token={0}&token={0}", tokens[0].1);
            let request = Request::builder().method(method).uri(in_query).body(axum::body::Body::empty());
            assert_eq!(app.send(request.unwrap()).await.status, 401, "{method} {path}");
            for (role, token) in &tokens {
                let answer = app.call(token, method, &path, body_for(door.path)).await;
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} as {role}");
                let refused = answer.status == StatusCode::FORBIDDEN;
                let allowed = role.allows(door.need);
                assert_eq!(refused, !allowed, "{method} {path} as {role}: {} {}", answer.status, answer.body);
                if refused {
                    assert_eq!(answer.refusal(), (403, "insufficient-role".to_owned()));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_connection_has_the_documented_shape() {
    let app = App::new().await;
    let id = connected(&app).await;
    let token = app.api_token(Role::Admin).await;
    let shown = app.call(&token, "GET", &format!("/v1/connections/{id}"), None).await.json();
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for wanted in ["id", "reference", "state", "reason", "platform", "accounting", "settings", "created_at"] {
        assert!(members(&shown).contains(&wanted.to_owned()), "{wanted}");
    }
    for (end, provider, company) in [("platform", "pleo", "p-1"), ("accounting", "xero", "x-1")] {
        let side = &shown[end];
        assert_eq!(side["provider"], provider);
        assert_eq!(side["company"]["id"], company);
        assert_eq!(
            (&side["state"], &side["credential"], &side["generation"]),
            (&json!("active"), &json!("oauth"), &json!(1))
        );
        assert_eq!(side["ends_at"], Value::Null);
        for time in ["expires_at", "last_proven_at"] {
            assert!(side[time].as_str().unwrap().ends_with('Z'), "{time}");
        }
    }
    assert_eq!(shown["state"], "active");
    assert_eq!(shown["reason"], Value::Null);
}

#[tokio::test]
async fn tokens_are_lent_and_calls_go_through() {
    let app = App::new().await;
    let id = connected(&app).await;
    let token = app.api_token(Role::Admin).await;
    let base = format!("/v1/connections/{id}/accounting");
    let lent = app.call(&token, "GET", &format!("{base}/token"), None).await.json();
    assert!(lent["access_token"].as_str().unwrap().starts_with("access-"));
    assert_eq!((&lent["token_type"], &lent["generation"]), (&json!("Bearer"), &json!(1)));
    let answer = app.call(&token, "GET", &format!("{base}/proxy/a%20b/c%2Fd?q=%2F&x="), None).await;
    assert_eq!(answer.json(), json!({ "path": "/a%20b/c%2Fd", "query": "q=%2F&x=" }));
    assert!(!answer.headers.contains_key("mainstay-error"));
    for path in ["/proxy/a/../b", "/proxy//evil.example/", "/proxy/%2e%2e/b", "/proxy/a\\b"] {
        // An address that HTTP itself does not allow is refused before it comes here.
        let Ok(request) = Request::get(format!("{base}{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
        else {
            continue;
        };
        assert_eq!(app.send(request).await.refusal(), (400, "bad-request".to_owned()), "{path}");
    }
    let answer =
        app.call(&token, "POST", &format!("{base}/rejected"), Some(json!({ "generation": 7 }))).await;
    assert_eq!(answer.refusal(), (422, "invalid-value".to_owned()));
}

#[tokio::test]
async fn a_token_for_the_proxy_alone_cannot_end_the_access() {
    let app = App::new().await;
    let id = connected(&app).await;
    let path = format!("/v1/connections/{id}/platform/proxy/v1/installations/me");
    let (proxy, admin) = (app.api_token(Role::Proxy).await, app.api_token(Role::Admin).await);
    let refused = app.call(&proxy, "DELETE", &path, None).await;
    assert_eq!(refused.refusal(), (403, "insufficient-role".to_owned()));
    assert!(refused.body.contains("DELETE /v1/connections/{id}"), "{}", refused.body);
    for (token, method) in [(&proxy, "GET"), (&proxy, "PUT"), (&admin, "DELETE")] {
        let answer = app.call(token, method, &path, None).await;
        assert_eq!(answer.json()["path"], "/v1/installations/me", "{method}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_link_for_signing_in_again_and_the_end() {
    let app = App::new().await;
    let id = connected(&app).await;
    let token = app.api_token(Role::Connect).await;
    let base = format!("/v1/connections/{id}");
    let made = app.call(&token, "POST", &format!("{base}/reauthorise"), None).await.json();
    assert!(made["url"].as_str().unwrap().starts_with("https://connect.example/connect/mst_ln_"));
    assert_eq!((&made["end"], &made["reason"]), (&json!("platform"), &Value::Null));
    let mut browser = Browser::new(&app);
    browser.get(made["url"].as_str().unwrap()).await;
    assert!(browser.page.contains("again"), "{}", browser.page);
    let sent = browser.submit(&[]).await;
    assert_eq!(browser.follow(&Browser::allowed(sent.location())).await.status, 200);
    assert!(browser.page.contains("The connection goes on") && !browser.page.contains("<form"));
    let shown = app.call(&token, "GET", &base, None).await.json();
    assert_eq!(shown["platform"]["generation"], 2);

    let changed = app.call(&token, "PATCH", &base, Some(json!({ "settings": { "a": 1 } }))).await.json();
    assert_eq!(changed["settings"], json!({ "a": 1 }));
    let over = app.call(&token, "DELETE", &base, None).await.json();
    assert_eq!((&over["state"], &over["settings"]), (&json!("disconnected"), &json!({ "a": 1 })));
    let admin = app.api_token(Role::Admin).await;
    let gone: Answer = app.call(&admin, "GET", &format!("{base}/platform/token"), None).await;
    assert_eq!(gone.refusal(), (410, "connection-disconnected".to_owned()));

    let events = app.call(&token, "GET", "/v1/events?after=0&wait=1", None).await.json();
    let types: Vec<_> =
        events["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["connection.activated", "connection.reauthorised", "connection.disconnected"]);
    let next = events["next"].as_str().unwrap();
    let later = app.call(&token, "GET", &format!("/v1/events?after={next}"), None).await.json();
    assert_eq!((&later["data"], &later["next"]), (&json!([]), &json!(next)));
    let timeline = app.call(&token, "GET", &format!("{base}/timeline?limit=2"), None).await.json();
    assert_eq!(timeline["data"][0]["type"], "connection.disconnected");
    let next = timeline["next"].as_str().unwrap();
    let earlier = app.call(&token, "GET", &format!("{base}/timeline?after={next}"), None).await.json();
    assert_eq!(earlier["data"].as_array().unwrap().last().unwrap()["type"], "connection.activated");
}

#[tokio::test]
async fn a_cursor_beyond_everything_has_nothing_behind_it() {
    let app = App::new().await;
    let id = connected(&app).await;
    let token = app.api_token(Role::Connect).await;
    for after in [u64::MAX, u64::MAX / 2 + 1, u64::MAX / 2] {
        let events = app.call(&token, "GET", &format!("/v1/events?after={after}"), None).await;
        assert_eq!(events.status, 200, "{}", events.body);
        assert_eq!(events.json(), json!({ "data": [], "next": after.to_string() }));
        let timeline =
            app.call(&token, "GET", &format!("/v1/connections/{id}/timeline?after={after}"), None).await;
        assert_eq!(timeline.status, 200, "{}", timeline.body);
    }
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong_and_never_fail_inside() {
    let app = App::new().await;
    let token = app.api_token(Role::Admin).await;
    let unknown = "con_0190a5b8-7c2e-7000-8000-000000000001";
    let cases = [
        ("POST", "/v1/connect-sessions".to_owned(), Some(json!({ "accounting": "nonsense" })), 422),
        ("POST", "/v1/connect-sessions".to_owned(), Some(json!({ "accounting": "xero", "unknown": 1 })), 422),
        (
            "POST",
            "/v1/connect-sessions".to_owned(),
            Some(json!({ "accounting": "xero", "method": "magic" })),
            422,
        ),
        ("POST", "/v1/connect-sessions".to_owned(), Some(json!({ "connection": unknown })), 404),
        ("POST", "/v1/connect-sessions".to_owned(), None, 415),
        ("GET", "/v1/connections?state=nonsense".to_owned(), None, 400),
        ("GET", "/v1/connections?limit=0".to_owned(), None, 400),
        ("GET", "/v1/connections?after=nonsense".to_owned(), None, 400),
        ("GET", "/v1/events?wait=61".to_owned(), None, 400),
        ("GET", "/v1/events?after=-1".to_owned(), None, 400),
        ("GET", "/v1/events?after=18446744073709551616".to_owned(), None, 400),
        ("GET", "/v1/connections/nonsense".to_owned(), None, 404),
        ("GET", format!("/v1/connections/{unknown}"), None, 404),
        ("GET", format!("/v1/connections/{unknown}/middle/token"), None, 404),
        ("POST", format!("/v1/connections/{unknown}/reauthorise"), Some(json!({ "end": "middle" })), 422),
        ("GET", "/v1/nonsense".to_owned(), None, 404),
    ];
    for (method, path, body, status) in cases {
        let answer = app.call(&token, method, &path, body).await;
        assert_eq!(answer.refusal().0, status, "{method} {path}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

/// The members of each body in the order in which the code happens to name them, in a list: none of it is done.
#[tokio::test]
async fn a_list_is_not_taken_for_an_object() {
    let app = App::new().await;
    let id = connected(&app).await;
    let token = app.api_token(Role::Admin).await;
    let connection = format!("/v1/connections/{id}");
    let before = app.call(&token, "GET", &connection, None).await.json();
    for (method, path, body) in [
        ("POST", "/v1/connect-sessions".to_owned(), json!(["xero", null, null, null, null, null, false])),
        ("PATCH", connection.clone(), json!(["another reference", null])),
        ("POST", format!("{connection}/reauthorise"), json!(["accounting", null, null])),
        ("POST", format!("{connection}/accounting/rejected"), json!([1])),
        ("PUT", format!("{connection}/platform/api-key"), json!(["plp_another"])),
    ] {
        let answer = app.call(&token, method, &path, Some(body)).await;
        assert_eq!(answer.refusal(), (422, "invalid-value".to_owned()), "{method} {path}");
    }
    assert_eq!(app.call(&token, "GET", &connection, None).await.json(), before);
}
