use std::time::Duration;

use audit::{AuditRecord, Filter, RotationStore as _, Store as _};
use http::StatusCode;
use platform::By;

use super::super::app::{App, LOVE_BV, Tokens};
use super::super::browser::Browser;
use super::cases;
use super::log_lines::LogLines;
use super::world::{self, BOOKS, Client, app, audited};

cases! {
    every_act_leaves_its_record: [K 167, F 86] "Each issue, refusal, replay, withdrawal and act on keys leaves one record with actor, company, client, source and request";
    a_denied_use_of_a_key_is_on_record: [K 167] "A key that was revoked, expired or lacks a scope leaves a record when it is used; a text that never was a key leaves none";
    the_log_verifies_and_a_cut_off_end_is_found: [K 167] "The records are chained: a cut-off end is found by verification";
    refusals_do_not_fill_the_disk: [E 81] "However often a stranger is refused, a minute brings a bounded number of records; the rest is counted";
    who_denies_is_always_on_record: [K 167] "A person's denial is recorded as often as it happens, like a consent, and not bounded as what strangers cause";
    no_secret_is_in_any_log_line: [B 22] "No log line of a whole walk holds a secret, a token, a code, a key or a password";
}

/// What a record must say beside its type.
struct Told<'a> {
    kind: &'static str,
    actor: &'a str,
    company: bool,
    client: Option<&'a str>,
}

const fn told<'a>(kind: &'static str, actor: &'a str, company: bool, client: Option<&'a str>) -> Told<'a> {
    Told { kind, actor, company, client }
}

async fn newest(app: &App, kind: &str) -> AuditRecord {
    let mut records = audited(app, kind).await;
    assert!(!records.is_empty(), "there is no record {kind}");
    records.remove(0)
}

async fn check(app: &App, told: Told<'_>) {
    let record = newest(app, told.kind).await;
    assert!(record.actor.starts_with(told.actor), "{record:?}");
    assert_eq!(record.client.as_deref(), told.client, "{record:?}");
    if told.company {
        assert_eq!(record.subject, Some(format!("urn:pleo:company:{LOVE_BV}")), "{record:?}");
    }
    assert!(record.source.is_some(), "{record:?}");
    assert!(record.request_id.as_deref().is_some_and(|id| id.starts_with("req_")), "{record:?}");
}

/// Anna is asked, and decides.
async fn decide(app: &App, decision: &str) -> (super::super::app::Answer, oauth::pkce::Verifier) {
    let verifier = world::verifier(app);
    let path = world::authorize_path(&world::request(BOOKS, "companies:read", &verifier));
    let mut browser = Browser::new(app);
    browser.sign_in("anna@example.com").await;
    browser.get(&path).await;
    let answer = browser.submit("/oauth/authorize", &[("company", LOVE_BV), ("decision", decision)]).await;
    (answer, verifier)
}

async fn connected(app: &App) -> Tokens {
    let (answer, verifier) = decide(app, "allow").await;
    let code = answer.redirected("code").unwrap();
    world::exchange(app, BOOKS, &code, &verifier).await.tokens()
}

