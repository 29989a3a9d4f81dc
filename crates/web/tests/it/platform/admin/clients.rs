use http::StatusCode;

use super::super::app::{BOOKS, LOVE_BV};
use super::super::developer::{form, register};
use super::{PETRA, app, done, signed_in};

#[tokio::test]
async fn a_client_is_reviewed_approved_and_then_asks_people() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let (id, _) = register(&mut olga, &form("Tally Books")).await;
    let mut petra = signed_in(&app, PETRA).await;
    assert!(petra.get("/admin").await.body.contains("Review"));
    let queue = petra.get("/admin/clients?state=awaiting_review").await.body;
    assert!(queue.contains("Tally Books") && !queue.contains("Example Books"));
    let path = format!("/admin/clients/{id}");
    let page = petra.get(&path).await.body;
    for text in [
        "Tally Books",
        "https://tally.example/cb",
        "https://tally.example/terms",
        "dev@tally.example",
        "The company&#39;s name, address and registration number",
        "Exports: start them",
        "olga@example.com",
        "Waiting for review",
    ] {
        assert!(page.contains(text), "{text} is not on {page}");
    }
    let page = done(&mut petra, &path, &format!("{path}/approve"), &[]).await;
    assert!(page.contains("people can give it access") && page.contains("Approved by"));
    assert!(!page.contains(&format!("{path}/decline")), "there is nothing to decide any more");
    let audit = petra.get(&format!("/admin/audit?client={id}")).await.body;
    assert!(audit.contains("client.registered") && audit.contains(PETRA));
    let own = olga.get(&format!("/developer/clients/{id}")).await.body;
    assert!(own.contains("It is approved"));
}

#[tokio::test]
async fn a_refusal_has_a_reason_that_its_developer_reads() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let (id, _) = register(&mut olga, &form("Tally Books")).await;
    let mut petra = signed_in(&app, PETRA).await;
    let (path, decline) = (format!("/admin/clients/{id}"), format!("/admin/clients/{id}/decline"));
    petra.get(&path).await;
    let answer = petra.submit(&decline, &[("reason", "  ")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("id=\"wrong-reason\""));
    let page = done(&mut petra, &path, &decline, &[("reason", "Whose <books> are these?")]).await;
    assert!(page.contains("Declined") && page.contains("Whose &#60;books&#62; are these?"));
    for path in ["/developer".to_owned(), format!("/developer/clients/{id}")] {
        assert!(olga.get(&path).await.body.contains("Whose &#60;books&#62; are these?"), "{path}");
    }
    // A change puts it back to review.
    let edit = format!("/developer/clients/{id}/edit");
    olga.get(&edit).await;
    let fields = form("Tally Ledger");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(olga.submit(&edit, &fields).await.status, StatusCode::SEE_OTHER);
    assert!(petra.get("/admin/clients?state=awaiting_review").await.body.contains("Tally Ledger"));
}

#[tokio::test]
async fn a_decision_about_what_has_changed_meanwhile_does_not_count() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let (id, _) = register(&mut olga, &form("Tally Books")).await;
    let mut petra = signed_in(&app, PETRA).await;
    let path = format!("/admin/clients/{id}");
    petra.get(&path).await;
    let edit = format!("/developer/clients/{id}/edit");
    olga.get(&edit).await;
    let mut fields = form("Tally Books");
    fields.iter_mut().find(|(name, _)| *name == "redirect_uris").unwrap().1 =
        "https://else.example/cb".to_owned();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(olga.submit(&edit, &fields).await.status, StatusCode::SEE_OTHER);
    let answer = petra.submit(&format!("{path}/approve"), &[]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(petra.get(&path).await.body.contains("Waiting for review"));
}

#[tokio::test]
async fn suspending_stops_a_client_and_removing_ends_it() {
    let app = app().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let works =
        async |access: &str| app.call("GET", "/v1/introspect", access, None).await.status == StatusCode::OK;
    let mut petra = signed_in(&app, PETRA).await;
    let list = petra.get("/admin/clients").await.body;
    assert!(list.contains("strict") && list.contains("1 authorisation"));
    let path = "/admin/clients/books";
    let page = done(&mut petra, path, "/admin/clients/books/suspend", &[]).await;
    assert!(page.contains("It is stopped"));
    assert!(!works(&tokens.access).await);
    assert!(!app.refresh(&tokens.refresh).await.status.is_success());
    done(&mut petra, path, "/admin/clients/books/approve", &[]).await;
    assert!(works(&tokens.access).await);
    done(&mut petra, path, "/admin/clients/books/remove", &[]).await;
    assert!(!works(&tokens.access).await);
    let answer = app.form("/oauth/token/introspect", Some(BOOKS), &[("token", &tokens.access)]).await;
    assert_eq!(answer.json()["error"], "invalid_client");
    assert!(petra.get("/admin/clients?state=removed").await.body.contains("Example Books"));
    assert!(!petra.get("/admin/clients").await.body.contains("Example Books"));
}
