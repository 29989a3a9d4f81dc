//! The pages of people who build integrations: what is theirs, and that nothing of others is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use outbound::testing::ScriptedClient;
use outbound::{NotSent, SendError};

use super::admin::{app, signed_in};
use super::app::{Answer, App, ORIGIN, Surroundings, Wanted};
use super::browser::Browser;

/// A form that is right in everything.
pub(super) fn form(name: &str) -> Vec<(&'static str, String)> {
    let fields = [
        ("name", name),
        ("redirect_uris", "https://tally.example/cb"),
        ("kind", "confidential"),
        ("subject_type", "company"),
        ("scopes", "companies:read"),
        ("scopes", "export-jobs:write"),
        ("client_uri", "https://tally.example"),
        ("tos_uri", "https://tally.example/terms"),
        ("contacts", "dev@tally.example"),
    ];
    fields.map(|(name, value)| (name, value.to_owned())).to_vec()
}

/// What is right for an act on a client, but for the hidden value of the session.
fn fields_of(act: &str) -> Vec<(&'static str, String)> {
    match act {
        "register" | "edit" => form("Taken"),
        "rotate" => vec![("compromised", "yes".to_owned())],
        _ => Vec::new(),
    }
}

async fn send(browser: &mut Browser<'_>, fields: &[(&'static str, String)]) -> Answer {
    browser.get("/developer/register").await;
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.submit("/developer/register", &fields).await
}

/// Registers; the client id and the secret that the page shows.
pub(super) async fn register(
    browser: &mut Browser<'_>,
    fields: &[(&'static str, String)],
) -> (String, String) {
    let answer = send(browser, fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    (
        shown(&answer, "<span class=\"copyable\"><code>"),
        shown(&answer, "<div class=\"secret copyable\"><code>"),
    )
}

fn shown(answer: &Answer, before: &str) -> String {
    let start = answer.body.find(before).unwrap_or_else(|| panic!("{}", answer.body)) + before.len();
    answer.body[start..].chars().take_while(|c| *c != '<').collect()
}

/// What the token endpoint says of these credentials.
async fn known(app: &App, id: &str, secret: &str) -> bool {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "mst_rt_nonsense")];
    match app.form("/oauth/token", Some((id, secret)), &fields).await.json()["error"].as_str() {
        Some("invalid_client") => false,
        Some("invalid_grant" | "unauthorized_client") => true,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_pages_are_for_people_who_are_signed_in() {
    let app = app().await;
    let mut nobody = Browser::new(&app);
    for path in
        ["/developer", "/developer/register", "/developer/clients/books", "/developer/clients/books/edit"]
    {
        let answer = nobody.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location().starts_with("/login?next=%2Fdeveloper"), "{path}");
    }
    for path in ["register", "clients/books/edit", "clients/books/rotate", "clients/books/remove"] {
        let fields = [("csrf", "x"), ("compromised", "yes"), ("name", "X")];
        let answer = nobody.post(&format!("/developer/{path}"), &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn credentials_are_shown_once_and_the_client_waits() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let (id, secret) = register(&mut olga, &form("Tally Books")).await;
    assert!(known(&app, &id, &secret).await);
    let list = olga.get("/developer").await.body;
    assert!(list.contains("Tally Books") && list.contains("Waiting for review"));
    let page = olga.get(&format!("/developer/clients/{id}")).await.body;
    for text in [
        "https://tally.example/cb",
        "dev@tally.example",
        "Strict: every refresh",
        "15 minutes",
        "60 days",
        "curl",
    ] {
        assert!(page.contains(text), "{text} is not on {page}");
    }
    assert!(!list.contains(&secret) && !page.contains(&secret));
    // Nobody can be asked before it is approved.
    let mut anna = signed_in(&app, "anna@example.com").await;
    let (request, _) = app.authorization(&id, "companies:read");
    let answer = anna.get(&request.replace("books.example%2Fcallback", "tally.example%2Fcb")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    assert!(!answer.body.contains("value=\"allow\""));
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_beside_its_field_and_what_was_typed_stays() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    for (field, value) in [
        ("name", ""),
        ("name", "Pleo Sync"),
        ("redirect_uris", "https://*.tally.example/cb"),
        ("redirect_uris", "javascript:alert(1)"),
        ("redirect_uris", "https://tally.example/cb#x"),
        ("redirect_uris", ""),
        ("client_uri", "ftp://tally.example"),
        ("contacts", "nobody"),
        ("scopes", "cards:write"),
        ("subject_type", "universe"),
    ] {
        let mut fields = form("Tally Books");
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value.to_owned()));
        let answer = send(&mut olga, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value:?}: {}", answer.body);
        assert!(answer.body.contains(&format!("href=\"#field-{field}\"")), "{field} {value:?}");
        if field != "client_uri" {
            assert!(answer.body.contains("value=\"https://tally.example\""), "{field}: the rest is kept");
        }
    }
    assert!(olga.get("/developer").await.body.contains("You have none yet"));
}

#[tokio::test]
async fn the_summary_names_the_fields_in_their_order_and_each_field_tells_all_that_is_wrong() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let mut fields = form("");
    let bad = "https://*.tally.example/cb\nhttps://tally.example/cb#x\njavascript:alert(1)";
    for (field, value) in
        [("redirect_uris", bad), ("client_uri", "ftp://tally.example"), ("contacts", "nobody")]
    {
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value.to_owned()));
    }
    let page = send(&mut olga, &fields).await.body;
    let summary = page.split_once("<ul>").unwrap().1.split_once("</ul>").unwrap().0;
    let told: Vec<&str> = summary.split("\">").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    let labels: Vec<&str> = told.iter().map(|line| line.split(':').next().unwrap()).collect();
    let uris = ["Redirect URIs"; 3];
    assert_eq!(labels, [&["Name"], &uris[..], &["Home page", "Contacts"]].concat(), "{told:?}");
    let beside = page.split_once("id=\"wrong-redirect_uris\"").unwrap().1.split_once("</div>").unwrap().0;
    for number in ["Number 1:", "Number 2:", "Number 3:"] {
        assert!(beside.contains(number), "{number} is not in {beside}");
    }
    assert!(!page.contains('`'), "{page}");
    assert!(page.contains("Tags and tag groups (older name)"));
}

