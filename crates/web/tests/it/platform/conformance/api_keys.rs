use std::time::Duration;

use audit::{Actor, Origin};
use authserver::ClientState;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Request, StatusCode, header};
use platform::By;

use super::super::app::{App, LOVE_BV, ORIGIN, Wanted};
use super::super::browser::Browser;
use super::super::{admin, developer};
use super::cases;
use super::world::{BOOKS, CLIENTS, app, audited};

cases! {
    a_key_is_shown_once: [K 155, B 22] "A key is on the page that makes it and on no other; lists show its last four characters, the database a keyed hash";
    a_key_does_what_all_three_allow: [K 156] "A key's scope is that of the key and its application at the time of the call; stopping or narrowing the application takes effect at once";
    uninstalling_ends_key_and_tokens: [K 157] "Removing an application from a company ends its keys and tokens there";
    a_narrowed_client_has_less_everywhere: [K 156, G 112] "When a client may have less than it was given, token answers, introspection and resources all say and give the lesser scope";
    a_key_does_not_come_from_a_page: [K 159] "A key in a request of a browser's page is refused, and a key is no bearer token";
    keys_expire_and_show_their_use: [K 161] "A key ends on its last day; its use is shown, and written at most once a minute";
    a_key_is_replaced_without_a_gap: [K 162] "A second key can be made beside the first; revoking the first leaves the second";
    acts_on_keys_are_on_record: [K 167] "Making and revoking a key and withdrawing an application leave one record each, with actor, company, source and request, and without the key";
    secrets_are_nowhere_afterwards: [B 22, K 155] "No page for people, developers or administrators and no audit record shows a client's secret, a token or a key";
}

async fn make_key(browser: &mut Browser<'_>, name: &str, expires_at: &str) -> String {
    browser.get("/settings/api-keys").await;
    let fields =
        [("name", name), ("expires_at", expires_at), ("access_level", "company"), ("scopes", "users:read")];
    let page = browser.submit("/settings/api-keys", &fields).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let start = page.body.find("plp_").unwrap();
    page.body[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
}

async fn anna(app: &App) -> Browser<'_> {
    let mut browser = Browser::new(app);
    browser.sign_in("anna@example.com").await;
    browser
}

async fn status(app: &App, key: &str) -> u16 {
    app.call_with_key("GET", "/v2/employees", key, None).await.status.as_u16()
}

async fn integrated(app: &App) -> String {
    let (by, company) = (By::command_line(), LOVE_BV.parse().unwrap());
    let made = app.platform.create_integrated_key_unattended(&by, &"books".into(), company, None).await;
    made.unwrap().text.expose().clone()
}

#[tokio::test]
async fn a_key_is_shown_once() {
    let app = app().await;
    let mut anna = anna(&app).await;
    let key = make_key(&mut anna, "Payroll", "").await;
    assert_eq!(status(&app, &key).await, 200);
    let list = anna.get("/settings/api-keys").await.body;
    assert!(list.contains(&format!("plp_…{}", &key[key.len() - 4..])), "{list}");
    for path in ["/settings/api-keys", "/settings/apps", "/settings/accounting"] {
        assert!(!anna.get(path).await.body.contains(&key), "{path}");
    }
    // The database has neither the text nor its secret part: after the row's id and generation, 16 bytes.
    let bytes = URL_SAFE_NO_PAD.decode(&key["plp_".len()..]).unwrap();
    let snapshot = app.database.snapshot().unwrap();
    let stored = |sought: &[u8]| snapshot.as_bytes().windows(sought.len()).any(|window| window == sought);
    assert!(stored(b"Payroll"), "the key is among the rows");
    assert!(!stored(key.as_bytes()) && !stored(&bytes[20..36]), "in clear");
    for at in [8, key.len() / 2, key.len() - 2] {
        let other = if key.as_bytes()[at] == b'A' { "B" } else { "A" };
        assert_eq!(status(&app, &format!("{}{other}{}", &key[..at], &key[at + 1..])).await, 401);
    }
}

