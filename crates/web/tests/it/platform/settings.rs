use http::StatusCode;

use super::app::{App, LOVE_BV};
use super::browser::Browser;

#[tokio::test]
async fn settings_are_for_people_who_are_signed_in() {
    let app = App::new().await;
    let mut browser = Browser::new(&app);
    for path in ["/settings/apps", "/settings/accounting", "/settings/api-keys"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.location(), format!("/login?next={}", path.replace('/', "%2F")));
    }
    browser.get("/settings/api-keys").await;
    let login = browser.get("/login?next=%2Fsettings%2Fapi-keys").await;
    assert_eq!(login.status, StatusCode::OK);
    let answer =
        browser.submit("/login", &[("email", "anna@example.com"), ("password", "correct horse")]).await;
    assert_eq!(answer.location(), "/settings/api-keys");
}

#[tokio::test]
async fn a_wrong_password_leaves_nobody_signed_in_and_many_are_delayed() {
    let app = App::new().await;
    let mut browser = Browser::new(&app);
    browser.get("/login").await;
    for _ in 0..10 {
        let answer =
            browser.submit("/login", &[("email", "anna@example.com"), ("password", "wrong horse")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!answer.body.contains("wrong horse"));
    }
    let answer =
        browser.submit("/login", &[("email", "anna@example.com"), ("password", "correct horse")]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(browser.get("/settings/apps").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_sign_in_form_is_bound_to_its_browser() {
    let app = App::new().await;
    let mut one = Browser::new(&app);
    one.get("/login").await;
    let csrf = one.form("/login").into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    let mut other = Browser::new(&app);
    let fields = [("csrf", csrf.as_str()), ("email", "anna@example.com"), ("password", "correct horse")];
    assert_eq!(other.post("/login", &fields).await.status, StatusCode::FORBIDDEN);
    other.get("/login").await;
    assert_eq!(other.post("/login", &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(one.post("/login", &fields).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let app = App::new().await;
    let mut browser = Browser::new(&app);
    browser.sign_in("anna@example.com").await;
    assert_eq!(browser.get("/settings/apps").await.status, StatusCode::OK);
    let answer = browser.submit("/logout", &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/login?done=signed-out"));
    assert!(browser.get("/login?done=signed-out").await.body.contains("You are signed out."));
    assert!(!browser.get("/login").await.body.contains("You are signed out."));
    assert_eq!(browser.get("/settings/apps").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn access_is_withdrawn_only_by_who_may() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    for email in ["emil@example.com", "olga@example.com"] {
        let mut browser = Browser::new(&app);
        browser.sign_in(email).await;
        let page = browser.get("/settings/apps").await;
        assert!(!page.body.contains("Example Books"));
        let csrf = browser.form("/logout").remove(0).1;
        let fields = [("csrf", csrf.as_str()), ("client_id", "books"), ("company", LOVE_BV)];
        assert_eq!(browser.post("/settings/apps", &fields).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(app.call("GET", "/v1/introspect", &tokens.access, None).await.status, StatusCode::OK);
    let mut ben = Browser::new(&app);
    ben.sign_in("ben@example.com").await;
    ben.get("/settings/apps").await;
    assert_eq!(
        ben.post("/settings/apps", &[("client_id", "books"), ("company", LOVE_BV)]).await.status,
        StatusCode::BAD_REQUEST
    );
    ben.get("/settings/apps").await;
    assert_eq!(ben.submit("/settings/apps", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        app.call("GET", "/v1/introspect", &tokens.access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
}
