use connect::Role;
use serde_json::json;

use super::app::App;
use super::browser::Browser;

async fn sign_in(browser: &mut Browser<'_>) {
    browser.get("/login").await;
    let answer = browser.submit(&[("email", "op@example.com"), ("password", "correct horse")]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}

fn csrf_of(page: &str) -> String {
    page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn field(name: &str, value: &str) -> [(String, String); 1] {
    [(name.to_owned(), value.to_owned())]
}

#[tokio::test]
async fn nobody_sees_anything_without_signing_in() {
    let app = App::new().await;
    let mut browser = Browser::new(&app);
    for (path, next) in
        [("/", "%2F"), ("/settings", "%2Fsettings"), ("/?state=attention", "%2F%3Fstate%3Dattention")]
    {
        let answer = browser.get(path).await;
        assert_eq!(answer.location(), format!("/login?next={next}"));
    }
    // A form is not kept until somebody has signed in; who signs out anyway is told nothing.
    for (path, address, told) in
        [("/settings/tokens", "/login?next=%2F&unsent=yes", true), ("/logout", "/login?next=%2F", false)]
    {
        let answer = browser.post(path, &field("csrf", "of-a-session-that-is-over")).await;
        assert_eq!(answer.location(), address);
        browser.get(address).await;
        assert_eq!(browser.page.contains("nothing was done"), told, "{}", browser.page);
    }
    browser.get("/login?next=%2Fsettings").await;
    let answer = browser.submit(&[("email", "op@example.com"), ("password", "wrong")]).await;
    assert_eq!(answer.status, 422);
    let answer = browser.submit(&[("email", "op@example.com"), ("password", "correct horse")]).await;
    assert_eq!(answer.location(), "/settings");
    // Browsers drop tabs and line breaks: `/<tab>/evil.example` is `//evil.example` to them.
    for elsewhere in [
        "%2F%2Fevil.example",
        "https%3A%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2F%09%2Fevil.example",
        "%2F%0A%2Fevil.example",
    ] {
        browser.get(&format!("/login?next={elsewhere}")).await;
        let answer = browser.submit(&[("email", "op@example.com"), ("password", "correct horse")]).await;
        assert_eq!(answer.location(), "/");
    }
}

#[tokio::test]
async fn an_operator_sees_connections_and_ends_one() {
    let app = App::new().await;
    let mut operator = Browser::new(&app);
    sign_in(&mut operator).await;
    assert_eq!(operator.get("/").await.status, 200);
    assert!(operator.page.contains("There is no connection yet"));

    let token = app.api_token(Role::Connect).await;
    let made =
        app.call(&token, "POST", "/v1/connect-sessions", Some(json!({ "accounting": "xero" }))).await.json();
    let mut person = Browser::new(&app);
    person.get(made["url"].as_str().unwrap()).await;
    for _ in 0..2 {
        let sent = person.submit(&[]).await;
        person.follow(&Browser::allowed(sent.location())).await;
    }
    let page = person.submit(&[("company", "x-1")]).await.location().to_owned();
    person.get(&page).await;
    person.submit(&[("decision", "confirm")]).await;

    operator.get("/?text=books").await;
    assert!(operator.page.contains("Love &#60;Crème&#62; BV") && operator.page.contains("Love Crème Books"));
    operator.get("/?text=nobody").await;
    assert!(operator.page.contains("No connection fits"));
    let list = app.call(&token, "GET", "/v1/connections", None).await.json();
    let path = format!("/connections/{}", list["data"][0]["id"].as_str().unwrap());
    let answer = operator.get(&path).await;
    assert_eq!(answer.status, 200);
    assert!(operator.page.contains("OAuth sign-in") && operator.page.contains("Connected"));
    let csrf = csrf_of(&operator.page);
    assert_eq!(operator.post(&format!("{path}/disconnect"), &field("csrf", "wrong")).await.status, 403);
    let answer = operator.post(&format!("{path}/accounting/reauthorise"), &field("csrf", &csrf)).await;
    assert_eq!(answer.status, 200);
    assert!(operator.page.contains("https://connect.example/connect/mst_ln_"));
    let mut fields = field("csrf", &csrf).to_vec();
    fields.push(("api_key".to_owned(), "two words".to_owned()));
    let answer = operator.post(&format!("{path}/platform/api-key"), &fields).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    let answer = operator.post(&format!("{path}/disconnect"), &fields[..1]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(operator.page.contains("Disconnected"));
}

#[tokio::test]
async fn an_operator_makes_and_revokes_tokens() {
    let app = App::new().await;
    let mut operator = Browser::new(&app);
    sign_in(&mut operator).await;
    operator.get("/settings").await;
    assert!(operator.page.contains("https://connect.example/callback/xero"));
    let answer = operator.submit(&[("name", "ours"), ("role", "proxy")]).await;
    assert_eq!(answer.status, 201);
    let text = operator.page.split("mst_api_").nth(1).unwrap();
    let text: String =
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    let token = format!("mst_api_{text}");
    let answer = app.call(&token, "GET", "/v1/connections", None).await;
    assert_eq!(answer.refusal(), (403, "insufficient-role".to_owned()));
    operator.get("/settings").await;
    assert!(!operator.page.contains(&token), "shown once");
    let action = operator.page.split("action=\"").find(|part| part.contains("/revoke\"")).unwrap();
    let action = action.split('"').next().unwrap().to_owned();
    let csrf = csrf_of(&operator.page);
    assert_eq!(operator.post(&action, &field("csrf", &csrf)).await.status, 303);
    assert_eq!(app.call(&token, "GET", "/v1/connections", None).await.refusal().0, 401);
}

/// What a provider, a backend or an operator has named is text on every page, wherever it stands.
#[tokio::test]
async fn names_are_never_markup() {
    const SCRIPT: &str = "\"><script>alert(1)</script>";
    let app = App::new().await;
    let token = app.api_token(Role::Admin).await;
    let asked = json!({ "accounting": "xero", "reference": SCRIPT });
    let made = app.call(&token, "POST", "/v1/connect-sessions", Some(asked)).await.json();
    let mut person = Browser::new(&app);
    let mut pages = Vec::new();
    person.get(made["url"].as_str().unwrap()).await;
    for _ in 0..2 {
        let sent = person.submit(&[]).await;
        person.follow(&Browser::allowed(sent.location())).await;
        pages.push(person.page.clone());
    }
    let page = person.submit(&[("company", "x-2")]).await.location().to_owned();
    person.get(&page).await;
    pages.push(person.page.clone());
    person.submit(&[("decision", "confirm")]).await;
    person.get(&page).await;
    pages.push(person.page.clone());

    let mut operator = Browser::new(&app);
    sign_in(&mut operator).await;
    let list = app.call(&token, "GET", "/v1/connections", None).await.json();
    let own = format!("/connections/{}", list["data"][0]["id"].as_str().unwrap());
    operator.get("/settings").await;
    let fields =
        [("csrf", csrf_of(&operator.page)), ("name", SCRIPT.to_owned()), ("role", "proxy".to_owned())];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(operator.post("/settings/tokens", &fields).await.status, 201);
    pages.push(operator.page.clone());
    let search = format!("/?text={}", oauth::parameters::encode(SCRIPT));
    for path in ["/", search.as_str(), own.as_str(), "/settings"] {
        assert_eq!(operator.get(path).await.status, 200, "{path}");
        pages.push(operator.page.clone());
    }
    for page in &pages {
        assert!(!page.contains("<script>alert"), "{page}");
    }
    let named = pages.iter().filter(|page| page.contains("alert(1)")).count();
    assert!(named >= 7, "{named} pages show the name at all");
}
