use authserver::Store as _;
use http::StatusCode;

use super::super::app::{App, BOOKS as BOOKS_BASIC, CALLBACK, LOVE_BV, LOVE_GMBH};
use super::super::browser::Browser;
use super::cases;
use super::world::{
    BOOKS, Client, NATIVE, active, allow, app, authorize_path, changed, exchange, refresh, request, tokens,
    verifier, works,
};

cases! {
    a_consent_is_of_one_session: [D 47] "A consent without the session's own hidden value, or with another session's, is refused and gives no code";
    the_page_says_who_asks_for_what: [D 49, Facts 1] "Sign-in and consent name the client, its home page and where it goes back to, the company, the links, and each permission in words";
    who_is_not_reviewed_asks_nobody: [D 49] "A client that was not reviewed reaches no consent page";
    consent_is_asked_every_time: [D 50] "A second run shows the consent page again, for public clients too";
    what_is_given_is_what_was_shown: [D 51] "More scopes than before are asked for again, fewer give fewer, and a first authorisation is not widened by a second";
    what_has_grown_since_it_was_shown_is_shown_again: [D 51] "Where no scope is asked for and the client's registration has grown while the page was open, nothing is given before the page was read again";
    a_denial_stores_nothing: [D 53, Facts 10] "Deny comes back as `access_denied` with `state`, and leaves nothing behind";
    withdrawal_ends_all_at_once: [D 55, Facts 30] "Withdrawal under connected apps ends all tokens of the client for that company at once, and no other's";
    a_consent_is_for_one_chosen_company: [Facts 11] "The person chooses one company on the page; nothing, nonsense and a foreign company are refused";
    approval_names_the_subject: [Facts 8, Facts 9] "Approval comes back with `code`, `state`, and `urn_pleo_params_oauth_subject` with the URN of the company";
    sign_in_leads_to_places_of_ours_alone: [D 47] "What follows a sign-in is a path of this server, whatever `next` says";
    pages_cannot_be_framed_or_kept: [D 49] "Sign-in and consent cannot be framed, are not cached, and name only the client's origin as a further target of forms";
}

async fn consent_page<'a>(app: &'a App, email: &str, client: Client, scope: &str) -> Browser<'a> {
    let mut browser = Browser::new(app);
    browser.sign_in(email).await;
    let page = browser.get(&authorize_path(&request(client, scope, &verifier(app)))).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    browser
}

