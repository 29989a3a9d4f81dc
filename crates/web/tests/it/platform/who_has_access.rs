//! What the pages say of who has access to a company: all of it, and to which company of several.

use authserver::{
    ActiveTokens, Authorisation, AuthorisationState, ClientId, IssuedRefresh, KeyedHash, Store as _,
};
use base::Clock as _;
use base::testing::SeededEntropy;
use http::StatusCode;

use super::admin::{PETRA, SEED, signed_in};
use super::app::{App, CALLBACK, LOVE, LOVE_BV, ORIGIN, Wanted};
use super::browser::Browser;

/// Two companies of one name, a client that many consented to, and a person for whom they are.
const MORE: &str = r#"
[[organisations]]
id = "0198d5c2-0000-7000-8000-000000000003"
name = "Tulip"

[[companies]]
id = "0198d5c2-0000-7000-8000-000000000031"
name = "Tulip BV"
organisation = "Tulip"
country = "NL"
registration_number = "31"
standalone_api_keys = true

[[companies]]
id = "0198d5c2-0000-7000-8000-000000000032"
name = "Tulip BV"
organisation = "Tulip"
country = "BE"
registration_number = "32"
standalone_api_keys = true

[[users]]
email = "tom@example.com"
password = "correct horse"
name = "Tom"
roles = [
    { company = "0198d5c2-0000-7000-8000-000000000031", role = "admin" },
    { company = "0198d5c2-0000-7000-8000-000000000032", role = "admin" },
]

[[clients]]
client_id = "crowd"
client_secret = "a third secret of 30 characters"
name = "Crowd"
redirect_uris = ["https://crowd.example/callback"]
scopes = ["companies:read"]
"#;

const FIRST: &str = "0198d5c2-0000-7000-8000-000000000031";
const SECOND: &str = "0198d5c2-0000-7000-8000-000000000032";
/// What tells the second from the first.
const APART: &str = "Belgium · No. 32";

async fn app() -> App {
    App::with(Wanted { origin: ORIGIN, seed: &format!("{SEED}\n{MORE}"), rate_limits: true }).await
}

/// Consents of "Crowd" to Love Crème BV, all older than any that a test walks through.
async fn crowd(app: &App, number: u32) {
    let now = app.clock.now();
    let hash = KeyedHash::make(&seal::testing::keys(&SeededEntropy::new(1)), "test", b"row", b"refresh");
    let expires_at = now + std::time::Duration::from_hours(24);
    let authorisation = |number: u32| Authorisation {
        id: format!("aut_00000000-0000-7000-8000-{number:012}").parse().unwrap(),
        client_id: ClientId::from("crowd"),
        subject: format!("urn:pleo:company:{LOVE_BV}"),
        granted_by: "u1".to_owned(),
        scope: "companies:read".parse().unwrap(),
        created_at: now,
        last_used_at: None,
        state: AuthorisationState::Active(Box::new(ActiveTokens {
            generation: 1,
            issued_at: now,
            access: None,
            refresh: Some(IssuedRefresh { generation: 1, hash: hash.clone(), issued_at: now, expires_at }),
            absolute_expires_at: None,
            predecessor: None,
        })),
    };
    let all = (1..=number).map(authorisation).collect();
    app.database.insert_active_authorisations(all, vec![]).await.unwrap();
}

#[tokio::test]
async fn access_is_listed_however_many_consents_lie_before_it() {
    let app = app().await;
    crowd(&app, 1_005).await;
    app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    let page = signed_in(&app, "anna@example.com").await.get("/settings/apps").await.body;
    assert!(page.contains("<h2>Example Books</h2>"), "{page}");
    assert_eq!(page.matches("<h2>Crowd</h2>").count(), 1, "once, for all of its consents");
    let page = signed_in(&app, PETRA).await.get(&format!("/admin/companies/{LOVE_BV}")).await.body;
    assert!(page.contains(">Example Books</a>") && page.contains("2 applications have access"), "{page}");
}

