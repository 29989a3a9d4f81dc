use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use authserver::NewInitialAccessToken;
use http::{Request, StatusCode, header};
use oauth::pkce::Verifier;
use outbound::testing::ScriptedClient;
use outbound::{Body as OutboundBody, NotSent, SendError};
use platform::{By, Environment};
use serde_json::{Value, json};

use super::super::app::{Answer, App, CALLBACK, LOVE_BV, ORIGIN, Surroundings, Tokens, Wanted};
use super::super::browser::{Browser, sent_back};
use super::cases;
use super::world::{
    BOOKS, Client, active, app, audited, authorize_path, error, exchange, get, post, refresh, refused,
    request, tokens, works,
};

cases! {
    a_program_registers_a_client: [B 12] "A registration is answered with 201, an id, a secret, and all metadata that were accepted; nobody may keep the answer";
    redirect_uris_of_registrations_keep_the_rules: [B 13, Facts 12] "`javascript:`, `data:`, `vbscript:`, fragments, relative and wildcard addresses, and plain http elsewhere than on this machine are `invalid_redirect_uri`; the same rules hold for changes";
    scopes_that_there_are_not_are_refused: [B 15, Facts 6] "A scope that cannot be granted is refused at registration; one that was not registered is refused at authorization";
    grants_and_responses_fit_each_other: [B 16] "Grants, response types and methods of authentication that are not offered or contradict each other are `invalid_client_metadata`";
    registration_needs_its_token: [B 17] "Without an initial access token, or with one that is wrong, used up, expired or withdrawn, registration is 401 with a Bearer challenge; many wrong ones are 429";
    a_client_is_managed_with_its_own_token_alone: [B 18] "Reading, changing and removing a client with another client's token, or none, is 401 and changes nothing; its own token reads it back and changes it";
    a_removed_client_holds_nothing: [B 20] "After DELETE its codes, access and refresh tokens are dead at once, and its id is `invalid_client`";
    a_client_waits_for_its_review: [B 12, Facts 1] "A client registered by API asks nobody for access before it is approved, and again not after a change that people would see; what it holds goes on";
    no_answer_shows_a_secret_again: [B 22] "Reading and changing a client by API never shows its secret, and no audit record holds a secret or token of a registration";
    names_are_the_clients_own: [B 12, Facts 1] "A name that reads as the platform's, in look-alike letters too, is refused with the reason";
    each_environment_has_credentials_of_its_own: [B 12, K 155] "Clients, tokens and keys of one environment are refused in the other, on a copy of the same database too";
    production_wants_https: [B 13, Facts 12] "In production plain http is for the loopback addresses of public clients";
    the_logo_is_ours: [Facts 1] "Consent, connected apps and the directory show the application's logo, fetched once, from our own origin";
    a_logo_is_fetched_once_and_none_comes_after_the_review: [Facts 1] "A logo is fetched once, and not at approval, so that people see the picture the reviewer saw";
    what_is_no_logo_is_not_shown: [Facts 1] "SVG, pages, redirects, oversized and unreachable pictures are not taken, with the reason at review, and the client is registered all the same";
}

