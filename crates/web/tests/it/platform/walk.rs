use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::app::{App, BOOKS, CALLBACK, LOVE_BV, LOVE_GMBH, ORIGIN};
use super::browser::Browser;

/// Sign-in, consent, code, tokens, refresh, introspection, a call, withdrawal, refusal: in one walk.
#[tokio::test]
async fn from_sign_in_to_withdrawal() {
    let app = App::new().await;
    let mut browser = Browser::new(&app);
    let (path, verifier) = app.authorization("books", "companies:read export-jobs:write");

    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Example Books"), "the sign-in says what waits behind it");
    let wrong = browser.submit("/login", &[("email", "anna@example.com"), ("password", "wrong horse")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("Example Books"), "and says so still after a wrong password");
    let answer =
        browser.submit("/login", &[("email", "anna@example.com"), ("password", "correct horse")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), path);

    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "Example Books",
        "Love Crème BV",
        "12345678",
        "Germany",
        "https://books.example",
        "Anna de Vries",
        "anna@example.com",
    ] {
        assert!(page.body.contains(text), "{text} is not on the consent page");
    }
    assert!(!page.body.contains("Other AS"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' https://books.example"), "{policy}");

    let answer = browser.submit("/oauth/authorize", &[("company", LOVE_BV), ("decision", "allow")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location().starts_with(CALLBACK));
    assert_eq!(answer.redirected("state").as_deref(), Some("st-4/ü"));
    assert_eq!(answer.redirected("iss").as_deref(), Some(ORIGIN));
    let urn = format!("urn:pleo:company:{LOVE_BV}");
    assert_eq!(answer.redirected("urn_pleo_params_oauth_subject").as_deref(), Some(urn.as_str()));

    let answer = app.exchange(&answer.redirected("code").unwrap(), &verifier).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.json()["token_type"], "Bearer");
    assert_eq!(answer.json()["expires_in"], 900);
    assert_eq!(answer.json()["scope"], "companies:read export-jobs:write");
    let first = answer.tokens();

    let me = app.call("GET", "/v1/introspect", &first.access, None).await;
    assert_eq!(
        me.json(),
        json!({ "data": {
            "authMethod": "OAUTH2", "clientId": "books", "applicationName": "Example Books",
            "scope": "companies:read export-jobs:write", "subjectURN": urn,
        }})
    );
    let installation = app.call("GET", "/v1/installations/me", &first.access, None).await.json();
    assert_eq!(installation["data"]["status"], "ACTIVATED");
    assert_eq!(installation["data"]["resource"], urn);

    app.clock.advance(Duration::from_mins(14));
    let answer = app.refresh(&first.refresh).await;
    assert_eq!(answer.status, StatusCode::OK);
    let second = answer.tokens();
    assert_eq!(app.call("GET", "/v1/introspect", &first.access, None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.call("GET", "/v1/companies", &second.access, None).await.status, StatusCode::OK);

    let introspected =
        app.form("/oauth/token/introspect", Some(BOOKS), &[("token", &second.refresh)]).await.json();
    assert_eq!(introspected["active"], true);
    assert_eq!(introspected["urn:pleo:params:oauth:subject_urn"], urn.as_str());

    let page = browser.get("/settings/apps").await;
    assert!(page.body.contains("Example Books") && page.body.contains("Love Crème BV"));
    let answer = browser.submit("/settings/apps", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(!browser.get("/settings/apps").await.body.contains("Example Books"));
    let refused = app.call("GET", "/v1/companies", &second.access, None).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.headers["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    let refused = app.refresh(&second.refresh).await;
    assert_eq!(
        (refused.status, refused.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
    let dead = app.form("/oauth/token/introspect", Some(BOOKS), &[("token", &second.refresh)]).await.json();
    assert_eq!(dead, json!({ "active": false }));
}

#[tokio::test]
async fn a_second_consent_leaves_the_first_and_the_other_company_alone() {
    let app = App::new().await;
    let one = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let two = app.connect("ben@example.com", LOVE_BV, "companies:read").await;
    let other = app.connect("anna@example.com", LOVE_GMBH, "companies:read").await;
    for tokens in [&one, &two, &other] {
        assert_eq!(app.call("GET", "/v1/introspect", &tokens.access, None).await.status, StatusCode::OK);
    }
    assert_eq!(
        app.call("DELETE", "/v1/installations/me", &one.access, None).await.status,
        StatusCode::NO_CONTENT
    );
    for tokens in [&one, &two] {
        assert_eq!(
            app.call("GET", "/v1/installations/me", &tokens.access, None).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(app.refresh(&tokens.refresh).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(app.call("GET", "/v1/installations/me", &other.access, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_who_denies_shares_nothing() {
    let app = App::new().await;
    let mut browser = Browser::new(&app);
    browser.sign_in("anna@example.com").await;
    let (path, _) = app.authorization("books", "companies:read");
    browser.get(&path).await;
    let answer = browser.submit("/oauth/authorize", &[("company", LOVE_BV), ("decision", "deny")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.redirected("state").as_deref(), Some("st-4/ü"));
    assert_eq!(answer.redirected("iss").as_deref(), Some(ORIGIN));
    assert_eq!(answer.redirected("code"), None);
    assert!(!browser.get("/settings/apps").await.body.contains("Example Books"));
}

#[tokio::test]
async fn a_disabled_user_and_a_suspended_company_take_the_tokens_with_them() {
    let app = App::new().await;
    let by = platform::By::command_line();
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let company = LOVE_BV.parse().unwrap();
    app.platform.suspend_company(&by, company).await.unwrap();
    assert_eq!(
        app.call("GET", "/v1/introspect", &tokens.access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_ne!(app.refresh(&tokens.refresh).await.status, StatusCode::OK);
    app.platform.resume_company(&by, company).await.unwrap();
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    assert_eq!(app.call("GET", "/v1/introspect", &tokens.access, None).await.status, StatusCode::OK);
    app.platform.disable_user(&by, "anna@example.com").await.unwrap();
    assert_eq!(
        app.call("GET", "/v1/introspect", &tokens.access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    app.platform.enable_user(&by, "anna@example.com").await.unwrap();
    assert_eq!(
        app.call("GET", "/v1/introspect", &tokens.access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_client_that_is_no_longer_approved_has_no_rights() {
    use authserver::ClientState;
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let server = app.platform.authorization_server();
    let (id, actor, origin) = ("books".into(), audit::Actor::CommandLine, audit::Origin::default());
    server.set_client_state(&id, ClientState::Suspended, actor.clone(), &origin).await.unwrap();
    assert_eq!(
        app.call("GET", "/v1/introspect", &tokens.access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    server.set_client_state(&id, ClientState::Approved, actor, &origin).await.unwrap();
    assert_eq!(app.call("GET", "/v1/introspect", &tokens.access, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_a_half_done_disabling_has_left_does_not_come_back() {
    let app = App::new().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "users:read").await;
    let anna = app.platform.identity().account_by_email("anna@example.com").await.unwrap().unwrap();
    let by = platform::By::command_line();
    // Whether it is taken or refused, who was never disabled loses nothing by it.
    let _taken_or_refused = app.platform.enable_user(&by, "anna@example.com").await;
    assert_eq!(app.call("GET", "/v1/introspect", &tokens.access, None).await.status, StatusCode::OK);
    // A process that died after the first of two writes has done no more than this.
    app.platform.identity().disable(anna.id, Vec::new()).await.unwrap();
    app.platform.enable_user(&by, "anna@example.com").await.unwrap();
    assert_eq!(
        app.call("GET", "/v1/introspect", &tokens.access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn an_organisation_is_consented_to_by_who_decides_for_all_of_it() {
    let app = App::new().await;
    let (path, verifier) = app.authorization("people", "companies:read users:read");
    let mut browser = Browser::new(&app);
    browser.sign_in("ben@example.com").await;
    assert_eq!(
        browser.get(&path).await.status,
        StatusCode::FORBIDDEN,
        "Ben is only an employee of one of the companies"
    );
    let by = platform::By::command_line();
    let elsewhere = super::app::LOVE_GMBH.parse().unwrap();
    app.platform.suspend_company(&by, elsewhere).await.unwrap();
    assert_eq!(
        browser.get(&path).await.status,
        StatusCode::FORBIDDEN,
        "what is given for the organisation reaches the suspended company once it is resumed"
    );
    app.platform.resume_company(&by, elsewhere).await.unwrap();
    let mut browser = Browser::new(&app);
    browser.sign_in("anna@example.com").await;
    browser.get(&path).await;
    let answer =
        browser.submit("/oauth/authorize", &[("company", super::app::LOVE), ("decision", "allow")]).await;
    let subject = answer.redirected("urn_pleo_params_oauth_subject").unwrap();
    assert_eq!(subject, format!("urn:pleo:organisation:{}", super::app::LOVE));
    let answer = app
        .form(
            "/oauth/token",
            Some(("people", "another secret of 30 characters")),
            &[
                ("grant_type", "authorization_code"),
                ("code", &answer.redirected("code").unwrap()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", verifier.secret().expose()),
            ],
        )
        .await;
    let tokens = answer.tokens();
    assert_eq!(app.call("GET", "/v1/companies", &tokens.access, None).await.json()["pagination"]["total"], 2);
    assert_eq!(app.call("GET", "/v2/employees", &tokens.access, None).await.json()["pagination"]["total"], 5);
    let installation = app.call("GET", "/v1/installations/me", &tokens.access, None).await.json();
    assert_eq!(installation["data"]["status"], "AUTHORIZED", "this client asks for set-up");
    let activated = app.call("POST", "/v1/installations/me:activate", &tokens.access, None).await.json();
    assert_eq!(activated["data"]["status"], "ACTIVATED");
    browser.get("/settings/apps").await;
    assert_eq!(browser.submit("/settings/apps", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.call("GET", "/v1/companies", &tokens.access, None).await.status, StatusCode::UNAUTHORIZED);
}

/// The file still holds a secret that others have come to know. It does not become good again by being read again.
#[tokio::test]
async fn seeding_again_does_not_bring_back_a_compromised_secret() {
    let app = App::new().await;
    let server = app.platform.authorization_server();
    let (books, actor) = (authserver::ClientId::new("books"), audit::Actor::CommandLine);
    let now = std::time::Duration::ZERO;
    server.rotate_client_secret(&books, true, now, actor, &audit::Origin::default()).await.unwrap();
    let refused = |answer: super::app::Answer| answer.json()["error"] == "invalid_client";
    assert!(refused(app.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).await));
    let again = app.seed_again().await;
    assert_eq!(again.secrets_left_alone, ["books"]);
    assert!(refused(app.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).await));
}

#[tokio::test]
async fn seeding_twice_changes_nothing() {
    let app = App::new().await;
    assert_eq!(app.seeded.api_keys.len(), 1);
    assert_eq!(app.seeded.client_secrets.len(), 1, "the unreviewed client has no secret in the file");
    let tokens = app.connect("anna@example.com", LOVE_BV, "users:read").await;
    let before = app.call("GET", "/v2/employees", &tokens.access, None).await.json();
    let again = app.seed_again().await;
    assert!(again.api_keys.is_empty() && again.client_secrets.is_empty());
    assert!(again.secrets_left_alone.is_empty(), "the clients have the secrets of the file");
    assert_eq!(app.call("GET", "/v2/employees", &tokens.access, None).await.json(), before);
}