#[tokio::test]
async fn every_act_leaves_its_record() {
    let app = app().await;
    let wrong = Client { secret: Some("not the secret of this client"), ..BOOKS };
    let nobody = Client { id: "nobody", ..wrong };
    let books = Some("books");

    world::get(&app, "/oauth/authorize?client_id=books&redirect_uri=https%3A%2F%2Fevil.example").await;
    check(&app, told("authorisation.refused", "unknown", false, books)).await;
    decide(&app, "deny").await;
    check(&app, told("session.started", "user:", false, None)).await;
    check(&app, told("authorisation.denied", "user:", false, books)).await;
    let tokens = connected(&app).await;
    check(&app, told("authorisation.granted", "user:", true, books)).await;
    check(&app, told("authorization_code.exchanged", "client:books", true, books)).await;

    world::refresh(&app, wrong, &tokens.refresh).await;
    check(&app, told("client.refused", "unknown", false, books)).await;
    app.clock.advance(Duration::from_millis(5));
    world::refresh(&app, nobody, &tokens.refresh).await;
    // The name that nobody has is not repeated: it may be a secret in the wrong field.
    check(&app, told("client.refused", "unknown", false, None)).await;
    world::exchange(&app, BOOKS, "mst_ac_nonsense", &world::verifier(&app)).await;
    check(&app, told("authorization_code.refused", "client:books", false, books)).await;
    world::refresh(&app, BOOKS, "mst_rt_nonsense").await;
    check(&app, told("refresh_token.refused", "client:books", false, books)).await;
    app.clock.advance(Duration::from_millis(5));
    // Those name what they are of: another client's token, and a code that was not good.
    world::refresh(&app, world::WINDOW, &tokens.refresh).await;
    check(&app, told("refresh_token.refused", "client:window", true, Some("window"))).await;
    let (answer, _) = decide(&app, "allow").await;
    let code = answer.redirected("code").unwrap();
    world::exchange(&app, BOOKS, &code, &world::verifier(&app)).await;
    check(&app, told("authorization_code.refused", "client:books", true, books)).await;
    for kind in ["refresh_token.refused", "authorization_code.refused"] {
        assert!(newest(&app, kind).await.data.contains_key("authorisation"), "{kind}");
    }
    world::post(&app, "/oauth/token", BOOKS, &[("grant_type", "password")]).await;
    check(&app, told("grant.refused", "client:books", false, books)).await;

    // 403: the scope does not reach; 401: the token was revoked.
    let answer = app.call("GET", "/v2/employees", &tokens.access, None).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    check(&app, told("access_token.refused", "client:books", true, books)).await;
    world::post(&app, "/oauth/revoke", BOOKS, &[("token", &tokens.access)]).await;
    check(&app, told("access_token.revoked", "client:books", true, books)).await;
    app.clock.advance(Duration::from_millis(5));
    assert!(!world::works(&app, &tokens.access).await);
    check(&app, told("access_token.refused", "unknown", true, books)).await;

    let later = world::refresh(&app, BOOKS, &tokens.refresh).await.tokens();
    // A refresh is in a log of its own.
    let rotations = app.database.rotations(None, 100).await.unwrap();
    let rotation = rotations.last().unwrap();
    assert_eq!((rotation.client.as_str(), rotation.generation), ("books", 2));
    assert_eq!(rotation.subject, format!("urn:pleo:company:{LOVE_BV}"));
    assert!(rotation.source.is_some(), "{rotation:?}");
    assert!(rotation.request_id.as_deref().is_some_and(|id| id.starts_with("req_")), "{rotation:?}");
    world::refresh(&app, BOOKS, &tokens.refresh).await;
    check(&app, told("refresh_token.replayed", "client:books", true, books)).await;
    assert!(!world::works(&app, &later.access).await);
    let tokens = connected(&app).await;
    world::post(&app, "/oauth/revoke", BOOKS, &[("token", &tokens.refresh)]).await;
    check(&app, told("refresh_token.revoked", "client:books", true, books)).await;

    connected(&app).await;
    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    anna.get("/settings/apps").await;
    anna.submit("/settings/apps", &[]).await;
    check(&app, told("authorisation.withdrawn", "user:", true, books)).await;
    check(&app, told("installation.removed", "user:", true, books)).await;
    anna.get("/settings/apps").await;
    anna.submit("/logout", &[]).await;
    check(&app, told("session.ended", "user:", false, None)).await;

    let mut stranger = Browser::new(&app);
    stranger.get("/login").await;
    stranger.submit("/login", &[("email", "anna@example.com"), ("password", "a wrong guess")]).await;
    check(&app, told("sign_in.refused", "unknown", false, None)).await;
    assert!(newest(&app, "sign_in.refused").await.subject.is_some(), "whose account it was");

    app.chain.seal_waiting().await.unwrap();
    assert_eq!(app.chain.verify().await.unwrap().problem, None);
}

#[tokio::test]
async fn a_denied_use_of_a_key_is_on_record() {
    let app = app().await;
    let key = &app.seeded.api_keys[0];
    let (id, text) = (key.id, key.key.expose());
    app.call_with_key("GET", "/v2/employees", "plp_no_such_key", None).await;
    assert_eq!(audited(&app, "api_key.refused").await.len(), 0);
    let answer = app.call_with_key("GET", "/v1/companies", text, None).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    app.clock.advance(Duration::from_millis(5));
    app.platform.revoke_api_key_unattended(&By::command_line(), id).await.unwrap();
    assert_eq!(app.call_with_key("GET", "/v2/employees", text, None).await.status, StatusCode::UNAUTHORIZED);
    let records = audited(&app, "api_key.refused").await;
    assert_eq!(records.len(), 2);
    for record in &records {
        assert_eq!(record.data["key"], id.to_string());
        assert!(record.source.is_some() && record.request_id.is_some() && record.subject.is_some());
        assert!(!format!("{record:?}").contains(text));
    }
    assert_eq!(records[0].data["reason"], "not valid");
    assert!(records[1].data["reason"].starts_with("may not GET"), "{}", records[1].data["reason"]);
}