fn metadata() -> Value {
    json!({
        "client_name": "Example Books",
        "redirect_uris": [CALLBACK],
        "scope": "companies:read users:read",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "client_uri": "https://books.example",
        "tos_uri": "https://books.example/terms",
        "policy_uri": "https://books.example/privacy",
        "contacts": ["dev@books.example"],
        "initiation_uri": "https://books.example/start",
        "settings_uri": "https://books.example/settings",
        "subject_type": "company",
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut metadata = metadata();
    metadata[member] = value;
    metadata
}

async fn initial(app: &App, pre_approved: bool) -> String {
    let new = NewInitialAccessToken { pre_approved, uses: 100, ..NewInitialAccessToken::default() };
    let (_, text) = app.platform.create_initial_access_token(&By::command_line(), new).await.unwrap();
    text.expose().clone()
}

async fn call(app: &App, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
    let mut request = Request::builder().method(method).uri(path.strip_prefix(ORIGIN).unwrap_or(path));
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    app.send(request.body(body.into()).unwrap()).await
}

async fn register(app: &App, token: &str, metadata: &Value) -> Answer {
    call(app, "POST", "/oauth/register", Some(token), Some(metadata)).await
}

/// A registered client in the form that the other steps take, with where and by what it is managed.
async fn registered(app: &App, pre_approved: bool) -> (Client, String, String) {
    let answer = register(app, &initial(app, pre_approved).await, &metadata()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let json = answer.json();
    let text = |member: &str| json[member].as_str().unwrap().to_owned();
    let client = Client {
        id: text("client_id").leak(),
        secret: Some(text("client_secret").leak()),
        redirect_uri: CALLBACK,
    };
    (client, text("registration_client_uri"), text("registration_access_token"))
}

async fn asks(app: &App, client: Client) -> Answer {
    let verifier = Verifier::generate(&*app.entropy);
    get(app, &authorize_path(&request(client, "companies:read", &verifier))).await
}

#[tokio::test]
async fn a_program_registers_a_client() {
    let app = app().await;
    let document = get(&app, "/.well-known/oauth-authorization-server").await.json();
    assert_eq!(document["registration_endpoint"], format!("{ORIGIN}/oauth/register"));
    let token = initial(&app, true).await;
    let mut sent = metadata();
    sent["software_statement"] = json!("unknown");
    let answer = register(&app, &token, &sent).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    assert_eq!(
        (&answer.headers["content-type"], &answer.headers["cache-control"]),
        (&"application/json".parse().unwrap(), &"no-store".parse().unwrap())
    );
    let told = answer.json();
    for (member, value) in metadata().as_object().unwrap() {
        assert_eq!(&told[member], value, "{member}");
    }
    assert!(told.get("software_statement").is_none(), "what is not known is dropped");
    let id = told["client_id"].as_str().unwrap();
    assert_eq!(told["registration_client_uri"], format!("{ORIGIN}/oauth/register/{id}"));
    assert_eq!(told["client_secret_expires_at"], 0);
    assert!(told["client_id_issued_at"].as_i64().unwrap() > 0);
    assert!(told["registration_access_token"].as_str().unwrap().starts_with("mst_rat_"));
    let bare = json!({ "client_name": "Bare", "redirect_uris": [CALLBACK] });
    let told = register(&app, &token, &bare).await.json();
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(told["scope"], "companies:read");
    let public = with("token_endpoint_auth_method", json!("none"));
    let told = register(&app, &token, &public).await.json();
    assert!(told.get("client_secret").is_none() && told.get("client_secret_expires_at").is_none());
    assert_eq!(told["require_pkce"], true);
    // What was registered works.
    let (client, ..) = registered(&app, true).await;
    let tokens = tokens(&app, client, "companies:read").await;
    assert!(works(&app, &tokens.access).await);
}

#[tokio::test]
async fn redirect_uris_of_registrations_keep_the_rules() {
    let app = app().await;
    let token = initial(&app, true).await;
    let (client, uri, management) = registered(&app, true).await;
    for wrong in [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "https://books.example/cb#top",
        "https://books.example/cb#",
        "/callback",
        "//books.example/cb",
        "https://*.books.example/cb",
        "https://books.example/*",
        "http://books.example/cb",
        "https://me@books.example/cb",
        "http://localhost.evil.example/cb",
        "",
    ] {
        let answer = register(&app, &token, &with("redirect_uris", json!([CALLBACK, wrong]))).await;
        assert_eq!(error(&answer), refused(400, "invalid_redirect_uri"), "{wrong}");
        assert!(wrong.is_empty() || !answer.body.contains(wrong), "{}", answer.body);
        let mut change = with("redirect_uris", json!([wrong]));
        change["client_id"] = json!(client.id);
        let answer = call(&app, "PUT", &uri, Some(&management), Some(&change)).await;
        assert_eq!(error(&answer), refused(400, "invalid_redirect_uri"), "{wrong}");
    }
    for wrong in [json!([]), json!(null), json!(CALLBACK), json!([1])] {
        let answer = register(&app, &token, &with("redirect_uris", wrong.clone())).await;
        assert_eq!(error(&answer), refused(400, "invalid_redirect_uri"), "{wrong}");
    }
    let many: Vec<String> = (0..21).map(|at| format!("{CALLBACK}/{at}")).collect();
    let answer = register(&app, &token, &with("redirect_uris", json!(many))).await;
    assert_eq!(error(&answer), refused(400, "invalid_redirect_uri"));
    for right in ["http://localhost:3000/cb", "http://127.0.0.1/cb", "http://[::1]:9/cb"] {
        let answer = register(&app, &token, &with("redirect_uris", json!([right]))).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{right}");
    }
}

#[tokio::test]
async fn scopes_that_there_are_not_are_refused() {
    let app = app().await;
    let token = initial(&app, true).await;
    for wrong in ["everything", "companies:read companies:eat", "a\"b"] {
        let answer = register(&app, &token, &with("scope", json!(wrong))).await;
        assert_eq!(error(&answer), refused(400, "invalid_client_metadata"), "{wrong}");
    }
    let (client, ..) = registered(&app, true).await;
    let verifier = Verifier::generate(&*app.entropy);
    let answer = sent_back(&app, &authorize_path(&request(client, "vendors:write", &verifier))).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn grants_and_responses_fit_each_other() {
    let app = app().await;
    let token = initial(&app, true).await;
    for (member, value) in [
        ("grant_types", json!(["refresh_token"])),
        ("grant_types", json!(["implicit"])),
        ("grant_types", json!(["authorization_code", "password"])),
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!([])),
        ("grant_types", json!("authorization_code")),
        ("response_types", json!([])),
        ("response_types", json!(["token"])),
        ("response_types", json!(["code", "id_token"])),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("client_name", json!(7)),
        ("client_uri", json!("javascript:alert(1)")),
        ("contacts", json!(["nobody"])),
        ("subject_type", json!("galaxy")),
    ] {
        let answer = register(&app, &token, &with(member, value.clone())).await;
        assert_eq!(error(&answer), refused(400, "invalid_client_metadata"), "{member}: {value}");
    }
    let request = Request::post("/oauth/register")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    let answer = app.send(request.body("{\"client_name\":".into()).unwrap()).await;
    assert_eq!(error(&answer), refused(400, "invalid_client_metadata"));
}

#[tokio::test]
async fn registration_needs_its_token() {
    let app = app().await;
    let challenge = |answer: &Answer| {
        assert_eq!(error(answer), refused(401, "invalid_token"));
        answer.headers["www-authenticate"].to_str().unwrap().to_owned()
    };
    let none = call(&app, "POST", "/oauth/register", None, Some(&metadata())).await;
    assert_eq!(
        challenge(&none),
        "Bearer realm=\"registration\"",
        "no code where nothing came (RFC 6750 section 3)"
    );
    let new = NewInitialAccessToken::default();
    let by = By::command_line();
    let (_, once) = app.platform.create_initial_access_token(&by, new.clone()).await.unwrap();
    assert_eq!(register(&app, once.expose(), &metadata()).await.status, StatusCode::CREATED);
    let (withdrawn, text) = app.platform.create_initial_access_token(&by, new).await.unwrap();
    app.platform.revoke_initial_access_token(&by, withdrawn.id).await.unwrap();
    let tokens = tokens(&app, BOOKS, "companies:read").await;
    for wrong in [once.expose().as_str(), text.expose(), "mst_iat_x", &tokens.access, "x"] {
        let answer = register(&app, wrong, &metadata()).await;
        assert!(challenge(&answer).contains("error=\"invalid_token\""), "{wrong}");
        assert!(!answer.body.contains(wrong) || wrong == "x");
    }
    let good = initial(&app, false).await;
    for _ in 0..30 {
        register(&app, "x", &metadata()).await;
    }
    let answer = register(&app, &good, &metadata()).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers.contains_key("retry-after"));
    app.clock.advance(std::time::Duration::from_mins(2));
    assert_eq!(register(&app, &good, &metadata()).await.status, StatusCode::CREATED);
    app.clock.advance(std::time::Duration::from_hours(8 * 24));
    assert_eq!(register(&app, &good, &metadata()).await.status, StatusCode::UNAUTHORIZED, "it has expired");
}

#[tokio::test]
async fn a_client_is_managed_with_its_own_token_alone() {
    let app = app().await;
    let (one, uri, own) = registered(&app, true).await;
    let (_, other_uri, foreign) = registered(&app, true).await;
    let mut change = with("client_name", json!("Other Books"));
    change["client_id"] = json!(one.id);
    let nowhere = format!("{ORIGIN}/oauth/register/{}", BOOKS.id);
    for (uri, token) in [
        (&uri, Some(foreign.as_str())),
        (&uri, Some("mst_rat_x")),
        (&uri, None),
        (&other_uri, Some(&own)),
        (&nowhere, Some(&own)),
    ] {
        for (method, body) in [("GET", None), ("PUT", Some(&change)), ("DELETE", None)] {
            let answer = call(&app, method, uri, token, body).await;
            assert_eq!(error(&answer), refused(401, "invalid_token"), "{method} {uri}");
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer "));
        }
    }
    let read = call(&app, "GET", &uri, Some(&own), None).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.body);
    assert_eq!(read.headers["cache-control"], "no-store");
    assert_eq!(read.json()["client_name"], "Example Books", "nothing has changed");
    assert_eq!(read.json()["registration_access_token"], own);
    let answer = call(&app, "PUT", &uri, Some(&own), Some(&change)).await;
    assert_eq!((answer.status, answer.json()["client_name"].as_str()), (StatusCode::OK, Some("Other Books")));
    let next = answer.json()["registration_access_token"].as_str().unwrap().to_owned();
    assert_ne!(next, own);
    assert_eq!(call(&app, "GET", &uri, Some(&next), None).await.status, StatusCode::OK);
    assert_eq!(call(&app, "GET", &uri, Some(&own), None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        call(&app, "POST", &uri, Some(&next), Some(&change)).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn a_removed_client_holds_nothing() {
    let app = app().await;
    let (client, uri, token) = registered(&app, true).await;
    let held = tokens(&app, client, "companies:read").await;
    let (code, verifier) = super::world::code(&app, client, "companies:read").await;
    let others = tokens(&app, BOOKS, "companies:read").await;
    let answer = call(&app, "DELETE", &uri, Some(&token), None).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NO_CONTENT, ""));
    assert!(!works(&app, &held.access).await);
    for answer in [
        refresh(&app, client, &held.refresh).await,
        exchange(&app, client, &code, &verifier).await,
        post(&app, "/oauth/token/introspect", client, &[("token", &held.access)]).await,
        post(&app, "/oauth/revoke", client, &[("token", &held.access)]).await,
    ] {
        assert_eq!(error(&answer), refused(401, "invalid_client"));
    }
    assert_eq!(asks(&app, client).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(call(&app, "GET", &uri, Some(&token), None).await.status, StatusCode::UNAUTHORIZED);
    assert!(works(&app, &others.access).await && active(&app, BOOKS, &others.refresh).await);
}

#[tokio::test]
async fn a_client_waits_for_its_review() {
    let app = app().await;
    let (client, uri, token) = registered(&app, false).await;
    let waiting = asks(&app, client).await;
    assert_eq!(waiting.status, StatusCode::FORBIDDEN);
    assert!(waiting.body.contains("waiting for its review") && waiting.headers.get("location").is_none());
    assert_eq!(call(&app, "GET", &uri, Some(&token), None).await.json()["client_status"], "awaiting_review");
    let refused_grant = refresh(&app, client, "x").await;
    assert_eq!(error(&refused_grant), refused(400, "unauthorized_client"));
    let id = client.id.into();
    app.platform.approve_client(&By::command_line(), &id, None).await.unwrap();
    let held = tokens(&app, client, "companies:read").await;
    for (member, value) in [
        ("client_name", json!("Other Books")),
        ("redirect_uris", json!([CALLBACK, "https://books.example/second"])),
        ("logo_uri", json!("https://books.example/logo.png")),
        ("scope", json!("companies:read users:read vendors:read")),
    ] {
        let mut change = with(member, value);
        change["client_id"] = json!(client.id);
        // The first token goes on working as long as nobody uses a later one.
        let answer = call(&app, "PUT", &uri, Some(&token), Some(&change)).await;
        assert_eq!(answer.json()["client_status"], "change_awaiting_review", "{member}: {}", answer.body);
        assert_eq!(asks(&app, client).await.status, StatusCode::FORBIDDEN, "{member}");
        assert!(works(&app, &held.access).await, "{member}");
        app.platform.approve_client(&By::command_line(), &id, None).await.unwrap();
        assert_ne!(asks(&app, client).await.status, StatusCode::FORBIDDEN);
    }
    app.platform.decline_client(&By::command_line(), &id, None, "no terms").await.unwrap();
    let told = call(&app, "GET", &uri, Some(&token), None).await.json();
    assert_eq!(
        (told["client_status"].as_str(), told["client_status_reason"].as_str()),
        (Some("declined"), Some("no terms"))
    );
    assert!(!works(&app, &held.access).await);
}

#[tokio::test]
async fn no_answer_shows_a_secret_again() {
    let app = app().await;
    let initial = initial(&app, true).await;
    let registration = register(&app, &initial, &metadata()).await.json();
    let text = |member: &str| registration[member].as_str().unwrap().to_owned();
    let (secret, token, uri) =
        (text("client_secret"), text("registration_access_token"), text("registration_client_uri"));
    let read = call(&app, "GET", &uri, Some(&token), None).await;
    let mut change = metadata();
    change["client_id"] = json!(text("client_id"));
    change["client_secret"] = json!(secret);
    let changed = call(&app, "PUT", &uri, Some(&token), Some(&change)).await;
    for answer in [&read, &changed] {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert!(!answer.body.contains(&secret) && answer.json().get("client_secret").is_none());
    }
    let next = changed.json()["registration_access_token"].as_str().unwrap().to_owned();
    let mut records = Vec::new();
    for kind in ["initial_access_token.created", "client.registered", "client.changed"] {
        let found = audited(&app, kind).await;
        assert!(!found.is_empty(), "{kind}");
        records.push(format!("{found:?}"));
    }
    for hidden in [secret, token, next, initial] {
        assert!(!records.iter().any(|record| record.contains(&hidden)));
    }
}

#[tokio::test]
async fn names_are_the_clients_own() {
    let app = app().await;
    let token = initial(&app, true).await;
    for name in ["Pleo", "Example for Pleo", "P1eo", "Рlео sync", "P l e o", "P\u{200b}leo", "", "x\u{0}"]
    {
        let answer = register(&app, &token, &with("client_name", json!(name))).await;
        assert_eq!(error(&answer), refused(400, "invalid_client_metadata"), "{name:?}");
        assert!(answer.json()["error_description"].as_str().unwrap().contains("client_name"), "{name:?}");
    }
    assert_eq!(
        register(&app, &token, &with("client_name", json!("Example One"))).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn each_environment_has_credentials_of_its_own() {
    let staging = app().await;
    let (client, uri, token) = registered(&staging, true).await;
    let initial = initial(&staging, true).await;
    let held = tokens(&staging, client, "companies:read").await;
    let key = staging.seeded.api_keys[0].key.expose().clone();
    let wanted = Wanted { origin: ORIGIN, seed: "", rate_limits: true };
    let elsewhere = Surroundings {
        environment: Environment::Production,
        separated: Some("production"),
        ..Surroundings::default()
    };
    let production = App::among(staging.database.clone(), staging.clock.clone(), 9, wanted, elsewhere).await;
    let by_key = async |app: &App| app.call_with_key("GET", "/v1/introspect", &key, None).await.status;
    for (app, good) in [(&production, false), (&staging, true)] {
        assert_eq!(works(app, &held.access).await, good);
        assert_eq!(by_key(app).await == StatusCode::OK, good);
        let answer = post(app, "/oauth/token/introspect", client, &[("token", &held.access)]).await;
        assert_eq!(answer.status == StatusCode::OK, good, "{}", answer.body);
        assert_eq!(refresh(app, client, "x").await.status == StatusCode::UNAUTHORIZED, !good);
        assert_eq!(call(app, "GET", &uri, Some(&token), None).await.status == StatusCode::OK, good);
        assert_eq!(register(app, &initial, &metadata()).await.status == StatusCode::CREATED, good);
    }
    let (of_production, ..) = registered(&production, true).await;
    let Tokens { access, .. } = tokens(&production, of_production, "companies:read").await;
    assert!(works(&production, &access).await && !works(&staging, &access).await);
}

#[tokio::test]
async fn production_wants_https() {
    let production = Surroundings { environment: Environment::Production, ..Surroundings::default() };
    let app = App::in_surroundings(production).await;
    let token = initial(&app, true).await;
    let mut metadata = metadata();
    for (uri, public, status) in [
        ("http://localhost:3000/cb", false, 400),
        ("http://127.0.0.1:3000/cb", false, 400),
        ("http://127.0.0.1/cb", true, 201),
        ("http://[::1]/cb", true, 201),
        ("http://localhost/cb", true, 400),
        ("https://books.example/cb", false, 201),
    ] {
        metadata["redirect_uris"] = json!([uri]);
        metadata["token_endpoint_auth_method"] = json!(if public { "none" } else { "client_secret_basic" });
        assert_eq!(register(&app, &token, &metadata).await.status.as_u16(), status, "{uri} {public}");
    }
}

/// A square picture, all of it in ASCII.
const GIF: &str = "GIF89a\x40\0\x40\0\0\0\0\0\0\0\0;";

/// What the system says where nobody listens.
const INNER: &str = "Connection refused (os error 111)";

fn serving(pages: &'static [(&'static str, u16, &'static str)]) -> Surroundings {
    let client = ScriptedClient::new(move |request: Request<bytes::Bytes>| async move {
        let found = pages.iter().find(|(path, ..)| *path == request.uri().path());
        let (_, status, body) = found.ok_or_else(|| {
            let host = "books.example".to_owned();
            SendError::from(match request.uri().path() {
                "/refused.png" => NotSent::Connect { host, cause: INNER.to_owned() },
                "/silent.png" => NotSent::ConnectTimeout { host, limit: std::time::Duration::from_secs(5) },
                _ => NotSent::AddressRefused { host, address: "10.0.0.1".parse().unwrap() },
            })
        })?;
        let answer = http::Response::builder().status(*status).header("content-type", "image/png");
        Ok(answer.body(OutboundBody::from(*body)).unwrap())
    });
    Surroundings { http: Some(Arc::new(client)), ..Surroundings::default() }
}

#[tokio::test]
async fn the_logo_is_ours() {
    let app = App::in_surroundings(serving(&[("/logo.png", 200, GIF)])).await;
    let mut metadata = with("logo_uri", json!("https://books.example/logo.png"));
    metadata["client_name"] = json!("Ledger Lens");
    let answer = register(&app, &initial(&app, true).await, &metadata).await;
    let told = answer.json();
    let id = told["client_id"].as_str().unwrap().to_owned();
    let client = Client {
        id: id.clone().leak(),
        secret: Some(told["client_secret"].as_str().unwrap().to_owned().leak()),
        redirect_uri: CALLBACK,
    };
    let mut browser = Browser::new(&app);
    browser.sign_in("anna@example.com").await;
    let verifier = Verifier::generate(&*app.entropy);
    let consent = browser.get(&authorize_path(&request(client, "companies:read", &verifier))).await;
    let start = consent.body.find("src=\"/logos/").unwrap_or_else(|| panic!("{}", consent.body)) + 5;
    let path = consent.body[start..].split('"').next().unwrap().to_owned();
    assert!(!consent.body.contains("books.example/logo.png"), "nobody's browser goes there");
    let logo = get(&app, &path).await;
    assert_eq!((logo.status, logo.body.as_str()), (StatusCode::OK, GIF));
    assert_eq!(logo.headers["content-type"], "image/gif", "what it is, not what it was called");
    assert_eq!(logo.headers["x-content-type-options"], "nosniff");
    assert!(logo.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert!(logo.headers["cache-control"].to_str().unwrap().starts_with("public, max-age="));
    browser.submit("/oauth/authorize", &[("company", LOVE_BV), ("decision", "allow")]).await;
    tokens(&app, client, "companies:read").await;
    assert!(browser.get("/settings/apps").await.body.contains("src=\"/logos/"));
    assert!(
        !browser.get("/settings/accounting").await.body.contains("Ledger Lens"),
        "registering lists nobody"
    );
    let by = By::command_line();
    app.platform.set_in_directory(&by, &id.as_str().into(), true).await.unwrap();
    let directory = browser.get("/settings/accounting").await.body;
    assert!(directory.contains("Ledger Lens") && directory.contains("src=\"/logos/"));
    assert!(directory.contains("href=\"https://books.example/start\""), "people begin at its own page");
    // Nobody is shown what nobody has looked at.
    app.platform.suspend_client(&by, &id.as_str().into()).await.unwrap();
    assert_eq!(get(&app, &path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_logo_is_fetched_once_and_none_comes_after_the_review() {
    static FETCHED: AtomicU32 = AtomicU32::new(0);
    let client = ScriptedClient::new(move |_| async move {
        let is_first = FETCHED.fetch_add(1, Ordering::SeqCst) == 0;
        let answer = http::Response::builder().status(if is_first { 404 } else { 200 });
        Ok(answer.body(OutboundBody::from(GIF)).unwrap())
    });
    let surroundings = Surroundings { http: Some(Arc::new(client)), ..Surroundings::default() };
    let app = App::in_surroundings(surroundings).await;
    let metadata = with("logo_uri", json!("https://books.example/logo.png"));
    let answer = register(&app, &initial(&app, false).await, &metadata).await;
    let id = answer.json()["client_id"].as_str().unwrap().to_owned();
    let (by, client) = (By::command_line(), id.as_str().into());
    let fetched = || FETCHED.load(Ordering::SeqCst);
    assert_eq!(fetched(), 1);
    app.platform.approve_client(&by, &client, None).await.unwrap();
    assert_eq!(fetched(), 1, "what it gives now, the reviewer has not seen");
    assert_eq!(get(&app, &format!("/logos/{id}")).await.status, StatusCode::NOT_FOUND);
    app.platform.fetch_logo_again(&client).await.unwrap();
    assert_eq!(fetched(), 2);
    let shown = get(&app, &format!("/logos/{id}")).await;
    assert_eq!((shown.status, shown.body.as_str()), (StatusCode::OK, GIF));
    // Another change leaves the picture alone.
    app.platform.suspend_client(&by, &client).await.unwrap();
    app.platform.approve_client(&by, &client, None).await.unwrap();
    assert_eq!(fetched(), 2);
}

#[tokio::test]
async fn what_is_no_logo_is_not_shown() {
    static LARGE: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| format!("{GIF}{}", "x".repeat(256 * 1024)));
    let pages: &'static [(&str, u16, &str)] = Vec::leak(vec![
        ("/svg.png", 200, "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>"),
        ("/wide.png", 200, "GIF89a\x40\0\x41\0\0\0\0\0\0\0\0;"),
        ("/moved.png", 302, ""),
        ("/gone.png", 404, GIF),
        ("/large.png", 200, LARGE.as_str()),
    ]);
    let app = App::in_surroundings(serving(pages)).await;
    let token = initial(&app, true).await;
    for (file, reason) in [
        ("svg", "SVG"),
        ("wide", "not square"),
        ("moved", "redirects are not followed"),
        ("gone", "no picture"),
        ("large", "larger than 256 KiB"),
        ("private", "not public"),
        ("refused", "could not be reached"),
        ("silent", "could not be reached"),
    ] {
        let uri = format!("https://books.example/{file}.png");
        let answer = register(&app, &token, &with("logo_uri", json!(uri))).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{file}: {}", answer.body);
        let id = answer.json()["client_id"].as_str().unwrap().to_owned();
        let details = app.platform.client_details(&id.as_str().into()).await.unwrap();
        let platform::LogoState::Missing(why) = details.logo else { panic!("{file} was taken") };
        assert!(why.contains(reason), "{file}: {why}");
        for inner in ["404", "302", "10.0.0.1", "os error", "books.example", "5 s"] {
            assert!(!why.contains(inner), "{file} tells what its address came to: {why}");
        }
        assert_eq!(get(&app, &format!("/logos/{id}")).await.status, StatusCode::NOT_FOUND);
    }
}