#[tokio::test]
async fn saving_without_a_change_says_so() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let (id, _) = register(&mut olga, &form("Tally Books")).await;
    let (path, edit) = (format!("/developer/clients/{id}"), format!("/developer/clients/{id}/edit"));
    for (name, done, told) in [
        ("Tally Books", "unchanged", "Nothing was changed."),
        ("Tally", "changed", "The change is kept and waits for review."),
    ] {
        olga.get(&edit).await;
        let fields = form(name);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = olga.submit(&edit, &fields).await;
        assert_eq!(answer.location(), format!("{path}?done={done}"));
        assert!(olga.get(&format!("{path}?done={done}")).await.body.contains(told), "{told}");
    }
}

/// A platform that is told by nobody why no logo comes, and counts how often one is asked for.
fn without_logos(asked: &Arc<AtomicUsize>) -> Surroundings {
    let asked = Arc::clone(asked);
    let client = ScriptedClient::new(move |_| {
        asked.fetch_add(1, Ordering::Relaxed);
        async {
            let cause = "Connection refused (os error 111)".to_owned();
            Err(SendError::from(NotSent::Connect { host: "tally.example".to_owned(), cause }))
        }
    });
    Surroundings { http: Some(Arc::new(client)), ..Surroundings::default() }
}

#[tokio::test]
async fn a_logo_that_does_not_come_is_told_in_plain_words_and_can_be_fetched_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let app = App::in_surroundings(without_logos(&asked)).await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let mut fields = form("Tally Books");
    fields.push(("logo_uri", "https://tally.example:8443/logo.png".to_owned()));
    let answer = send(&mut olga, &fields).await;
    let told = "its address could not be reached";
    assert!(answer.body.contains(&format!("Its logo is not shown: {told}.")), "{}", answer.body);
    let path = format!("/developer/clients/{}", shown(&answer, "<span class=\"copyable\"><code>"));
    let page = olga.get(&path).await.body;
    assert!(page.contains(told) && !page.contains("os error"), "{page}");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let again = format!("{path}/logo");
    let answer = olga.submit(&again, &[]).await;
    assert_eq!(answer.location(), format!("{path}?done=logo"));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert!(olga.get(&format!("{path}?done=logo")).await.body.contains("could not be taken"));
    let mut anna = signed_in(&app, "anna@example.com").await;
    anna.get("/developer").await;
    let csrf = anna.form("/logout").remove(0).1;
    assert_eq!(anna.post(&again, &[("csrf", &csrf)]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(olga.post(&again, &[("csrf", "wrong")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(asked.load(Ordering::Relaxed), 2, "neither of them had it fetched");
}

#[tokio::test]
async fn a_client_of_somebody_else_is_not_there() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let (id, secret) = register(&mut olga, &form("Tally Books")).await;
    let mut anna = signed_in(&app, "anna@example.com").await;
    assert!(!anna.get("/developer").await.body.contains("Tally Books"));
    let csrf = anna.form("/logout").remove(0).1;
    for client in [id.as_str(), "books", "nobody"] {
        let path = format!("/developer/clients/{client}");
        for page in ["", "/edit", "/postman-environment.json", "/postman-collection.json"] {
            assert_eq!(
                anna.get(&format!("{path}{page}")).await.status,
                StatusCode::NOT_FOUND,
                "{client}{page}"
            );
        }
        for act in ["edit", "rotate", "remove"] {
            let mut fields = fields_of(act);
            fields.push(("csrf", csrf.clone()));
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = anna.post(&format!("{path}/{act}"), &fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{client}/{act}");
        }
    }
    assert!(known(&app, &id, &secret).await, "nothing was done to it");
    assert!(olga.get(&format!("/developer/clients/{id}")).await.body.contains("Tally Books"));
}

#[tokio::test]
async fn an_act_counts_only_from_a_form_of_this_session() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let (id, secret) = register(&mut olga, &form("Tally Books")).await;
    let mut other = signed_in(&app, "olga@example.com").await;
    other.get("/developer").await;
    let foreign = other.form("/logout").remove(0).1;
    for path in [
        "register".to_owned(),
        format!("clients/{id}/edit"),
        format!("clients/{id}/rotate"),
        format!("clients/{id}/remove"),
    ] {
        for csrf in [None, Some(""), Some(foreign.as_str())] {
            let mut fields = fields_of(path.rsplit('/').next().unwrap());
            fields.extend(csrf.map(|csrf| ("csrf", csrf.to_owned())));
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let status = olga.post(&format!("/developer/{path}"), &fields).await.status;
            assert!(matches!(status, StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST), "{path}: {status}");
        }
    }
    assert!(known(&app, &id, &secret).await);
    let list = olga.get("/developer").await.body;
    assert!(list.contains("Tally Books") && !list.contains("Taken"));
}

#[tokio::test]
async fn a_secret_is_rotated_with_an_overlap_or_at_once() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let (id, first) = register(&mut olga, &form("Tally Books")).await;
    let (path, rotate) = (format!("/developer/clients/{id}"), format!("/developer/clients/{id}/rotate"));
    olga.get(&path).await;
    let answer = olga.submit(&rotate, &[("compromised", "no")]).await;
    let second = shown(&answer, "<div class=\"secret copyable\"><code>");
    assert!(answer.body.contains("24 hours") && second != first);
    assert!(known(&app, &id, &first).await && known(&app, &id, &second).await, "both work");
    let page = olga.get(&path).await.body;
    assert!(page.contains("works until") && !page.contains(&second));
    app.clock.advance(std::time::Duration::from_hours(25));
    assert!(!known(&app, &id, &first).await && known(&app, &id, &second).await);
    let mut olga = signed_in(&app, "olga@example.com").await;
    olga.get(&path).await;
    let answer = olga.submit(&rotate, &[("compromised", "yes")]).await;
    let third = shown(&answer, "<div class=\"secret copyable\"><code>");
    assert!(!known(&app, &id, &second).await && known(&app, &id, &third).await);
}

#[tokio::test]
async fn a_removed_client_is_gone() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let (id, secret) = register(&mut olga, &form("Tally Books")).await;
    let path = format!("/developer/clients/{id}");
    olga.get(&path).await;
    let answer = olga.submit(&format!("{path}/remove"), &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/developer?removed=yes"));
    assert!(olga.get("/developer?removed=yes").await.body.contains("You have none yet"));
    assert_eq!(olga.get(&path).await.status, StatusCode::NOT_FOUND);
    assert!(!known(&app, &id, &secret).await);
}

#[tokio::test]
async fn a_public_client_has_no_secret_to_show_or_rotate() {
    let app = app().await;
    let mut olga = signed_in(&app, "olga@example.com").await;
    let mut fields = form("Tally App");
    fields.iter_mut().find(|(name, _)| *name == "kind").unwrap().1 = "public".to_owned();
    fields.iter_mut().find(|(name, _)| *name == "redirect_uris").unwrap().1 =
        "http://127.0.0.1/cb".to_owned();
    let answer = send(&mut olga, &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(!answer.body.contains("mst_cs_") && answer.body.contains("has no secret"));
    let id = shown(&answer, "<span class=\"copyable\"><code>");
    let page = olga.get(&format!("/developer/clients/{id}")).await;
    assert!(!page.body.contains("/rotate\""));
}

#[tokio::test]
async fn the_set_for_trying_out_names_this_server_and_no_secret() {
    let app = App::with(Wanted { origin: &format!("{ORIGIN}/pleo"), seed: "", rate_limits: true }).await;
    let mut olga = Browser::new(&app);
    olga.get("/login").await;
    let csrf = olga.form("/pleo/login").into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    let fields = [("csrf", csrf.as_str()), ("email", "olga@example.com"), ("password", "correct horse")];
    assert_eq!(olga.post("/login", &fields).await.location(), "/pleo/settings/apps");
    olga.get("/developer/register").await;
    let mut fields = form("Tally Books");
    fields.push(("csrf", olga.form("/pleo/developer/register").remove(0).1));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = olga.post("/developer/register", &fields).await;
    let id = shown(&answer, "<span class=\"copyable\"><code>");
    let secret = shown(&answer, "<div class=\"secret copyable\"><code>");
    let page = olga.get(&format!("/developer/clients/{id}")).await.body;
    assert!(page.contains("https://platform.example/.well-known/oauth-authorization-server/pleo"), "{page}");
    for copied in
        ["curl https://platform.example/pleo/oauth/token", "https://platform.example/pleo/oauth/authorize?"]
    {
        assert!(page.contains(&format!("data-copy=\"{copied}")), "{copied}: {page}");
    }
    let environment = olga.get(&format!("/developer/clients/{id}/postman-environment.json")).await;
    assert_eq!(
        environment.headers["content-disposition"],
        "attachment; filename=\"mainstay.postman_environment.json\""
    );
    assert_eq!(environment.json()["values"][0]["value"], "https://platform.example/pleo");
    let collection = olga.get(&format!("/developer/clients/{id}/postman-collection.json")).await;
    assert_eq!(collection.json()["info"]["name"], "Tally Books");
    for body in [page, environment.body, collection.body] {
        assert!(!body.contains(&secret));
    }
}
