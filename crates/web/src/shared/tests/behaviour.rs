//! What every answer within a frame has, and what is refused before a handler sees it.

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};
use base::Secret;
use http::{Request, StatusCode};

use super::{ask, header, site, text};
use crate::shared::vitals::{self, Check, Vitals};
use crate::shared::{FormTargets, assets, current_request, frame};

fn router(public_url: &str) -> Router {
    let target = FormTargets::to(&"https://client.example/callback?x=1".parse().expect("an address"))
        .and(&"com.example.app:/callback".parse().expect("an address"));
    let router = Router::new()
        .route("/page", get(|| async { "page" }).post(|| async { "posted" }))
        .route("/consent", get(move || async move { (Extension(target), "page") }))
        .route("/v1/thing", post(|| async { "posted" }))
        .route("/broken", get(|| async { panic!("hunter2") as &'static str }))
        .route("/v1/id", get(|| async { current_request().expect("a request in hand").to_string() }));
    frame(router, &Arc::new(site(public_url)))
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own_and_the_security_headers() {
    let router = router("http://127.0.0.1:8080");
    let mut ids = Vec::new();
    for path in ["/page", "/nothing", "/v1/nothing", "/broken"] {
        let response = ask(&router, Request::get(path).header("x-request-id", "from-outside"), "").await;
        ids.push(header(&response, "x-request-id").to_owned());
        let policy = header(&response, "content-security-policy");
        let of_documents =
            ["referrer-policy", "x-frame-options", "cross-origin-opener-policy", "permissions-policy"]
                .map(|name| header(&response, name));
        if path.starts_with("/v1") {
            assert_eq!((policy, of_documents), ("default-src 'none'; frame-ancestors 'none'", [""; 4]));
        } else {
            assert!(
                policy.starts_with("default-src 'none';") && policy.ends_with("form-action 'self'"),
                "{policy}"
            );
            assert!(
                policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"),
                "{policy}"
            );
            assert_eq!(of_documents[..3], ["same-origin", "DENY", "same-origin"]);
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "strict-transport-security"), "", "the public URL is plain http");
    }
    assert!(ids.iter().all(|id| id.starts_with("req_")), "{ids:?}");
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let response = ask(&router, Request::get("/v1/id"), "").await;
    let id = header(&response, "x-request-id").to_owned();
    assert_eq!(text(response).await, id);
}

#[tokio::test]
async fn on_https_browsers_are_told_to_stay_there() {
    let response = ask(&router("https://connect.example.com"), Request::get("/page"), "").await;
    assert_eq!(header(&response, "strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn a_form_may_lead_to_the_origins_that_its_page_names() {
    let response = ask(&router("http://127.0.0.1:8080"), Request::get("/consent"), "").await;
    let policy = header(&response, "content-security-policy");
    assert!(policy.ends_with("form-action 'self' https://client.example com.example.app:"), "{policy}");
}

#[test]
fn targets_without_a_host_that_policies_know_are_named_by_their_scheme() {
    for (address, source) in [
        ("http://[::1]:49152/cb", "http:"),
        ("https://[2001:db8::1]/cb", "https:"),
        ("http://127.0.0.1:49152/cb", "http://127.0.0.1:49152"),
        ("http://localhost/cb", "http://localhost"),
    ] {
        let targets = FormTargets::to(&address.parse().expect("an address"));
        assert_eq!(format!("{targets:?}"), format!("FormTargets([{source:?}])"));
    }
}

#[tokio::test]
async fn refusals_have_the_shape_of_their_surface() {
    let router = router("http://127.0.0.1:8080");
    let page = ask(&router, Request::get("/nothing"), "").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    let page = text(page).await;
    assert!(page.contains("<h1>Nothing is here</h1>"));
    assert!(page.contains(r#"href="/">Go to the start page</a>"#), "{page}");

    let posted_to = ask(&router, Request::delete("/page"), "").await;
    assert_eq!(posted_to.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(text(posted_to).await.contains("Start again from the page with the form."));

    let api = ask(&router, Request::get("/v1/nothing"), "").await;
    assert_eq!(
        (api.status(), header(&api, "content-type")),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
    assert!(text(api).await.contains(r#""type":"not-found""#));

    let method = ask(&router, Request::get("/v1/thing"), "").await;
    assert_eq!((method.status(), header(&method, "allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    let method = text(method).await;
    assert!(method.contains(r#""type":"method-not-allowed""#) && !method.contains("form"), "{method}");
}

#[tokio::test]
async fn a_panic_is_an_answer_that_tells_nothing_of_it() {
    let response = ask(&router("http://127.0.0.1:8080"), Request::get("/broken"), "").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let id = header(&response, "x-request-id").to_owned();
    let body = text(response).await;
    assert!(body.contains(&id) && !body.contains("hunter2"), "{body}");
}

#[tokio::test]
async fn posts_from_other_sites_are_refused_on_pages_alone() {
    let router = router("http://127.0.0.1:8080");
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-origin", StatusCode::OK),
        ("sec-fetch-site", "none", StatusCode::OK),
        ("origin", "http://127.0.0.1:8081", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
        ("origin", "http://127.0.0.1:8080", StatusCode::OK),
        ("x-no-browser", "1", StatusCode::OK),
    ] {
        let response = ask(&router, Request::post("/page").header(name, value), "").await;
        assert_eq!(response.status(), status, "{name}: {value}");
        let response = ask(&router, Request::post("/v1/thing").header(name, value), "").await;
        assert_eq!(response.status(), StatusCode::OK, "an API is asked with a token, not with cookies");
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_an_address_that_follows_their_content() {
    let router = router("https://connect.example.com/mainstay");
    for path in [assets::STYLE.path(), format!("/mainstay{}", assets::STYLE.path())] {
        let response = ask(&router, Request::get(&path), "").await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&response, "content-type"), "text/css; charset=utf-8");
        assert_eq!(header(&response, "cache-control"), "public, max-age=31536000, immutable");
    }
    let old = ask(&router, Request::get("/assets/style.0000000000000000.css"), "").await;
    assert_eq!(old.status(), StatusCode::NOT_FOUND);
    assert_eq!(ask(&router, Request::get("/mainstay/page"), "").await.status(), StatusCode::OK);
}

fn vital(ok: bool) -> Vitals {
    Vitals {
        ready: Arc::new(move || {
            Box::pin(async move {
                vec![Check { name: "database", ok, detail: (!ok).then(|| "it does not answer".into()) }]
            })
        }),
        metrics: Arc::new(|| "mainstay_up 1\n".to_owned()),
        metrics_token: Some(Secret::new("token".to_owned())),
    }
}

#[tokio::test]
async fn the_vital_signs_tell_life_readiness_and_measures() {
    let site = Arc::new(site("http://127.0.0.1:8080"));
    let well = frame(vitals::router(vital(true)), &site);
    let ill = frame(vitals::router(vital(false)), &site);
    assert_eq!(ask(&ill, Request::get("/healthz"), "").await.status(), StatusCode::OK);
    assert_eq!(ask(&well, Request::get("/readyz"), "").await.status(), StatusCode::OK);
    let response = ask(&ill, Request::get("/readyz"), "").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(response).await.contains("it does not answer"));
    for (authorization, status) in [
        ("", StatusCode::UNAUTHORIZED),
        ("Bearer wrong", StatusCode::UNAUTHORIZED),
        ("Bearer token", StatusCode::OK),
    ] {
        let response = ask(&well, Request::get("/metrics").header("authorization", authorization), "").await;
        assert_eq!(response.status(), status, "{authorization}");
    }
}
