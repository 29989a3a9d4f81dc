//! Clients of every kind beside the usual ones, and the steps that most tests take with them.

use audit::{AuditRecord, Filter, Store as _};
use axum::body::Body;
use http::{Request, StatusCode, header};
use oauth::pkce::Verifier;

use super::super::app::{Answer, App, CALLBACK, LOVE_BV, ORIGIN, Tokens, Wanted, encode};
use super::super::browser::Browser;

pub(super) const CLIENTS: &str = include_str!("clients.toml");

/// A client of the seed with all that its flow needs.
#[derive(Clone, Copy)]
pub(super) struct Client {
    pub(super) id: &'static str,
    /// None for a public client.
    pub(super) secret: Option<&'static str>,
    pub(super) redirect_uri: &'static str,
}

const fn confidential(id: &'static str, secret: &'static str) -> Client {
    Client { id, secret: Some(secret), redirect_uri: CALLBACK }
}

pub(super) const BOOKS: Client = confidential("books", "a secret with 30 characters ...");
/// Its secret has every character that HTTP Basic wants encoded.
pub(super) const SPECIAL: Client = confidential("special:id", "s%e:c r+t&=ü/\"");
/// May go without PKCE.
pub(super) const EXEMPT: Client = confidential("exempt", "a secret of the exempt client");
/// Has a retry window of 30 s.
pub(super) const WINDOW: Client = confidential("window", "a secret of the window client");
/// Its refresh tokens live 10 minutes unused and an hour at most.
pub(super) const SHORT: Client = confidential("short", "a secret of the short client");
/// Basic alone.
pub(super) const BASIC: Client = confidential("basic", "a secret of the basic client");
/// Two redirect URIs.
pub(super) const TWO: Client = confidential("two", "a secret of the client with two");
pub(super) const NATIVE: Client =
    Client { id: "native", secret: None, redirect_uri: "http://127.0.0.1:49152/cb" };

pub(super) async fn app() -> App {
    App::with(Wanted { origin: ORIGIN, seed: CLIENTS, rate_limits: true }).await
}

/// Two servers on one database.
pub(super) async fn two_servers() -> (App, App) {
    let one = app().await;
    let wanted = Wanted { origin: ORIGIN, seed: CLIENTS, rate_limits: true };
    let two = App::on(one.database.clone(), one.clock.clone(), 8, wanted).await;
    (one, two)
}

/// The parameters of an authorization request that is right in everything.
pub(super) fn request(client: Client, scope: &str, verifier: &Verifier) -> Vec<(&'static str, String)> {
    vec![
        ("response_type", "code".to_owned()),
        ("client_id", client.id.to_owned()),
        ("redirect_uri", client.redirect_uri.to_owned()),
        ("scope", scope.to_owned()),
        ("state", "st-1".to_owned()),
        ("code_challenge", verifier.challenge().to_string()),
        ("code_challenge_method", "S256".to_owned()),
    ]
}

/// The same with one parameter changed, or left out for `None`.
pub(super) fn changed(
    mut fields: Vec<(&'static str, String)>,
    name: &'static str,
    value: Option<&str>,
) -> Vec<(&'static str, String)> {
    fields.retain(|(field, _)| *field != name);
    fields.extend(value.map(|value| (name, value.to_owned())));
    fields
}

pub(super) fn authorize_path(fields: &[(&'static str, String)]) -> String {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    format!("/oauth/authorize?{}", encode(&fields))
}

pub(super) fn verifier(app: &App) -> Verifier {
    Verifier::generate(&*app.entropy)
}

pub(super) async fn get(app: &App, path: &str) -> Answer {
    app.send(Request::get(path).body(Body::empty()).unwrap()).await
}

/// A request of this method without a body, with an `Authorization` header where there is one.
pub(super) async fn bare(app: &App, method: &str, path: &str, authorization: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(line) = authorization {
        request = request.header(header::AUTHORIZATION, line);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

/// Anna allows the request for the company; where the browser is sent.
pub(super) async fn allow(app: &App, fields: &[(&'static str, String)]) -> Answer {
    let mut browser = Browser::new(app);
    browser.sign_in("anna@example.com").await;
    let page = browser.get(&authorize_path(fields)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let answer = browser.submit("/oauth/authorize", &[("company", LOVE_BV), ("decision", "allow")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer
}

/// A code for the client, with its verifier.
pub(super) async fn code(app: &App, client: Client, scope: &str) -> (String, Verifier) {
    let verifier = verifier(app);
    let answer = allow(app, &request(client, scope, &verifier)).await;
    (answer.redirected("code").unwrap(), verifier)
}

/// A form to an endpoint, authenticated as the client by Basic, or by its id alone.
pub(super) async fn post(app: &App, path: &str, client: Client, fields: &[(&str, &str)]) -> Answer {
    if let Some(secret) = client.secret {
        return app.form(path, Some((client.id, secret)), fields).await;
    }
    let mut all = fields.to_vec();
    all.push(("client_id", client.id));
    app.form(path, None, &all).await
}

pub(super) async fn exchange(app: &App, client: Client, code: &str, verifier: &Verifier) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", client.redirect_uri),
        ("code_verifier", verifier.secret().expose()),
    ];
    post(app, "/oauth/token", client, &fields).await
}

pub(super) async fn tokens(app: &App, client: Client, scope: &str) -> Tokens {
    let (code, verifier) = code(app, client, scope).await;
    let answer = exchange(app, client, &code, &verifier).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.tokens()
}

pub(super) async fn refresh(app: &App, client: Client, refresh_token: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    post(app, "/oauth/token", client, &fields).await
}

/// Whether a resource API takes the access token.
pub(super) async fn works(app: &App, access_token: &str) -> bool {
    match app.call("GET", "/v1/introspect", access_token, None).await.status {
        StatusCode::OK => true,
        StatusCode::UNAUTHORIZED => false,
        other => panic!("{other}"),
    }
}

/// Whether introspection by its client calls the token active.
pub(super) async fn active(app: &App, client: Client, token: &str) -> bool {
    let answer = post(app, "/oauth/token/introspect", client, &[("token", token)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["active"].as_bool().unwrap()
}

/// Status and `error` of an answer of an OAuth endpoint; its shape is checked on the way (RFC 6749 section 5.2).
pub(super) fn error(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.headers["content-type"], "application/json", "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let json = answer.json();
    if let Some(description) = json.get("error_description") {
        let allowed = |c| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~');
        assert!(description.as_str().unwrap().chars().all(allowed), "{description}");
    }
    (answer.status.as_u16(), json["error"].as_str().unwrap().to_owned())
}

pub(super) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The audit records of a type, newest first.
pub(in crate::platform) async fn audited(app: &App, kind: &str) -> Vec<AuditRecord> {
    let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
    app.database.audit_records(filter, 100).await.unwrap()
}