#[tokio::test]
async fn the_log_verifies_and_a_cut_off_end_is_found() {
    let app = app().await;
    connected(&app).await;
    let found = app.chain.verify().await.unwrap();
    assert_eq!((found.problem, found.waiting), (None, 0));
    let earlier = app.database.snapshot().unwrap();
    connected(&app).await;
    let found = app.chain.verify().await.unwrap();
    assert_eq!((found.problem, found.blocks), (None, 2));
    let whole = app.database.snapshot().unwrap();
    app.database.restore(&earlier).unwrap();
    assert_eq!(app.chain.verify().await.unwrap().problem.unwrap().place, "block 1");
    app.database.restore(&whole).unwrap();
    assert_eq!(app.chain.verify().await.unwrap().problem, None);
}

#[tokio::test]
async fn refusals_do_not_fill_the_disk() {
    let app = app().await;
    let before = app.database.audit_records(Filter::default(), 10_000).await.unwrap().len();
    for number in 0..500 {
        let id = format!("made-up-{number}");
        app.form("/oauth/token", Some((&id, "a made-up secret")), &[("grant_type", "refresh_token")]).await;
        app.form("/oauth/token", Some(("books", "a made-up secret")), &[("grant_type", "refresh_token")])
            .await;
    }
    let after = app.database.audit_records(Filter::default(), 10_000).await.unwrap().len();
    assert!((1..=20).contains(&(after - before)), "{}", after - before);
}

#[tokio::test]
async fn who_denies_is_always_on_record() {
    let app = app().await;
    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    let path = world::authorize_path(&world::request(BOOKS, "companies:read", &world::verifier(&app)));
    for _ in 0..15 {
        anna.get(&path).await;
        anna.submit("/oauth/authorize", &[("decision", "deny")]).await;
    }
    assert_eq!(audited(&app, "authorisation.denied").await.len(), 15);
}

#[tokio::test]
async fn no_secret_is_in_any_log_line() {
    let lines = LogLines::default();
    let secrets = lines.while_running(walk()).await;
    let text = lines.text();
    assert!(text.contains("request answered"), "the log was not captured: {text}");
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is in a log line");
    }
}

/// Everything a client and a person do, right and wrong; every secret of it.
async fn walk() -> Vec<String> {
    let app = app().await;
    let (answer, verifier) = decide(&app, "allow").await;
    let code = answer.redirected("code").unwrap();
    let first = world::exchange(&app, BOOKS, &code, &verifier).await.tokens();
    let second = world::refresh(&app, BOOKS, &first.refresh).await.tokens();
    let key = app.seeded.api_keys[0].key.expose().clone();
    for (path, token) in [("/oauth/token/introspect", &second.access), ("/oauth/revoke", &second.access)] {
        world::post(&app, path, BOOKS, &[("token", token)]).await;
    }
    app.call("GET", "/v2/employees", &second.access, None).await;
    app.call_with_key("GET", "/v2/employees", &key, None).await;
    app.call_with_key("GET", "/v3/export-items", &key, None).await;
    app.call("GET", "/v2/employees", &key, None).await;
    world::get(&app, &format!("/v2/employees?access_token={}", second.access)).await;
    world::exchange(&app, BOOKS, &code, &verifier).await;
    world::refresh(&app, BOOKS, &first.refresh).await;
    let wrong = Client { secret: Some("a secret that is not the right one"), ..BOOKS };
    world::refresh(&app, wrong, &second.refresh).await;
    let swapped = Client { id: "a secret where the id belongs", ..wrong };
    world::refresh(&app, swapped, &second.refresh).await;
    let mut stranger = Browser::new(&app);
    stranger.get("/login").await;
    let typed = [("email", "my password by mistake"), ("password", "a guessed password")];
    stranger.submit("/login", &typed).await;
    // A database that fails is told in the log, and what was asked of it is not.
    app.database.fail_next(
        "authserver.authorisation",
        1,
        store::Fault::Refuse(base::StoreError::Unavailable("away".to_owned())),
    );
    world::refresh(&app, BOOKS, &second.refresh).await;
    let texts = [BOOKS.secret.unwrap(), wrong.secret.unwrap(), swapped.id, typed[0].1, typed[1].1];
    let mut secrets: Vec<String> = texts.map(str::to_owned).into();
    secrets.extend([code, verifier.secret().expose().clone(), key]);
    secrets.extend([first.access, first.refresh, second.access, second.refresh]);
    secrets
}
