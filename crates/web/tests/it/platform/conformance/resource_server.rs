use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};
use platform::By;

use super::super::app::{App, LOVE, LOVE_BV, LOVE_GMBH};
use super::super::browser::Browser;
use super::cases;
use super::world::{
    BOOKS, Client, app, bare, exchange, get, post, refresh, request, tokens, verifier, works,
};

/// Where a challenge says that tokens come from.
const DOCUMENT: &str = "resource_metadata=\"https://platform.example/.well-known/oauth-protected-resource\"";

cases! {
    without_a_credential_there_is_a_bare_challenge: [H 118] "Without a credential: 401 with a Bearer challenge that names no error, for every method of every resource";
    a_bad_token_is_401: [H 119] "Malformed, expired, replaced and revoked tokens, and refresh tokens and codes, are 401 `invalid_token`, and the body does not say which it was";
    a_missing_scope_is_403: [H 120] "A missing scope is 403 `insufficient_scope`, and the scope that is needed is named";
    one_credential_a_request: [H 122] "Two Authorization headers, or a header and a token in the query, are 400 `invalid_request`";
    the_scheme_has_no_case: [H 124] "`bearer` in any case is the same scheme";
    every_method_has_its_rule: [H 129] "HEAD needs what GET needs, and every other method that is not routed is 405";
    a_token_in_the_url_is_no_credential: [K 159] "A token or key in the query or body is no credential";
    a_suspended_company_is_out_of_reach: [K 165, F 92] "Suspension stops a company's grants at the token endpoint, introspection and resources, in an organisation's credential too; other companies do not notice";
    one_companys_credential_reaches_no_other: [K 163] "Nothing of one company or client is reached with a credential of another";
}

const RESOURCES: [&str; 5] =
    ["/v1/introspect", "/v1/installations/me", "/v1/companies", "/v2/employees", "/v3/export-jobs"];

#[tokio::test]
async fn without_a_credential_there_is_a_bare_challenge() {
    let app = app().await;
    for (method, path) in RESOURCES.iter().map(|path| ("GET", *path)).chain([
        ("HEAD", "/v1/companies"),
        ("POST", "/v1/installations/me"),
        ("PUT", "/v1/installations/me"),
        ("DELETE", "/v1/installations/me"),
        ("POST", "/v1/installations/me:activate"),
        ("POST", "/v3/export-jobs"),
        ("POST", "/v3/export-job-events"),
        ("PUT", "/v3/export-jobs/x/items"),
    ]) {
        let answer = bare(&app, method, path, None).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        let challenge = format!("Bearer realm=\"pleo\", {DOCUMENT}");
        assert_eq!(answer.headers["www-authenticate"], challenge, "{method} {path}");
    }
}

