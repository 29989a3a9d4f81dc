use http::StatusCode;

use super::super::app::{App, BOOKS, LOVE_BV, LOVE_GMBH, Tokens};
use super::{PETRA, app, done, signed_in};

/// Whether a resource and introspection take an access token.
async fn works(app: &App, access: &str) -> (bool, bool) {
    let resource = app.call("GET", "/v1/introspect", access, None).await.status == StatusCode::OK;
    let answer = app.form("/oauth/token/introspect", Some(BOOKS), &[("token", access)]).await;
    (resource, answer.json()["active"] == true)
}

#[tokio::test]
async fn suspension_stops_a_company_everywhere_at_once_and_resuming_brings_back_what_was_not_revoked() {
    let app = app().await;
    let kept = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let revoked = app.connect("anna@example.com", LOVE_BV, "users:read").await;
    let neighbour = app.connect("anna@example.com", LOVE_GMBH, "companies:read").await;
    let key = app.seeded.api_keys[0].key.expose().clone();
    let by_key = async || app.call_with_key("GET", "/v2/employees", &key, None).await.status;
    assert_eq!(by_key().await, StatusCode::OK);

    let mut petra = signed_in(&app, PETRA).await;
    let path = format!("/admin/companies/{LOVE_BV}");
    let page = petra.get(&path).await.body;
    for text in ["Netherlands · No. 12345678 · Love", "Example Books", "emil@example.com", "One application"]
    {
        assert!(page.contains(text), "{text}");
    }
    let page = done(&mut petra, &path, &format!("{path}/suspend"), &[]).await;
    assert!(page.contains("refused from now on"));

    for tokens in [&kept, &revoked] {
        assert_eq!(works(&app, &tokens.access).await, (false, false));
        let answer = app.refresh(&tokens.refresh).await;
        assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (400, Some("invalid_grant")));
    }
    assert_eq!(by_key().await, StatusCode::UNAUTHORIZED);
    assert_eq!(works(&app, &neighbour.access).await, (true, true), "the neighbour does not notice");
    let mut anna = signed_in(&app, "anna@example.com").await;
    assert!(anna.get("/settings/account").await.body.contains("The company is suspended"));
    let (request, _) = app.authorization("books", "companies:read");
    let consent = anna.get(&request).await;
    assert!(!consent.body.contains("Love Crème BV") && consent.body.contains("Love Crème GmbH"));
    // A refusal for the suspension ends nothing; what is revoked meanwhile stays revoked.
    app.form("/oauth/revoke", Some(BOOKS), &[("token", &revoked.refresh)]).await;

    let page = done(&mut petra, &path, &format!("{path}/resume"), &[]).await;
    assert!(page.contains("works again"));
    assert_eq!(works(&app, &kept.access).await, (true, true));
    let Tokens { access, .. } = app.refresh(&kept.refresh).await.tokens();
    assert_eq!(works(&app, &access).await, (true, true));
    assert_eq!(works(&app, &revoked.access).await, (false, false));
    assert_eq!(app.refresh(&revoked.refresh).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(by_key().await, StatusCode::OK);
    let audit = petra.get(&format!("/admin/audit?company={LOVE_BV}")).await.body;
    assert!(audit.contains("subject.suspended") && audit.contains("subject.resumed"));
}

#[tokio::test]
async fn companies_are_found_by_name_number_organisation_and_id() {
    let app = app().await;
    let mut petra = signed_in(&app, PETRA).await;
    for (text, found) in [
        ("", vec!["Love Crème BV", "Love Crème GmbH", "Other AS"]),
        ("gmbh", vec!["Love Crème GmbH"]),
        ("1234567", vec!["Love Crème BV"]),
        ("Other", vec!["Other AS"]),
        (LOVE_GMBH, vec!["Love Crème GmbH"]),
        ("%25", vec![]),
        ("nobody", vec![]),
    ] {
        let page = petra.get(&format!("/admin/companies?text={text}")).await.body;
        for name in ["Love Crème BV", "Love Crème GmbH", "Other AS"] {
            assert_eq!(page.contains(&format!(">{name}</a>")), found.contains(&name), "{name} by {text:?}");
        }
    }
}

#[tokio::test]
async fn the_overview_leads_to_those_that_are_suspended_or_disabled() {
    let app = app().await;
    let by = platform::By::command_line();
    app.platform.suspend_company(&by, LOVE_GMBH.parse().unwrap()).await.unwrap();
    app.platform.disable_user(&by, "ben@example.com").await.unwrap();
    let mut petra = signed_in(&app, PETRA).await;
    let overview = petra.get("/admin").await.body;
    for (label, path, found, others) in [
        (
            "Suspended companies",
            "/admin/companies?state=suspended",
            "Love Crème GmbH",
            ["Love Crème BV", "Other AS"],
        ),
        ("Disabled users", "/admin/users?state=disabled", "Ben Bakker", ["Anna de Vries", "Petra Holm</a>"]),
    ] {
        let link =
            format!("<a class=\"count\" href=\"{path}\"><span class=\"number\">1</span><span>{label}</span>");
        assert!(overview.contains(&link), "{link} is not on {overview}");
        let list = petra.get(path).await.body;
        assert!(list.contains(found) && list.contains(" selected>"), "{list}");
        for other in others {
            assert!(!list.contains(other), "{other} is on {path}");
        }
        let none = petra.get(&format!("{path}&text=nobody")).await.body;
        assert!(none.contains("Nothing fits this filter"), "{none}");
    }
}

#[tokio::test]
async fn a_company_that_is_not_there_is_not_suspended() {
    let app = app().await;
    let mut petra = signed_in(&app, PETRA).await;
    petra.get("/admin").await;
    let csrf = petra.form("/logout").remove(0).1;
    for act in ["suspend", "resume"] {
        let path = format!("/admin/companies/0198d5c2-0000-7000-8000-00000000ffff/{act}");
        assert_eq!(petra.post(&path, &[("csrf", &csrf)]).await.status, StatusCode::NOT_FOUND);
    }
}