#[tokio::test]
async fn a_key_does_what_all_three_allow() {
    let app = app().await;
    let key = integrated(&app).await;
    assert_eq!(status(&app, &key).await, 200);
    let server = app.platform.authorization_server();
    let id = "books".into();
    let (origin, actor) = (Origin::default(), Actor::CommandLine);
    server.set_client_state(&id, ClientState::Suspended, actor.clone(), &origin).await.unwrap();
    assert_eq!(status(&app, &key).await, 401);
    server.set_client_state(&id, ClientState::Approved, actor.clone(), &origin).await.unwrap();
    assert_eq!(status(&app, &key).await, 200);
    let mut spec = server.client(&id).await.unwrap().unwrap().spec;
    spec.scope = "companies:read".parse().unwrap();
    server.upsert_client(spec, ClientState::Approved, authserver::SeedSecret::Keep, actor).await.unwrap();
    assert_eq!(status(&app, &key).await, 403);
    let me = app.call_with_key("GET", "/v1/introspect", &key, None).await.json();
    assert_eq!(me["data"]["scope"], "companies:read");
}

#[tokio::test]
async fn a_narrowed_client_has_less_everywhere() {
    let app = app().await;
    let live = app.connect("anna@example.com", LOVE_BV, "companies:read users:read").await;
    let (code, verifier) = super::world::code(&app, BOOKS, "companies:read users:read").await;
    let server = app.platform.authorization_server();
    let mut spec = server.client(&"books".into()).await.unwrap().unwrap().spec;
    spec.scope = "companies:read".parse().unwrap();
    let keep = authserver::SeedSecret::Keep;
    server.upsert_client(spec, ClientState::Approved, keep, Actor::CommandLine).await.unwrap();
    for token in [&live.access, &live.refresh] {
        let told = super::world::post(&app, "/oauth/token/introspect", BOOKS, &[("token", token)]).await;
        assert_eq!(told.json()["scope"], "companies:read");
    }
    assert_eq!(app.call("GET", "/v2/employees", &live.access, None).await.status, StatusCode::FORBIDDEN);
    let refreshed = app.refresh(&live.refresh).await;
    let exchanged = super::world::exchange(&app, BOOKS, &code, &verifier).await;
    for answer in [refreshed, exchanged] {
        assert_eq!(answer.json()["scope"], "companies:read");
        let access = answer.tokens().access;
        assert_eq!(app.call("GET", "/v2/employees", &access, None).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn uninstalling_ends_key_and_tokens() {
    let app = app().await;
    let key = integrated(&app).await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "users:read").await;
    let mut anna = anna(&app).await;
    anna.get("/settings/apps").await;
    assert_eq!(anna.submit("/settings/apps", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(status(&app, &key).await, 401);
    assert!(!super::world::works(&app, &tokens.access).await);
    let standalone = app.seeded.api_keys[0].key.expose();
    assert_eq!(status(&app, standalone).await, 200, "the company's own key is none of that application's");
}

#[tokio::test]
async fn a_key_does_not_come_from_a_page() {
    let app = app().await;
    let key = app.seeded.api_keys[0].key.expose();
    let basic = format!("Basic {}", STANDARD.encode(format!("{key}:")));
    for origin in ["https://evil.example", "https://platform.example", "null"] {
        let request = Request::get("/v2/employees")
            .header(header::AUTHORIZATION, &basic)
            .header(header::ORIGIN, origin)
            .body(Body::empty());
        assert_eq!(app.send(request.unwrap()).await.status, StatusCode::UNAUTHORIZED, "{origin}");
    }
    assert_eq!(app.call("GET", "/v2/employees", key, None).await.status, StatusCode::UNAUTHORIZED);
    for pair in [format!(":{key}"), format!("{key}:x"), key.clone(), format!("{key}::")] {
        let line = format!("Basic {}", STANDARD.encode(pair));
        assert_eq!(app.call_as("GET", "/v2/employees", &line, None).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn keys_expire_and_show_their_use() {
    let app = app().await;
    let mut browser = anna(&app).await;
    let key = make_key(&mut browser, "Brief", "2026-01-02").await;
    let writes = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&writes);
    app.database.set_fault_hook(Some(std::sync::Arc::new(move |name| {
        if name.contains("note_key_used") {
            seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
        None
    })));
    for _ in 0..20 {
        assert_eq!(status(&app, &key).await, 200);
        app.clock.advance(Duration::from_secs(6));
    }
    app.database.set_fault_hook(None);
    assert_eq!(writes.load(std::sync::atomic::Ordering::SeqCst), 2, "two minutes of calls, two writes");
    assert_eq!(browser.get("/settings/api-keys").await.body.matches("not yet").count(), 1, "the seeded key");
    app.clock.advance(Duration::from_hours(48));
    assert_eq!(status(&app, &key).await, 401);
}

#[tokio::test]
async fn a_key_is_replaced_without_a_gap() {
    let app = app().await;
    let mut anna = anna(&app).await;
    let first = make_key(&mut anna, "One", "").await;
    let second = make_key(&mut anna, "Two", "").await;
    assert_eq!((status(&app, &first).await, status(&app, &second).await), (200, 200));
    let keys = app.platform.api_keys().await.unwrap();
    let is_first = |key: &&platform::ApiKey| matches!(&key.origin, platform::ApiKeyOrigin::Standalone { name } if name == "One");
    let id = keys.iter().find(is_first).unwrap().id.to_string();
    anna.get("/settings/api-keys").await;
    let answer = anna.submit("/settings/api-keys/revoke", &[("id", id.as_str())]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!((status(&app, &first).await, status(&app, &second).await), (401, 200));
}

#[tokio::test]
async fn acts_on_keys_are_on_record() {
    let app = app().await;
    let before = audited(&app, "api_key.created").await.len();
    let mut anna = anna(&app).await;
    // Records sort by their moment, and the clock stands still by itself.
    app.clock.advance(Duration::from_millis(5));
    let key = make_key(&mut anna, "Payroll", "").await;
    let records = audited(&app, "api_key.created").await;
    assert_eq!(records.len(), before + 1);
    let record = &records[0];
    assert!(record.actor.starts_with("user"), "{}", record.actor);
    assert_eq!(record.subject, Some(format!("urn:pleo:company:{LOVE_BV}")));
    assert!(record.source.is_some() && record.request_id.is_some());
    assert!(!format!("{record:?}").contains(&key));
    anna.get("/settings/api-keys").await;
    anna.submit("/settings/api-keys/revoke", &[]).await;
    let revoked = audited(&app, "api_key.revoked").await;
    assert_eq!((revoked.len(), &revoked[0].actor), (1, &record.actor));
    app.connect("anna@example.com", LOVE_BV, "users:read").await;
    anna.get("/settings/apps").await;
    anna.submit("/settings/apps", &[]).await;
    assert_eq!(audited(&app, "authorisation.granted").await.len(), 1);
    assert_eq!(audited(&app, "installation.removed").await.len(), 1);
}

#[tokio::test]
async fn secrets_are_nowhere_afterwards() {
    use audit::Store as _;
    let seed = format!("{CLIENTS}\n{}", admin::SEED);
    let app = App::with(Wanted { origin: ORIGIN, seed: &seed, rate_limits: true }).await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "users:read").await;
    let key = integrated(&app).await;
    let later = app.refresh(&tokens.refresh).await.tokens();
    let mut anna = anna(&app).await;
    let (own, secret) = developer::register(&mut anna, &developer::form("Tally")).await;
    let account = admin::account(&app, "anna@example.com").await;
    let mut seen = format!("{:?}", app.database.audit_records(audit::Filter::default(), 1000).await.unwrap());
    let settings = ["/settings/api-keys", "/settings/apps", "/settings/accounting", "/settings/account"];
    let developing = ["", "/edit", "/postman-environment.json", "/postman-collection.json"];
    let of_own = developing.map(|page| format!("/developer/clients/{own}{page}"));
    for path in settings.into_iter().chain(["/developer"]).chain(of_own.iter().map(String::as_str)) {
        let answer = anna.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        seen.push_str(&answer.body);
    }
    let mut petra = Browser::new(&app);
    petra.sign_in(admin::PETRA).await;
    let pages = [
        "/admin".to_owned(),
        "/admin/clients".to_owned(),
        "/admin/clients/books".to_owned(),
        format!("/admin/clients/{own}"),
        "/admin/registration-tokens".to_owned(),
        "/admin/users".to_owned(),
        format!("/admin/users/{account}"),
        "/admin/companies".to_owned(),
        format!("/admin/companies/{LOVE_BV}"),
        "/admin/audit".to_owned(),
    ];
    for path in &pages {
        let answer = petra.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        seen.push_str(&answer.body);
    }
    assert!(seen.contains(&own) && seen.contains("Example Books"), "the pages are about them");
    let secrets =
        [super::super::app::BOOKS.1, &secret, &tokens.access, &tokens.refresh, &later.refresh, &key];
    for secret in secrets {
        assert!(!seen.contains(secret), "{secret}");
    }
}
