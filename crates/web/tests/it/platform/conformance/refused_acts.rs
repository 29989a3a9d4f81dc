//! What people may not do is on record: who tried, at what company, from where.

use axum::body::Body;
use http::{Request, StatusCode, header};

use super::super::app::{App, LOVE_BV, OTHER};
use super::super::browser::Browser;
use super::cases;
use super::world::{app, audited};

cases! {
    acts_that_are_refused_are_on_record: [K 167] "An act that a person may not do (withdrawing an app, making or revoking a key, administering the platform) leaves a record with actor, company, source and request";
    forms_that_are_refused_are_on_record: [K 167, D 56] "A form of another session, of nobody's, or from another site leaves a record";
}

async fn signed_in<'a>(app: &'a App, email: &str) -> (Browser<'a>, String, String) {
    let mut browser = Browser::new(app);
    browser.sign_in(email).await;
    browser.get("/settings/account").await;
    let csrf = browser.form("/logout").remove(0).1;
    let id = app.platform.identity().account_by_email(email).await.unwrap().unwrap().id;
    (browser, csrf, format!("user:{id}"))
}

/// The newest refused act, which is the `expected`th.
async fn check(app: &App, expected: usize, actor: &str, act: &str, company: Option<&str>) {
    let records = audited(app, "act.refused").await;
    assert_eq!(records.len(), expected, "{act}");
    let record = &records[0];
    assert_eq!((record.actor.as_str(), record.data["act"].as_str()), (actor, act));
    assert_eq!(record.subject, company.map(|id| format!("urn:pleo:company:{id}")), "{act}");
    assert!(record.source.is_some(), "{record:?}");
    assert!(record.request_id.as_deref().is_some_and(|id| id.starts_with("req_")), "{record:?}");
    app.clock.advance(std::time::Duration::from_millis(5));
}

#[tokio::test]
async fn acts_that_are_refused_are_on_record() {
    let app = app().await;
    let (mut emil, csrf, actor) = signed_in(&app, "emil@example.com").await;
    let csrf = ("csrf", csrf.as_str());
    let key = app.seeded.api_keys[0].id.to_string();

    let fields = [csrf, ("client_id", "books"), ("company", LOVE_BV)];
    assert_eq!(emil.post("/settings/apps", &fields).await.status, StatusCode::FORBIDDEN);
    check(&app, 1, &actor, "authorisation.withdrawn", Some(LOVE_BV)).await;
    assert_eq!(audited(&app, "act.refused").await[0].client.as_deref(), Some("books"));
    let fields = [csrf, ("client_id", "a secret in the wrong field"), ("company", OTHER)];
    assert_eq!(emil.post("/settings/apps", &fields).await.status, StatusCode::FORBIDDEN);
    check(&app, 2, &actor, "authorisation.withdrawn", Some(OTHER)).await;
    assert_eq!(audited(&app, "act.refused").await[0].client, None);

    let fields = [csrf, ("company", LOVE_BV), ("name", "Mine"), ("scopes", "users:read")];
    assert_eq!(emil.post("/settings/api-keys", &fields).await.status, StatusCode::FORBIDDEN);
    check(&app, 3, &actor, "api_key.created", Some(LOVE_BV)).await;
    let fields = [csrf, ("company", LOVE_BV), ("client_id", "books")];
    assert_eq!(emil.post("/settings/accounting", &fields).await.status, StatusCode::FORBIDDEN);
    check(&app, 4, &actor, "api_key.created", Some(LOVE_BV)).await;
    let fields = [csrf, ("id", key.as_str())];
    assert_eq!(emil.post("/settings/api-keys/revoke", &fields).await.status, StatusCode::NOT_FOUND);
    check(&app, 5, &actor, "api_key.revoked", Some(LOVE_BV)).await;

    assert_eq!(emil.get("/admin/users").await.status, StatusCode::NOT_FOUND);
    check(&app, 6, &actor, "GET /admin/users", None).await;
    assert_eq!(emil.post("/admin/clients/books/suspend", &[csrf]).await.status, StatusCode::NOT_FOUND);
    check(&app, 7, &actor, "POST /admin/clients/{id}/suspend", None).await;
}

#[tokio::test]
async fn forms_that_are_refused_are_on_record() {
    let app = app().await;
    let (_, foreign, _) = signed_in(&app, "olga@example.com").await;
    let (mut anna, own, actor) = signed_in(&app, "anna@example.com").await;
    let fields = [("csrf", foreign.as_str()), ("client_id", "books"), ("company", LOVE_BV)];
    assert_eq!(anna.post("/settings/apps", &fields).await.status, StatusCode::FORBIDDEN);
    check(&app, 1, &actor, "POST /settings/apps", None).await;
    let fields = [("csrf", foreign.as_str()), ("request", "x"), ("decision", "allow")];
    assert_eq!(anna.post("/oauth/authorize", &fields).await.status, StatusCode::FORBIDDEN);
    check(&app, 2, &actor, "POST /oauth/authorize", None).await;

    let mut nobody = Browser::new(&app);
    assert_eq!(nobody.post("/logout", &[("csrf", own.as_str())]).await.status, StatusCode::FORBIDDEN);
    check(&app, 3, "unknown", "POST /logout", None).await;
    assert_eq!(nobody.post("/login", &[("csrf", own.as_str())]).await.status, StatusCode::FORBIDDEN);
    check(&app, 4, "unknown", "POST /login", None).await;

    let form = Request::post("/settings/apps").header("sec-fetch-site", "cross-site");
    let form = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(app.send(form.body(Body::empty()).unwrap()).await.status, StatusCode::FORBIDDEN);
    check(&app, 5, "unknown", "POST /settings/apps", None).await;
    let record = &audited(&app, "act.refused").await[0];
    assert_eq!(record.data["reason"], "sent from another site");
}
