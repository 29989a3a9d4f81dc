use std::sync::atomic::Ordering;

use connect::Role;
use serde_json::json;

use super::app::App;
use super::browser::Browser;

async fn link(app: &App, body: serde_json::Value) -> String {
    let token = app.api_token(Role::Connect).await;
    let answer = app.call(&token, "POST", "/v1/connect-sessions", Some(body)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["url"].as_str().unwrap().to_owned()
}

/// Walks until the companies at Xero are offered.
async fn to_the_choice(browser: &mut Browser<'_>, link: &str) {
    browser.get(link).await;
    let sent = browser.submit(&[]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert!(sent.location().starts_with("https://pleo.example/oauth/authorize?"), "{}", sent.location());
    let back = browser.follow(&Browser::allowed(sent.location())).await;
    assert_eq!(back.status, 200);
    assert!(browser.page.contains("Love &#60;Crème&#62; BV"), "{}", browser.page);
    let policy = back.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' https://xero.example"), "{policy}");
    let sent = browser.submit(&[]).await;
    assert!(
        sent.location().starts_with("https://xero.example/identity/connect/authorize?"),
        "{}",
        sent.location()
    );
    let back = browser.follow(&Browser::allowed(sent.location())).await;
    assert_eq!(back.status, 200);
    assert!(browser.page.contains("Love Crème Books") && browser.page.contains("value=\"x-2\""));
}

#[tokio::test]
async fn a_person_walks_from_the_link_to_the_pair() {
    let app = App::new().await;
    let request =
        json!({ "accounting": "xero", "reference": "r-1", "return_to": "https://app.example/back" });
    let link = link(&app, request).await;
    let mut browser = Browser::new(&app);
    to_the_choice(&mut browser, &link).await;
    let answer = browser.submit(&[("company", "x-9")]).await;
    assert_eq!(answer.status, 422);
    let answer = browser.submit(&[("company", "x-1")]).await;
    let page = answer.location().to_owned();
    browser.get(&page).await;
    assert!(browser.page.contains("Do these two belong together?"));
    let answer = browser.submit(&[("decision", "confirm")]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let done = browser.get(&page).await;
    assert_eq!(done.status, 200);
    assert!(!browser.page.contains("<form"), "a finished page asks nothing");
    assert!(browser.page.contains("href=\"https://app.example/back\""));
    // The link leads this browser to its result, and nobody else anywhere.
    assert_eq!(browser.get(&link).await.location(), page);
    assert_eq!(Browser::new(&app).get(&link).await.status, 410);
    let token = app.api_token(Role::Connect).await;
    let list = app.call(&token, "GET", "/v1/connections?reference=r-1&state=active", None).await.json();
    assert_eq!(list["data"][0]["accounting"]["company"]["id"], "x-1");
    assert_eq!(list["next"], json!(null));
}

#[tokio::test]
async fn a_provider_that_is_away_is_waited_for_at_an_address_that_can_be_asked_again() {
    let app = App::new().await;
    let link = link(&app, json!({ "accounting": "xero" })).await;
    let mut browser = Browser::new(&app);
    browser.get(&link).await;
    let sent = browser.submit(&[]).await;
    browser.follow(&Browser::allowed(sent.location())).await;
    let sent = browser.submit(&[]).await;
    app.xero_is_away.store(true, Ordering::SeqCst);
    let back = browser.get(&Browser::allowed(sent.location())).await;
    let page = back.location().to_owned();
    assert!(page.starts_with("/connect/session/"), "{page}");
    for _ in 0..2 {
        let waiting = browser.get(&page).await;
        assert_eq!(waiting.status, 200, "{}", waiting.body);
        assert!(browser.page.contains("Your sign-in is kept") && browser.page.contains("data-live"));
    }
    app.xero_is_away.store(false, Ordering::SeqCst);
    browser.get(&page).await;
    assert!(browser.page.contains("Which company in Xero?"), "{}", browser.page);
}

#[tokio::test]
async fn another_company_or_account_is_one_button_away_until_the_pair_is_made() {
    let app = App::new().await;
    let link = link(&app, json!({ "accounting": "xero" })).await;
    let mut browser = Browser::new(&app);
    to_the_choice(&mut browser, &link).await;
    // From the choice, and from the pair that is shown.
    for company in [None, Some("x-1")] {
        let mut page = browser.submit(&[("decision", "other_accounting")]).await.location().to_owned();
        if let Some(company) = company {
            browser.get(&page).await;
            let sent = browser.submit(&[]).await;
            browser.follow(&Browser::allowed(sent.location())).await;
            browser.submit(&[("company", company)]).await;
            browser.get(&page).await;
            assert!(browser.page.contains("Do these two belong together?"), "{}", browser.page);
            page = browser.submit(&[("decision", "other_accounting")]).await.location().to_owned();
        }
        browser.get(&page).await;
        assert!(browser.page.contains("Now sign in to Xero"), "{}", browser.page);
        assert!(browser.page.contains("Love &#60;Crème&#62; BV"), "the Pleo end is kept");
        let sent = browser.submit(&[]).await;
        browser.follow(&Browser::allowed(sent.location())).await;
        assert!(browser.page.contains("Which company in Xero?"), "{}", browser.page);
    }
}

#[tokio::test]
async fn looking_changes_nothing_and_another_browser_is_refused() {
    let app = App::new().await;
    let link = link(&app, json!({ "accounting": "xero" })).await;
    let (mut first, mut second) = (Browser::new(&app), Browser::new(&app));
    for browser in [&mut first, &mut second] {
        assert_eq!(browser.get(&link).await.status, 200);
    }
    let sent = first.submit(&[]).await;
    let refused = second.submit(&[]).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(second.get(&Browser::allowed(sent.location())).await.status, 403);
    assert_eq!(first.get("/callback/pleo?code=c&state=forged").await.status, 400);
    assert_eq!(first.get("/callback/pleo").await.status, 400);
    let back = Browser::allowed(sent.location());
    assert_eq!(first.get(&back).await.status, 303);
    let again = first.get(&back).await;
    assert_eq!(again.status, 409);
    assert!(first.page.contains("Go on"), "{}", first.page);
}

#[tokio::test]
async fn forms_from_elsewhere_and_stale_forms_change_nothing() {
    let app = App::new().await;
    let link = link(&app, json!({ "accounting": "xero" })).await;
    let mut browser = Browser::new(&app);
    browser.get(&link).await;
    let path = link.strip_prefix(super::app::ORIGIN).unwrap();
    let answer = browser.post(path, &[("csrf".to_owned(), "wrong".to_owned())]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(browser.post(path, &[]).await.status, 400);
    browser.get(&link).await;
    assert!(browser.page.contains("Start"), "the link still starts");
    to_the_choice(&mut browser, &link).await;
    let choice = browser.page.clone();
    browser.submit(&[("company", "x-1")]).await;
    // An old page's form leads to the present page and does nothing.
    browser.page = choice;
    let stale = browser.submit(&[("company", "x-2")]).await;
    let page = stale.location().to_owned();
    browser.get(&page).await;
    assert!(browser.page.contains("Love Crème Books") && !browser.page.contains("Other"), "{}", browser.page);
}

#[tokio::test]
async fn a_refusal_is_a_page_with_a_way_on() {
    let app = App::new().await;
    let link = link(&app, json!({ "accounting": "xero" })).await;
    let mut browser = Browser::new(&app);
    browser.get(&link).await;
    let sent = browser.submit(&[]).await;
    let denied = Browser::allowed(sent.location()).replace("code=c", "error=access_denied");
    let refused = browser.get(&denied).await;
    assert_eq!(refused.status, 403);
    assert!(browser.page.contains("Access was not allowed"), "{}", browser.page);
    let sent = browser.submit(&[]).await;
    assert_eq!(browser.follow(&Browser::allowed(sent.location())).await.status, 200);
    // And a link that is damaged, or old.
    assert_eq!(browser.get("/connect/mst_ln_nonsense").await.status, 404);
    app.clock.advance(std::time::Duration::from_hours(2));
    assert_eq!(browser.get(&link).await.status, 410);
}

#[tokio::test]
async fn somebody_who_comes_by_themselves_chooses_the_system_first() {
    let app = App::new().await;
    let mut browser = Browser::new(&app);
    let page = browser.get("/connect").await;
    assert_eq!(page.status, 200);
    assert!(
        browser.page.contains("value=\"xero\"") && !browser.page.contains("value=\"sage\""),
        "only what is set up"
    );
    assert_eq!(browser.submit(&[("accounting", "nonsense")]).await.status, 422);
    let answer = browser.submit(&[("accounting", "xero")]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let link = answer.location().to_owned();
    to_the_choice(&mut browser, &link).await;
}

#[tokio::test]
async fn nobody_fills_the_database_without_signing_in() {
    let app = App::new().await;
    let mut browser = Browser::new(&app);
    let mut last = None;
    for _ in 0..61 {
        browser.get("/connect").await;
        last = Some(browser.submit(&[("accounting", "xero")]).await);
    }
    let refused = last.unwrap();
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    app.clock.advance(std::time::Duration::from_secs(wait));
    browser.get("/connect").await;
    assert_eq!(browser.submit(&[("accounting", "xero")]).await.status, 303);
}

#[tokio::test]
async fn a_cancelled_walk_makes_nothing() {
    let app = App::new().await;
    let link = link(&app, json!({ "accounting": "xero", "return_to": "https://app.example/back" })).await;
    let mut browser = Browser::new(&app);
    to_the_choice(&mut browser, &link).await;
    let page = browser.submit(&[("company", "x-1")]).await.location().to_owned();
    browser.get(&page).await;
    browser.submit(&[("decision", "cancel")]).await;
    browser.get(&page).await;
    assert!(browser.page.contains("Nothing was connected") && !browser.page.contains("<form"));
    assert!(browser.page.contains("ask for a new link where you got this one"));
    assert!(browser.page.contains("https://app.example/back"));
    let token = app.api_token(Role::Connect).await;
    assert_eq!(app.call(&token, "GET", "/v1/connections", None).await.json()["data"], json!([]));
}
