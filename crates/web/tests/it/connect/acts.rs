//! What operators and backends do is on record.

use audit::{AuditRecord, Filter, Store as _};
use connect::Role;
use serde_json::json;

use super::app::App;
use super::browser::Browser;

async fn records(app: &App, kind: &str) -> Vec<AuditRecord> {
    let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
    app.database.audit_records(filter, 100).await.unwrap()
}

#[test]
fn every_door_that_changes_something_has_its_act() {
    // Use, not acts: lending's other half, and whatever goes through the proxy.
    let use_of = |path: &str| path.ends_with("/rejected") || path.contains("/proxy");
    for door in web::connect::doors() {
        let changes = door.method != "GET" && !use_of(door.path);
        let act =
            web::connect::ACTS.iter().any(|(method, path, _)| (*method, *path) == (door.method, door.path));
        assert_eq!(changes, act, "{} {}", door.method, door.path);
    }
}

#[tokio::test]
async fn what_a_backend_and_an_operator_do_is_on_record() {
    let app = App::new().await;
    let token = app.api_token(Role::Connect).await;
    let made = app.call(&token, "POST", "/v1/connect-sessions", Some(json!({ "accounting": "xero" }))).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let record = records(&app, "connect_session.created").await.remove(0);
    assert!(record.actor.starts_with("api_key:"), "{record:?}");
    assert!(record.source.is_some() && record.request_id.is_some(), "{record:?}");

    app.call("mst_api_nonsense", "DELETE", "/v1/connections/con_x", None).await;
    let refused = records(&app, "act.refused").await.remove(0);
    assert_eq!(
        (refused.actor.as_str(), refused.data["act"].as_str()),
        ("unknown", "connection.disconnected")
    );
    let weak = app.api_token(Role::Proxy).await;
    let path = "/v1/connections/con_0198d5c2-0000-7000-8000-000000000001";
    assert_eq!(app.call(&weak, "DELETE", path, None).await.status, 403);
    assert!(records(&app, "act.refused").await[0].actor.starts_with("api_key:"));
    assert_eq!(records(&app, "connection.disconnected").await, []);

    let mut operator = Browser::new(&app);
    operator.get("/login").await;
    operator.submit(&[("email", "op@example.com"), ("password", "wrong")]).await;
    assert_eq!(records(&app, "sign_in.refused").await.len(), 1);
    operator.submit(&[("email", "op@example.com"), ("password", "correct horse")]).await;
    assert_eq!(records(&app, "session.started").await.len(), 1);
    let page = operator.get("/settings").await;
    let csrf =
        page.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields = [field("csrf", &csrf), field("name", "worker"), field("role", "proxy")];
    let answer = operator.post("/settings/tokens", &fields).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let record = records(&app, "api_token.created").await.remove(0);
    assert!(record.actor.starts_with("operator:"), "{record:?}");
    let stale = [field("csrf", "of another session"), field("name", "worker"), field("role", "proxy")];
    assert_eq!(operator.post("/settings/tokens", &stale).await.status, 403);
    assert_eq!(records(&app, "api_token.created").await.len(), 1);
}