#[tokio::test]
async fn a_bad_token_is_401() {
    let app = app().await;
    let replaced = tokens(&app, BOOKS, "companies:read").await;
    let revoked = refresh(&app, BOOKS, &replaced.refresh).await.tokens();
    post(&app, "/oauth/revoke", BOOKS, &[("token", &revoked.access)]).await;
    let expired = tokens(&app, BOOKS, "companies:read").await;
    app.clock.advance(Duration::from_mins(15));
    let (code, _) = super::world::code(&app, BOOKS, "companies:read").await;
    let mut bodies = Vec::new();
    let wrong = [
        &replaced.access,
        &revoked.access,
        &revoked.refresh,
        &expired.access,
        &code,
        "mst_at_x",
        "a b",
        "é",
        "Basic",
    ];
    for token in wrong {
        let answer = bare(&app, "GET", "/v1/companies", Some(&format!("Bearer {token}"))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        let challenge = format!("Bearer realm=\"pleo\", error=\"invalid_token\", {DOCUMENT}");
        assert_eq!(answer.headers["www-authenticate"], challenge, "{token}");
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_missing_scope_is_403() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    for (path, scope) in [("/v2/employees", "users:read"), ("/v3/export-jobs", "export-jobs:read")] {
        let answer = app.call("GET", path, &live.access, None).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        let challenge = format!("Bearer realm=\"pleo\", error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!(answer.headers["www-authenticate"], challenge);
    }
}

#[tokio::test]
async fn one_credential_a_request() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    let bearer = format!("Bearer {}", live.access);
    let twice = Request::get("/v1/companies")
        .header(header::AUTHORIZATION, &bearer)
        .header(header::AUTHORIZATION, &bearer)
        .body(Body::empty());
    let query =
        bare(&app, "GET", &format!("/v1/companies?access_token={}", live.access), Some(&bearer)).await;
    for answer in [app.send(twice.unwrap()).await, query] {
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"pleo\", error=\"invalid_request\"");
    }
}

#[tokio::test]
async fn the_scheme_has_no_case() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        let answer = bare(&app, "GET", "/v1/companies", Some(&format!("{scheme} {}", live.access))).await;
        assert_eq!(answer.status, StatusCode::OK, "{scheme}");
    }
    for line in [live.access.clone(), format!("Token {}", live.access), format!("Bearer\t{}", live.access)] {
        assert_eq!(bare(&app, "GET", "/v1/companies", Some(&line)).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn every_method_has_its_rule() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    let bearer = format!("Bearer {}", live.access);
    assert_eq!(bare(&app, "HEAD", "/v1/companies", Some(&bearer)).await.status, StatusCode::OK);
    assert_eq!(bare(&app, "HEAD", "/v2/employees", Some(&bearer)).await.status, StatusCode::FORBIDDEN);
    for method in ["OPTIONS", "PATCH", "TRACE", "BREW", "DELETE"] {
        let answer = bare(&app, method, "/v1/companies", Some(&bearer)).await;
        assert_eq!(answer.refusal(), (405, "METHOD_NOT_ALLOWED".to_owned()), "{method}");
        assert!(answer.headers.contains_key("allow"), "{method}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn a_token_in_the_url_is_no_credential() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    let key = app.seeded.api_keys[0].key.expose();
    for query in [format!("access_token={}", live.access), format!("api_key={key}"), format!("key={key}")] {
        assert_eq!(get(&app, &format!("/v1/companies?{query}")).await.status, StatusCode::UNAUTHORIZED);
    }
    let body = Request::post("/v1/installations/me")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("access_token={}", live.access)));
    assert_eq!(app.send(body.unwrap()).await.status, StatusCode::UNAUTHORIZED);
}

const PEOPLE: Client = Client {
    id: "people",
    secret: Some("another secret of 30 characters"),
    redirect_uri: super::super::app::CALLBACK,
};

async fn organisation_token(app: &App) -> String {
    let verifier = verifier(app);
    let mut browser = Browser::new(app);
    browser.sign_in("anna@example.com").await;
    browser
        .get(&super::world::authorize_path(&request(PEOPLE, "companies:read users:read", &verifier)))
        .await;
    let answer = browser.submit("/oauth/authorize", &[("company", LOVE), ("decision", "allow")]).await;
    exchange(app, PEOPLE, &answer.redirected("code").unwrap(), &verifier).await.tokens().access
}

#[tokio::test]
async fn a_suspended_company_is_out_of_reach() {
    let app = app().await;
    let live = tokens(&app, BOOKS, "companies:read").await;
    let other = app.connect("anna@example.com", LOVE_GMBH, "companies:read").await;
    let organisation = organisation_token(&app).await;
    let (waiting, verifier) = super::world::code(&app, BOOKS, "companies:read").await;
    app.platform.suspend_company(&By::command_line(), LOVE_BV.parse().unwrap()).await.unwrap();

    assert!(!works(&app, &live.access).await && !super::world::active(&app, BOOKS, &live.refresh).await);
    assert_eq!(refresh(&app, BOOKS, &live.refresh).await.json()["error"], "invalid_grant");
    assert_eq!(exchange(&app, BOOKS, &waiting, &verifier).await.json()["error"], "invalid_grant");
    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    let page = anna.get(&super::world::authorize_path(&request(BOOKS, "companies:read", &verifier))).await;
    assert!(!page.body.contains("Love Crème BV") && page.body.contains("Love Crème GmbH"));

    assert!(works(&app, &other.access).await);
    let companies = app.call("GET", "/v1/companies", &organisation, None).await.json();
    assert_eq!(companies["pagination"]["total"], 1, "{companies}");
    assert_eq!(companies["data"][0]["id"], LOVE_GMBH);
    let employees = app.call("GET", "/v2/employees", &organisation, None).await.json();
    let of: Vec<_> =
        employees["data"].as_array().unwrap().iter().map(|row| row["companyId"].clone()).collect();
    assert!(!of.is_empty() && of.iter().all(|company| company == LOVE_GMBH), "{of:?}");
    let named = app.call("GET", &format!("/v1/companies/{LOVE_BV}"), &organisation, None).await;
    assert_eq!(named.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn one_companys_credential_reaches_no_other() {
    let app = app().await;
    let bv = tokens(&app, BOOKS, "companies:read users:read").await;
    let gmbh = app.connect("anna@example.com", LOVE_GMBH, "companies:read users:read").await;
    for (token, own, foreign) in [(&bv.access, LOVE_BV, LOVE_GMBH), (&gmbh.access, LOVE_GMBH, LOVE_BV)] {
        assert_eq!(
            app.call("GET", &format!("/v1/companies/{own}"), token, None).await.status,
            StatusCode::OK
        );
        assert_eq!(
            app.call("GET", &format!("/v1/companies/{foreign}"), token, None).await.status,
            StatusCode::FORBIDDEN
        );
        let employees = app.call("GET", "/v2/employees", token, None).await.json();
        assert!(employees["data"].as_array().unwrap().iter().all(|row| row["companyId"] == own));
    }
    // Uninstalling from one company leaves the other company's installation and tokens.
    assert_eq!(
        app.call("DELETE", "/v1/installations/me", &bv.access, None).await.status,
        StatusCode::NO_CONTENT
    );
    assert!(works(&app, &gmbh.access).await && !works(&app, &bv.access).await);
    assert_eq!(app.call("GET", "/v1/installations/me", &gmbh.access, None).await.status, StatusCode::OK);
}