/// "People HR" gets access to all of Love, by Anna.
async fn connect_organisation(app: &App) {
    let (path, verifier) = app.authorization("people", "companies:read users:read");
    let mut anna = signed_in(app, "anna@example.com").await;
    anna.get(&path).await;
    let answer = anna.submit("/oauth/authorize", &[("company", LOVE), ("decision", "allow")]).await;
    let code = answer.redirected("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier.secret().expose()),
    ];
    let client = ("people", "another secret of 30 characters");
    assert_eq!(app.form("/oauth/token", Some(client), &fields).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_was_given_for_the_organisation_is_shown_to_who_decides_about_a_part_of_it() {
    let app = app().await;
    connect_organisation(&app).await;
    let mut ben = signed_in(&app, "ben@example.com").await;
    let page = ben.get("/settings/apps").await.body;
    assert!(page.contains("<h2>People HR</h2>") && page.contains("Given for the whole organisation, Love"));
    assert!(!page.contains("name=\"client_id\""), "nothing here is Ben's to withdraw: {page}");
    let csrf = ben.form("/logout").remove(0).1;
    let fields = [("csrf", csrf.as_str()), ("client_id", "people"), ("company", LOVE)];
    assert_eq!(ben.post("/settings/apps", &fields).await.status, StatusCode::FORBIDDEN);
    for stranger in ["emil@example.com", "olga@example.com"] {
        let page = signed_in(&app, stranger).await.get("/settings/apps").await.body;
        assert!(!page.contains("People HR"), "{stranger}");
    }
    let page = signed_in(&app, "anna@example.com").await.get("/settings/apps").await.body;
    assert!(
        page.contains("name=\"client_id\" value=\"people\"") && !page.contains("Only an admin"),
        "{page}"
    );
    let page = signed_in(&app, PETRA).await.get(&format!("/admin/companies/{LOVE_BV}")).await.body;
    assert!(page.contains(">People HR</a>") && page.contains("for the whole organisation"), "{page}");
}

#[tokio::test]
async fn an_api_key_without_an_application_is_access_too() {
    let app = app().await;
    let apps = async |email: &str| signed_in(&app, email).await.get("/settings/apps").await.body;
    let company = async || {
        let path = format!("/admin/companies/{LOVE_BV}");
        signed_in(&app, PETRA).await.get(&path).await.body
    };
    let page = apps("anna@example.com").await;
    assert!(page.contains("1 API key works") && page.contains("href=\"/settings/api-keys\">API keys"));
    assert!(!page.contains("Nothing has access"), "{page}");
    let page = company().await;
    assert!(page.contains("1 API key of its own") && page.contains("1 API key works"), "{page}");
    assert!(!page.contains(">Nothing.<"), "{page}");

    let mut anna = signed_in(&app, "anna@example.com").await;
    anna.get("/settings/api-keys").await;
    let fields = [("name", "All"), ("access_level", "organisation"), ("scopes", "companies:read")];
    anna.submit("/settings/api-keys", &fields).await;
    assert!(apps("anna@example.com").await.contains("2 API keys work"));
    let page = apps("ben@example.com").await;
    assert!(
        page.contains("1 API key works") && page.contains("1 API key for a whole organisation"),
        "{page}"
    );
    assert!(company().await.contains("1 API key for the whole organisation"));

    for _ in 0..2 {
        anna.get("/settings/api-keys").await;
        anna.submit("/settings/api-keys/revoke", &[]).await;
    }
    assert!(apps("anna@example.com").await.contains("Nothing has access"));
    assert!(company().await.contains(">Nothing.<"));
}

#[tokio::test]
async fn companies_of_one_name_are_told_apart_wherever_they_stand() {
    let app = app().await;
    let mut tom = signed_in(&app, "tom@example.com").await;
    for path in ["/settings/accounting", "/settings/api-keys"] {
        let page = tom.get(path).await.body;
        assert!(page.contains("Netherlands · No. 31") && page.contains(APART), "{path}: {page}");
    }
    let page = tom.get(&format!("/settings/api-keys?company={SECOND}")).await.body;
    assert_eq!(page.matches(APART).count(), 4, "its button, two headings and the level of access: {page}");
    tom.get("/settings/accounting").await;
    let page = tom.submit("/settings/accounting", &[("company", SECOND)]).await.body;
    assert!(page.contains(&format!("Tulip BV ({APART})")), "{page}");
    assert!(tom.get("/settings/apps").await.body.contains(APART));
    let page = tom.get("/settings/accounting").await.body;
    assert!(page.contains(&format!("Already connected:</strong> Tulip BV ({APART}).")), "{page}");
}

#[tokio::test]
async fn after_a_key_one_is_at_the_same_company_again() {
    let app = app().await;
    let mut tom = signed_in(&app, "tom@example.com").await;
    let path = format!("/settings/api-keys?company={SECOND}");
    tom.get(&path).await;
    let page = tom.submit("/settings/api-keys", &[("name", "Payroll"), ("scopes", "users:read")]).await.body;
    assert!(page.contains(&format!("href=\"{path}\"")), "{page}");
    tom.get(&path).await;
    let answer = tom.submit("/settings/api-keys/revoke", &[]).await;
    assert_eq!(answer.location(), format!("/settings/api-keys?revoked=yes&company={SECOND}"));
    let location = answer.location().to_owned();
    let page = tom.get(&location).await.body;
    assert!(page.contains(&format!("company={SECOND}\" aria-current=\"page\"")), "{page}");
    assert!(page.contains(&format!("company={FIRST}\">")), "{page}");
}

#[tokio::test]
async fn consent_for_an_organisation_says_which_companies_that_is() {
    let app = app().await;
    let (path, _) = app.authorization("people", "companies:read users:read");
    let mut anna = signed_in(&app, "anna@example.com").await;
    let page = anna.get(&path).await.body;
    for text in [
        "All of its 2 companies",
        "The companies of Love</summary>",
        "Love Crème BV (Netherlands · No. 12345678)",
        "Love Crème GmbH (Germany)",
        "registration number of each company",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (path, _) = app.authorization("books", "companies:read");
    let page = anna.get(&path).await.body;
    assert!(page.contains("Netherlands · No. 12345678") && !page.contains("each company"), "{page}");
    assert!(!page.contains("<details"), "{page}");
}

#[tokio::test]
async fn who_cannot_consent_is_not_asked_to_and_a_missing_choice_is_told_beside_the_field() {
    let app = app().await;
    let (path, _) = app.authorization("books", "companies:read");
    let mut emil = Browser::new(&app);
    emil.sign_in("emil@example.com").await;
    let page = emil.get(&path).await.body;
    assert!(page.contains("Ask one of them to connect Example Books."), "{page}");
    assert!(!page.contains("allow or deny"), "{page}");
    let mut anna = signed_in(&app, "anna@example.com").await;
    assert!(anna.get(&path).await.body.contains("allow or deny"));
    let answer = anna.submit("/oauth/authorize", &[("decision", "allow")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, field) = answer.body.split_once("<legend>Company</legend>").unwrap();
    assert!(field.trim_start().starts_with("<div class=\"wrong\">"), "{}", answer.body);
}