#[tokio::test]
async fn a_consent_is_of_one_session() {
    let app = app().await;
    let olga = consent_page(&app, "olga@example.com", BOOKS, "companies:read").await;
    let foreign = olga.form("/oauth/authorize").into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    let mut anna = consent_page(&app, "anna@example.com", BOOKS, "companies:read").await;
    let form = anna.form("/oauth/authorize");
    let request = &form.iter().find(|(name, _)| name == "request").unwrap().1;
    let own = form.iter().find(|(name, _)| name == "csrf").unwrap().1.clone();
    let cut = &own[..own.len() - 1];
    let base = [("request", request.as_str()), ("company", LOVE_BV), ("decision", "allow")];
    for csrf in [None, Some(""), Some(foreign.as_str()), Some(cut)] {
        let mut fields = base.to_vec();
        fields.extend(csrf.map(|csrf| ("csrf", csrf)));
        let answer = anna.post("/oauth/authorize", &fields).await;
        assert!(answer.status.is_client_error(), "{csrf:?}: {}", answer.status);
        assert!(!answer.headers.contains_key("location"));
    }
    // The hidden request is as untrusted as a query: what is wrong in it stays on a page.
    let mut fields = vec![("csrf", own.as_str()), ("company", LOVE_BV), ("decision", "allow")];
    fields.push(("request", "response_type=code&client_id=books&redirect_uri=https://evil.example/"));
    let answer = anna.post("/oauth/authorize", &fields).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    // And a sign-out ends the form.
    anna.get("/settings/apps").await;
    anna.submit("/logout", &[]).await;
    let mut fields = base.to_vec();
    fields.push(("csrf", own.as_str()));
    assert_eq!(anna.post("/oauth/authorize", &fields).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_page_says_who_asks_for_what() {
    let app = app().await;
    let linked =
        Client { id: "linked", secret: Some("a secret of the linked client"), redirect_uri: CALLBACK };
    let fields = request(linked, "companies:read export-jobs:write", &verifier(&app));
    let mut browser = Browser::new(&app);
    let sign_in = browser.get(&authorize_path(&fields)).await;
    assert!(sign_in.body.contains("Linked &#60;Books&#62;"), "{}", sign_in.body);
    browser.submit("/login", &[("email", "anna@example.com"), ("password", "correct horse")]).await;
    let page = browser.get(&authorize_path(&fields)).await.body;
    for text in [
        "Linked &#60;Books&#62;",
        "href=\"https://linked.example\"",
        "href=\"https://linked.example/terms\"",
        "href=\"https://linked.example/privacy\"",
        "<strong>https://books.example</strong>",
        "Love Crème BV",
        "Love Crème GmbH",
        "The company&#39;s name, address and registration number",
        "Exports: start them and report what was booked",
        "Anna de Vries",
    ] {
        assert!(page.contains(text), "{text} is not on {page}");
    }
    assert!(!page.contains("<Books>") && !page.contains("Other AS"));
}

#[tokio::test]
async fn who_is_not_reviewed_asks_nobody() {
    let app = app().await;
    let unreviewed = Client { id: "unreviewed", secret: None, redirect_uri: CALLBACK };
    let mut browser = Browser::new(&app);
    browser.sign_in("anna@example.com").await;
    let page = browser.get(&authorize_path(&request(unreviewed, "companies:read", &verifier(&app)))).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(!page.body.contains("Not Yet") && !page.body.contains("value=\"allow\""));
}

#[tokio::test]
async fn consent_is_asked_every_time() {
    let app = app().await;
    for client in [NATIVE, BOOKS] {
        tokens(&app, client, "companies:read").await;
        let mut again = Browser::new(&app);
        again.sign_in("anna@example.com").await;
        let page = again.get(&authorize_path(&request(client, "companies:read", &verifier(&app)))).await;
        assert_eq!(page.status, StatusCode::OK, "{}: no redirect with a code", client.id);
        assert!(page.body.contains("value=\"allow\"") && page.body.contains("already connected"));
    }
}

#[tokio::test]
async fn what_is_given_is_what_was_shown() {
    let app = app().await;
    let first = tokens(&app, BOOKS, "companies:read").await;
    let mut more = consent_page(&app, "anna@example.com", BOOKS, "companies:read users:read").await;
    let page = more.get(&authorize_path(&request(BOOKS, "companies:read users:read", &verifier(&app)))).await;
    assert!(page.body.contains("Who works here"), "the new one is on the page");
    let second = tokens(&app, BOOKS, "companies:read users:read").await;
    let third = tokens(&app, BOOKS, "users:read").await;
    let scope = async |access: &str| {
        app.call("GET", "/v1/introspect", access, None).await.json()["data"]["scope"].clone()
    };
    assert_eq!(scope(&first.access).await, "companies:read");
    assert_eq!(scope(&second.access).await, "companies:read users:read");
    assert_eq!(scope(&third.access).await, "users:read");
    assert_eq!(refresh(&app, BOOKS, &first.refresh).await.json()["scope"], "companies:read");
    // None asked for means all that the client is registered for, and the page shows them all.
    let all = changed(request(BOOKS, "", &verifier(&app)), "scope", None);
    let page = more.get(&authorize_path(&all)).await.body;
    assert!(page.contains("Who works here") && page.contains("Exports: start them"), "{page}");
}

#[tokio::test]
async fn what_has_grown_since_it_was_shown_is_shown_again() {
    let app = app().await;
    let mut client = app.database.client(&"books".into()).await.unwrap().unwrap();
    let whole = std::mem::replace(&mut client.spec.scope, "companies:read".parse().unwrap());
    app.database.put_client(client.clone(), vec![]).await.unwrap();
    let all = changed(request(BOOKS, "", &verifier(&app)), "scope", None);
    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    assert!(!anna.get(&authorize_path(&all)).await.body.contains("Who works here"));
    client.spec.scope = whole.clone();
    app.database.put_client(client, vec![]).await.unwrap();
    let allow = [("company", LOVE_BV), ("decision", "allow")];
    let again = anna.submit("/oauth/authorize", &allow).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("Please read it once more") && again.body.contains("Who works here"));
    assert!(anna.submit("/oauth/authorize", &allow).await.redirected("code").is_some());
}

#[tokio::test]
async fn a_denial_stores_nothing() {
    let app = app().await;
    let mut anna = consent_page(&app, "anna@example.com", BOOKS, "companies:read").await;
    let answer = anna.submit("/oauth/authorize", &[("company", LOVE_BV), ("decision", "deny")]).await;
    assert!(answer.location().starts_with(CALLBACK));
    assert_eq!(answer.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.redirected("state").as_deref(), Some("st-1"));
    assert!(answer.redirected("code").is_none());
    assert!(super::world::audited(&app, "authorisation.granted").await.is_empty());
    assert!(!anna.get("/settings/apps").await.body.contains("Example Books"));
}

#[tokio::test]
async fn withdrawal_ends_all_at_once() {
    let app = app().await;
    let one = tokens(&app, BOOKS, "companies:read").await;
    let two = app.connect("ben@example.com", LOVE_BV, "companies:read").await;
    let elsewhere = app.connect("anna@example.com", LOVE_GMBH, "companies:read").await;
    let other_client = tokens(&app, NATIVE, "companies:read").await;
    let (waiting, verifier) = super::world::code(&app, BOOKS, "companies:read").await;
    let mut anna = Browser::new(&app);
    anna.sign_in("anna@example.com").await;
    anna.get("/settings/apps").await;
    let csrf = anna.form("/logout").remove(0).1;
    let fields = [("csrf", csrf.as_str()), ("client_id", "books"), ("company", LOVE_BV)];
    assert_eq!(anna.post("/settings/apps", &fields).await.status, StatusCode::SEE_OTHER);
    for dead in [&one, &two] {
        assert!(!works(&app, &dead.access).await);
        assert!(!active(&app, BOOKS, &dead.access).await && !active(&app, BOOKS, &dead.refresh).await);
        assert_eq!(refresh(&app, BOOKS, &dead.refresh).await.json()["error"], "invalid_grant");
    }
    assert_eq!(exchange(&app, BOOKS, &waiting, &verifier).await.json()["error"], "invalid_grant");
    assert!(works(&app, &elsewhere.access).await && works(&app, &other_client.access).await);
}

#[tokio::test]
async fn a_consent_is_for_one_chosen_company() {
    let app = app().await;
    let mut anna = consent_page(&app, "anna@example.com", BOOKS, "companies:read").await;
    let form = anna.form("/oauth/authorize");
    let hidden: Vec<(&str, &str)> =
        form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut nothing = hidden.clone();
    nothing.push(("decision", "allow"));
    assert_eq!(anna.post("/oauth/authorize", &nothing).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (company, status) in [("x", 422), (super::super::app::OTHER, 403), (super::super::app::LOVE, 403)] {
        let mut fields = nothing.clone();
        fields.push(("company", company));
        assert_eq!(anna.post("/oauth/authorize", &fields).await.status.as_u16(), status, "{company}");
    }
    let tokens = app.connect("anna@example.com", LOVE_GMBH, "companies:read").await;
    let me = app.call("GET", "/v1/introspect", &tokens.access, None).await.json();
    assert_eq!(me["data"]["subjectURN"], format!("urn:pleo:company:{LOVE_GMBH}"));
    assert_eq!(app.call("GET", "/v1/companies", &tokens.access, None).await.json()["pagination"]["total"], 1);
    let two = [("company", LOVE_BV), ("company", LOVE_GMBH)];
    let mut fields = nothing.clone();
    fields.extend(two);
    let answer = anna.post("/oauth/authorize", &fields).await;
    assert!(answer.status.is_client_error(), "two companies at once: {}", answer.status);
}

#[tokio::test]
async fn approval_names_the_subject() {
    let app = app().await;
    let answer = allow(&app, &request(BOOKS, "companies:read", &verifier(&app))).await;
    assert!(answer.redirected("code").is_some());
    assert_eq!(answer.redirected("state").as_deref(), Some("st-1"));
    assert_eq!(
        answer.redirected("urn_pleo_params_oauth_subject").unwrap(),
        format!("urn:pleo:company:{LOVE_BV}")
    );
    assert_eq!(answer.redirected("error"), None);
    let code = answer.redirected("code").unwrap();
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str())];
    let bare = app.form("/oauth/token", Some(BOOKS_BASIC), &fields).await;
    assert_eq!(bare.json()["error"], "invalid_grant", "neither redirect_uri nor verifier");
}

#[tokio::test]
async fn sign_in_leads_to_places_of_ours_alone() {
    let app = app().await;
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil\t",
        "javascript:x",
    ] {
        let mut browser = Browser::new(&app);
        browser.get(&format!("/login?{}", super::super::app::encode(&[("next", next)]))).await;
        let fields = [("email", "anna@example.com"), ("password", "correct horse"), ("next", next)];
        let answer = browser.submit("/login", &fields).await;
        assert_eq!(answer.location(), "/settings/apps", "{next}");
    }
}

#[tokio::test]
async fn pages_cannot_be_framed_or_kept() {
    let app = app().await;
    let path = authorize_path(&request(BOOKS, "companies:read", &verifier(&app)));
    let mut browser = Browser::new(&app);
    let sign_in = browser.get(&path).await;
    browser.sign_in("anna@example.com").await;
    let consent = browser.get(&path).await;
    for page in [sign_in, consent] {
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(policy.ends_with("form-action 'self' https://books.example"), "{policy}");
        assert_eq!(page.headers["x-frame-options"], "DENY");
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(!page.body.contains("<script>") && !page.body.contains(" onclick"));
    }
}
