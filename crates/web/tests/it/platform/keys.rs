use http::StatusCode;
use platform::By;
use serde_json::json;

use super::app::{Answer, App, LOVE_BV, LOVE_GMBH, OTHER};
use super::browser::Browser;

/// The key on a page that shows one.
fn key_on(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let start = answer.body.find("plp_").unwrap();
    answer.body[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
}

#[tokio::test]
async fn an_integrated_key_is_shown_once_and_bound_to_its_installation() {
    let app = App::new().await;
    let mut browser = Browser::new(&app);
    browser.sign_in("anna@example.com").await;
    assert!(browser.get("/settings/accounting").await.body.contains("Example Books"));
    let key = key_on(&browser.submit("/settings/accounting", &[("company", LOVE_BV)]).await);
    for path in ["/settings/accounting", "/settings/apps", "/settings/api-keys"] {
        assert!(!browser.get(path).await.body.contains(&key), "{path}");
    }

    let me = app.call_with_key("GET", "/v1/introspect", &key, None).await.json();
    assert_eq!(
        (me["data"]["authMethod"].as_str(), me["data"]["clientId"].as_str()),
        (Some("API_KEY"), Some("books"))
    );
    assert_eq!(me["data"]["subjectURN"], format!("urn:pleo:company:{LOVE_BV}"));
    let missing = app.call_with_key("GET", "/v1/installations/me", &key, None).await;
    assert_eq!(missing.refusal(), (404, "INSTALLATION_NOT_FOUND".to_owned()));
    let created = app.call_with_key("POST", "/v1/installations/me", &key, None).await.json();
    assert_eq!(created["data"]["status"], "ACTIVATED");
    let again =
        app.call_with_key("POST", "/v1/installations/me", &key, Some(json!({ "status": "INACTIVE" }))).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    browser.get("/settings/accounting").await;
    let newer = key_on(&browser.submit("/settings/accounting", &[("company", LOVE_BV)]).await);
    assert_eq!(
        app.call_with_key("GET", "/v1/introspect", &key, None).await.status,
        StatusCode::UNAUTHORIZED,
        "it was replaced"
    );
    assert_eq!(app.call_with_key("GET", "/v1/introspect", &newer, None).await.status, StatusCode::OK);

    browser.get("/settings/apps").await;
    browser.submit("/settings/apps", &[]).await;
    assert_eq!(
        app.call_with_key("GET", "/v1/introspect", &newer, None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn uninstalling_by_token_leaves_the_key_with_nothing_installed() {
    let app = App::new().await;
    let by = By::command_line();
    let key = app
        .platform
        .create_integrated_key_unattended(&by, &"books".into(), LOVE_BV.parse().unwrap(), None)
        .await
        .unwrap();
    let key = key.text.expose().clone();
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    assert_eq!(
        app.call("DELETE", "/v1/installations/me", &tokens.access, None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        app.call("DELETE", "/v1/installations/me", &tokens.access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        app.call_with_key("DELETE", "/v1/installations/me", &key, None).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_key_is_no_bearer_token_and_a_changed_one_is_refused() {
    let app = App::new().await;
    let key = app.seeded.api_keys[0].key.expose().clone();
    assert_eq!(app.call_with_key("GET", "/v2/employees", &key, None).await.status, StatusCode::OK);
    assert_eq!(app.call("GET", "/v2/employees", &key, None).await.status, StatusCode::UNAUTHORIZED);
    let flipped = if key.ends_with('A') {
        format!("{}B", &key[..key.len() - 1])
    } else {
        format!("{}A", &key[..key.len() - 1])
    };
    for wrong in [flipped.as_str(), &key[..key.len() - 1], "plp_", "x"] {
        assert_eq!(
            app.call_with_key("GET", "/v2/employees", wrong, None).await.status,
            StatusCode::UNAUTHORIZED,
            "{wrong}"
        );
    }
    let in_query = format!("/v2/employees?access_token={key}");
    let answer = app.send(http::Request::get(in_query).body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        app.call_with_key("GET", "/v1/companies", &key, None).await.status,
        StatusCode::FORBIDDEN,
        "no scope for that"
    );
}

#[tokio::test]
async fn standalone_keys_are_made_by_who_may_with_what_they_chose() {
    let app = App::new().await;
    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    let page = anna.get("/settings/api-keys").await;
    assert!(page.body.contains("Reporting"));
    let fields = [
        ("name", "Payroll"),
        ("expires_at", "2026-01-02"),
        ("access_level", "company"),
        ("scopes", "companies:read"),
        ("scopes", "users:read"),
    ];
    let key = key_on(&anna.submit("/settings/api-keys", &fields).await);
    let me = app.call_with_key("GET", "/v1/introspect", &key, None).await.json();
    assert_eq!(
        (me["data"]["scope"].as_str(), me["data"]["applicationName"].as_str()),
        (Some("companies:read users:read"), Some("Payroll"))
    );
    let page = anna.get("/settings/api-keys").await;
    assert!(page.body.contains(&format!("plp_…{}", &key[key.len() - 4..])) && !page.body.contains(&key));
    app.clock.advance(std::time::Duration::from_hours(47));
    assert_eq!(app.call_with_key("GET", "/v1/introspect", &key, None).await.status, StatusCode::OK);
    app.clock.advance(std::time::Duration::from_hours(1));
    assert_eq!(app.call_with_key("GET", "/v1/introspect", &key, None).await.status, StatusCode::UNAUTHORIZED);

    anna.sign_in("anna@example.com").await;
    for (name, value, why) in [
        ("name", "", "no name"),
        ("expires_at", "2025-01-01", "past"),
        ("expires_at", "soon", "no day"),
        ("scopes", "cards:eat", "unknown"),
        ("access_level", "world", "no level"),
    ] {
        anna.get("/settings/api-keys").await;
        let mut fields = vec![
            ("name", "Other"),
            ("expires_at", ""),
            ("access_level", "company"),
            ("scopes", "users:read"),
        ];
        fields.retain(|(field, _)| *field != name);
        fields.push((name, value));
        let answer = anna.submit("/settings/api-keys", &fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{why}");
        assert!(answer.body.contains(&format!("href=\"#field-{name}\"")), "{why}: {}", answer.body);
        let (_, beside) =
            answer.body.split_once("<div class=\"wrong\"").expect("it is told beside the field too");
        let sentence = beside.split_once("</span>").unwrap().1.split('<').next().unwrap();
        assert!(sentence.starts_with(char::is_uppercase) && sentence.ends_with('.'), "{why}: {sentence}");
    }
    for company in [OTHER, LOVE_GMBH] {
        anna.get("/settings/api-keys").await;
        let fields =
            [("company", company), ("name", "Other"), ("access_level", "company"), ("scopes", "users:read")];
        assert_eq!(anna.submit("/settings/api-keys", &fields).await.status, StatusCode::FORBIDDEN);
    }
    let mut ben = Browser::new(&app);
    ben.sign_in("ben@example.com").await;
    ben.get("/settings/api-keys").await;
    let wide = [("name", "Wide"), ("access_level", "organisation"), ("scopes", "users:read")];
    assert_eq!(
        ben.submit("/settings/api-keys", &wide).await.status.as_u16(),
        422,
        "Ben does not decide for all of the organisation"
    );
    let mut emil = Browser::new(&app);
    emil.sign_in("emil@example.com").await;
    assert!(!emil.get("/settings/api-keys").await.body.contains("Create key"));
}

#[tokio::test]
async fn a_deleted_key_is_refused() {
    let app = App::new().await;
    let key = app.seeded.api_keys[0].key.expose().clone();
    let mut olga = Browser::new(&app);
    olga.sign_in("olga@example.com").await;
    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    anna.get("/settings/api-keys").await;
    let form = anna.form("/settings/api-keys/revoke");
    let id = form.iter().find(|(name, _)| name == "id").unwrap().1.clone();
    olga.get("/settings/apps").await;
    let csrf = olga.form("/logout").remove(0).1;
    let answer = olga.post("/settings/api-keys/revoke", &[("csrf", &csrf), ("id", &id)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(app.call_with_key("GET", "/v2/employees", &key, None).await.status, StatusCode::OK);
    assert_eq!(anna.submit("/settings/api-keys/revoke", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.call_with_key("GET", "/v2/employees", &key, None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_organisation_key_names_the_company_of_a_call() {
    let app = App::new().await;
    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    anna.get("/settings/api-keys").await;
    let fields =
        [("name", "All"), ("access_level", "organisation"), ("scopes", "companies:read export-jobs:read")];
    let key = key_on(&anna.submit("/settings/api-keys", &fields).await);
    assert_eq!(app.call_with_key("GET", "/v1/companies", &key, None).await.json()["pagination"]["total"], 2);
    let status = async |path: String| app.call_with_key("GET", &path, &key, None).await.status.as_u16();
    assert_eq!(status("/v3/export-jobs".into()).await, 400);
    assert_eq!(status(format!("/v3/export-jobs?company_id={LOVE_GMBH}")).await, 200);
    assert_eq!(status(format!("/v3/export-jobs?company_id={OTHER}")).await, 403);
}
