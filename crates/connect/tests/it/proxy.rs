//! Calls sent through.

use std::time::Duration;

use connect::proxy::{Call, PathError, ProxyError};
use connect::{ConnectionId, End, Unusable};
use http::{HeaderMap, Method, StatusCode};
use outbound::Body;
use serde_json::Value;

use crate::stage::Stage;
use crate::world::System;

fn call(path_and_query: &str) -> Call {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("authorization", "Bearer mst_api_ours"),
        ("cookie", "a=b"),
        ("connection", "x-mine"),
        ("x-mine", "1"),
        ("xero-tenant-id", "x-2"),
        ("x-original-url", "/connections/c-2"),
        ("x-http-method-override", "DELETE"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-prefix", "/connections"),
        ("x-passed", "yes"),
        ("content-length", "5"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    Call {
        method: Method::POST,
        path_and_query: path_and_query.to_owned(),
        headers,
        body: Body::from("hello"),
        may_disconnect: false,
    }
}

async fn echoed(stage: &Stage, id: ConnectionId, path: &str) -> (StatusCode, HeaderMap, Value) {
    let answer = stage.connect.proxy(id, End::Accounting, call(path)).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect_up_to(1 << 20).await.unwrap();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn credential_and_company_are_put_in_and_the_callers_own_stay_here() {
    let stage = Stage::new().await;
    let id = stage.pair("xero", "p-1", "x-1").await;
    let (status, headers, seen) = echoed(&stage, id, "/api.xro/2.0/Invoices?where=a%20b&x=%2F").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(seen["target"], "https://xero.example/api.xro/2.0/Invoices?where=a%20b&x=%2F");
    assert_eq!(seen["method"], "POST");
    assert_eq!(seen["body_length"], 5);
    let token = stage.connect.token(id, End::Accounting).await.unwrap();
    assert_eq!(seen["headers"]["authorization"], format!("Bearer {}", token.access_token.expose()));
    assert_eq!(seen["headers"]["xero-tenant-id"], "x-1");
    assert_eq!(seen["headers"]["x-passed"], "yes");
    for absent in [
        "cookie",
        "x-mine",
        "connection",
        "x-original-url",
        "x-http-method-override",
        "x-forwarded-host",
        "x-forwarded-prefix",
    ] {
        assert_eq!(seen["headers"][absent], Value::Null, "{absent}");
    }
    for absent in [
        "set-cookie",
        "connection",
        "x-hop",
        "mainstay-error",
        "alt-svc",
        "strict-transport-security",
        "clear-site-data",
        "access-control-allow-origin",
    ] {
        assert!(!headers.contains_key(absent), "{absent}");
    }
    assert_eq!(headers["x-kept"], "1");
}

#[tokio::test]
async fn redirects_are_handed_back() {
    let stage = Stage::new().await;
    let id = stage.pair("xero", "p-1", "x-1").await;
    let (status, headers, _) = echoed(&stage, id, "/a/redirect").await;
    assert_eq!(status, StatusCode::FOUND);
    assert_eq!(headers["location"], "https://elsewhere.example/");
}

#[tokio::test]
async fn paths_that_could_leave_the_api_are_refused() {
    let stage = Stage::new().await;
    let id = stage.pair("xero", "p-1", "x-1").await;
    let before = stage.world.journal("xero").len();
    for path in [
        "/a/../b",
        "/a/./b",
        "/..",
        "/%2e%2e/b",
        "/a/%2E%2e/b",
        "/.%2e/b",
        "/a/%252e%252e/b",
        "/a/..%2fb",
        "/a%2f..%2fb",
        "//evil.example/",
        "/a//b",
        "/a/%2f/b",
        "/a\\b",
        "/a%5cb",
        "/a%255cb",
        "/..;/b",
        "/a/..%3b/b",
        "/a%00b",
        "/a%0d%0ab",
        "/a%zz",
        "/a%2",
        "evil",
        "@evil.example/",
    ] {
        let refused = stage.connect.proxy(id, End::Accounting, call(path)).await.unwrap_err();
        assert!(matches!(refused, ProxyError::Path(_)), "{path}: {refused:?}");
    }
    assert_eq!(stage.world.journal("xero").len(), before, "nothing was sent");
    for path in ["/a", "/a/", "/a.b/c..d/...", "/a%20b", "/a;b=c", "/a/b%2Fc", "", "/"] {
        let answer = stage.connect.proxy(id, End::Accounting, call(path)).await;
        assert!(answer.is_ok(), "{path}: {answer:?}");
    }
}

/// At Xero `DELETE /connections/{id}` ends a company for the whole sign-in, which may be another connection's.
#[tokio::test]
async fn one_connection_cannot_take_another_ones_company_away() {
    let stage = Stage::new().await;
    let id = stage.pair("xero", "p-1", "x-1").await;
    let before = stage.world.journal("xero").len();
    for path in [
        "/connections/c-2",
        "/connections",
        "/connections/",
        "/Connections/c-2",
        "/%63onnections/c-2",
        "/%2563onnections/c-2",
        "/connections;a=b/c-2",
        "/connections%2Fc-2",
        "/connections/c-2?x=/api.xro",
    ] {
        for method in [Method::DELETE, Method::POST, Method::PUT] {
            let call = Call { method, ..call(path) };
            let refused = stage.connect.proxy(id, End::Accounting, call).await.unwrap_err();
            assert!(matches!(refused, ProxyError::Path(PathError::CompanyList)), "{path}: {refused:?}");
        }
    }
    assert_eq!(stage.world.journal("xero").len(), before, "nothing was sent");
    for (method, path) in [(Method::GET, "/connections"), (Method::DELETE, "/api.xro/2.0/connections")] {
        let call = Call { method, ..call(path) };
        assert!(stage.connect.proxy(id, End::Accounting, call).await.is_ok(), "{path}");
    }
}

/// At Pleo `DELETE /v1/installations/me` ends every token that the integration has for the company.
#[tokio::test]
async fn only_who_may_disconnect_can_end_the_access_through_the_proxy() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    let send = |method, path, may_disconnect| {
        stage.connect.proxy(id, End::Platform, Call { method, may_disconnect, ..call(path) })
    };
    let before = stage.world.journal("pleo").len();
    for path in [
        "/v1/installations/me",
        "/v1/installations/me/",
        "/V1/Installations/Me",
        "/v1/installations/%6de",
        "/v1/installations;a=b/me?x=y",
    ] {
        let refused = send(Method::DELETE, path, false).await.unwrap_err();
        assert!(matches!(refused, ProxyError::EndsAccess), "{path}: {refused:?}");
    }
    assert_eq!(stage.world.journal("pleo").len(), before, "nothing was sent");
    for (method, path, may_disconnect) in [
        (Method::GET, "/v1/installations/me", false),
        (Method::PUT, "/v1/installations/me", false),
        (Method::DELETE, "/v1/installations/mean", false),
        (Method::DELETE, "/v3/export-jobs/installations/me", false),
        (Method::DELETE, "/v1/installations/me", true),
    ] {
        let answer = send(method.clone(), path, may_disconnect).await;
        assert!(answer.is_ok(), "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_401_is_answered_by_sending_again_with_the_newer_token() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    // Somebody else's refresh has made our token old, and nobody here knows it yet.
    let old = stage.connect.token(id, End::Platform).await.unwrap();
    stage.world.at("pleo", System::kill_access_tokens);
    let answer = stage.connect.proxy(id, End::Platform, call("/v3/export-jobs")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let new = stage.connect.token(id, End::Platform).await.unwrap();
    assert_eq!(new.generation, old.generation + 1);
    assert_ne!(new.access_token.expose(), old.access_token.expose());
}

#[tokio::test]
async fn a_body_too_large_to_be_kept_is_not_sent_twice() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    let large =
        || Call { body: Body::from(vec![b'x'; connect::proxy::KEPT_BODY + 7]), ..call("/v3/export-jobs") };
    let answer = stage.connect.proxy(id, End::Platform, large()).await.unwrap();
    let seen: Value =
        serde_json::from_slice(&answer.into_body().collect_up_to(1 << 20).await.unwrap()).unwrap();
    assert_eq!(seen["body_length"], connect::proxy::KEPT_BODY + 7);
    stage.world.at("pleo", System::kill_access_tokens);
    let refused = stage.connect.proxy(id, End::Platform, large()).await.unwrap_err();
    assert!(matches!(refused, ProxyError::SendAgain), "{refused:?}");
    assert_eq!(stage.connect.proxy(id, End::Platform, large()).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_broken_connection_sends_nothing() {
    let stage = Stage::new().await;
    let id = stage.pair("fortnox", "p-2", "1001").await;
    stage.world.withdraw("fortnox");
    stage.clock.advance(Duration::from_mins(20));
    for _ in 0..2 {
        let refused = stage.connect.proxy(id, End::Accounting, call("/3/invoices")).await.unwrap_err();
        assert!(matches!(refused, ProxyError::Unusable(Unusable::NeedsAttention(_))), "{refused:?}");
    }
    let calls = stage.world.journal("fortnox").iter().filter(|line| line.contains("/invoices")).count();
    assert_eq!(calls, 0);
}
