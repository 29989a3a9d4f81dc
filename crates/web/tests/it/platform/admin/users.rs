use http::StatusCode;

use super::super::app::{App, BOOKS, LOVE_BV, Tokens};
use super::{PETRA, account, app, done, signed_in};

/// Whether a resource, introspection and refresh take what was given, in this order. The refresh token is used up.
async fn works(app: &App, tokens: &Tokens) -> (bool, bool, bool) {
    let resource = app.call("GET", "/v1/introspect", &tokens.access, None).await.status == StatusCode::OK;
    let answer = app.form("/oauth/token/introspect", Some(BOOKS), &[("token", &tokens.access)]).await;
    let introspection = answer.json()["active"] == true;
    (resource, introspection, app.refresh(&tokens.refresh).await.status == StatusCode::OK)
}

#[tokio::test]
async fn disabling_ends_sessions_and_what_was_consented_to_and_enabling_brings_neither_back() {
    let app = app().await;
    let annas = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let bens = app.connect("ben@example.com", LOVE_BV, "companies:read").await;
    let mut anna = signed_in(&app, "anna@example.com").await;
    let mut petra = signed_in(&app, PETRA).await;
    let list = petra.get("/admin/users?text=ANNA").await.body;
    assert!(list.contains("anna@example.com") && !list.contains("ben@example.com"));
    let path = format!("/admin/users/{}", account(&app, "anna@example.com").await);
    let page = petra.get(&path).await.body;
    for text in ["Example Books", "Love Crème BV", "Love Crème GmbH", "bookkeeper", "1 in force now"] {
        assert!(page.contains(text), "{text}");
    }

    let page = done(&mut petra, &path, &format!("{path}/disable"), &[]).await;
    assert!(page.contains("Disabled") && page.contains("signed out everywhere"));
    assert_eq!(anna.get("/settings/apps").await.status, StatusCode::SEE_OTHER, "her session is over");
    anna.get("/login").await;
    let fields = [("email", "anna@example.com"), ("password", "correct horse")];
    assert_eq!(anna.submit("/login", &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(works(&app, &annas).await, (false, false, false));
    assert_eq!(works(&app, &bens).await, (true, true, true), "another's consent goes on");

    done(&mut petra, &path, &format!("{path}/enable"), &[]).await;
    anna.get("/login").await;
    assert_eq!(anna.submit("/login", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(works(&app, &annas).await, (false, false, false), "what ended stays ended");
    let audit = petra.get("/admin/audit?subject=anna@example.com").await.body;
    for kind in ["user.disabled", "user.enabled", PETRA] {
        assert!(audit.contains(kind), "{kind}");
    }
}

#[tokio::test]
async fn signing_somebody_out_ends_their_sessions_and_nothing_else() {
    let app = app().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let mut anna = signed_in(&app, "anna@example.com").await;
    let mut petra = signed_in(&app, PETRA).await;
    let path = format!("/admin/users/{}", account(&app, "anna@example.com").await);
    done(&mut petra, &path, &format!("{path}/sign-out"), &[]).await;
    assert_eq!(anna.get("/settings/apps").await.status, StatusCode::SEE_OTHER);
    assert_eq!(works(&app, &tokens).await, (true, true, true));
    assert!(petra.get(&path).await.body.contains("Nowhere at the moment"));
}

#[tokio::test]
async fn a_new_password_ends_sessions_and_nothing_else() {
    let app = app().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let mut anna = signed_in(&app, "anna@example.com").await;
    let by = platform::By::command_line();
    let password = base::Secret::new("another horse".to_owned());
    app.platform.set_password(&by, "anna@example.com", &password).await.unwrap();
    assert_eq!(anna.get("/settings/apps").await.status, StatusCode::SEE_OTHER);
    anna.get("/login").await;
    let old = [("email", "anna@example.com"), ("password", "correct horse")];
    assert_eq!(anna.submit("/login", &old).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let new = [("email", "anna@example.com"), ("password", "another horse")];
    assert_eq!(anna.submit("/login", &new).await.status, StatusCode::SEE_OTHER);
    assert_eq!(works(&app, &tokens).await, (true, true, true));
}

#[tokio::test]
async fn nobody_disables_themselves() {
    let app = app().await;
    let mut petra = signed_in(&app, PETRA).await;
    let path = format!("/admin/users/{}", account(&app, PETRA).await);
    let page = petra.get(&path).await;
    assert!(!page.body.contains("/disable\""));
    let csrf = petra.form("/logout").remove(0).1;
    let answer = petra.post(&format!("{path}/disable"), &[("csrf", &csrf)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(petra.get("/admin").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_signs_out_everywhere_on_their_own_page() {
    let app = app().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let mut one = signed_in(&app, "anna@example.com").await;
    let mut other = signed_in(&app, "anna@example.com").await;
    let page = one.get("/settings/account").await.body;
    for text in
        ["This browser", "Another browser", "Love Crème BV", "You are an admin", "You are a bookkeeper"]
    {
        assert!(page.contains(text), "{text}");
    }
    let action = "/settings/account/sign-out-everywhere";
    let foreign = other.get("/settings/account").await;
    assert_eq!(foreign.status, StatusCode::OK);
    let csrf = other.form(action).remove(0).1;
    assert_eq!(one.post(action, &[("csrf", &csrf)]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(one.post(action, &[]).await.status, StatusCode::BAD_REQUEST);
    one.get("/settings/account").await;
    let answer = one.submit(action, &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/login?done=signed-out"));
    for browser in [&mut one, &mut other] {
        assert_eq!(browser.get("/settings/account").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(works(&app, &tokens).await, (true, true, true), "applications go on");
}
