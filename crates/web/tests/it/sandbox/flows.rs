use http::StatusCode;
use sandbox::StandinKind;
use serde_json::{Value, json};

use super::world::{Answer, Browser, MINUTE, REDIRECT, World, form};

const SYSTEMS_WITH_TOKENS: [StandinKind; 7] = [
    StandinKind::Xero,
    StandinKind::QuickBooks,
    StandinKind::BusinessCentral,
    StandinKind::Fortnox,
    StandinKind::Sage,
    StandinKind::ExactOnline,
    StandinKind::Visma,
];

fn query(kind: StandinKind) -> String {
    let scope = match kind {
        StandinKind::Xero => "offline_access accounting.transactions",
        StandinKind::QuickBooks => "com.intuit.quickbooks.accounting",
        StandinKind::BusinessCentral => "https://api.businesscentral.dynamics.com/.default offline_access",
        StandinKind::Fortnox => "companyinformation bookkeeping",
        StandinKind::Sage => "full_access",
        StandinKind::Visma => "ea:api offline_access ea:accounting",
        StandinKind::ExactOnline | StandinKind::EConomic => "",
    };
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", REDIRECT),
        ("state", "s+t/a t&e"),
    ];
    if !scope.is_empty() {
        fields.push(("scope", scope));
    }
    if kind == StandinKind::Fortnox {
        fields.push(("access_type", "offline"));
    }
    form(&fields)
}

/// Whether one company is picked at consent.
fn picks(kind: StandinKind) -> bool {
    matches!(kind, StandinKind::QuickBooks | StandinKind::Fortnox | StandinKind::Visma)
}

/// The tokens of a consent of anna, with the redirect's other parameters.
async fn tokens(
    world: &World,
    kind: StandinKind,
    company: &str,
) -> (Value, std::collections::BTreeMap<String, String>) {
    let parameters =
        world.consent(kind, &query(kind), "anna@example.com", picks(kind).then_some(company), "allow").await;
    assert_eq!(parameters["state"], "s+t/a t&e", "{kind}");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", parameters["code"].as_str()),
        ("redirect_uri", REDIRECT),
    ];
    let answer = world.token(kind, &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{kind}: {}", answer.text);
    (answer.json(), parameters)
}

async fn refresh(world: &World, kind: StandinKind, refresh_token: &str) -> Answer {
    world.token(kind, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// How each system is told its company, where its books are and what a balanced entry looks like there.
fn booking(kind: StandinKind, company: &str) -> (String, Vec<(&'static str, String)>, Value) {
    let central = format!(
        "/v2.0/7b1c51d4-2f52-4d4e-9c0f-5b0a3f6f7a10/Production/api/v2.0/companies({company})/journals"
    );
    let (path, header, entry) = match kind {
        StandinKind::Xero => (
            "/api.xro/2.0/ManualJournals".to_owned(),
            Some("Xero-Tenant-Id"),
            json!({"Narration": "Lunch", "JournalLines": [{"LineAmount": 12.5, "AccountCode": "400"}, {"LineAmount": -12.5, "AccountCode": "800"}]}),
        ),
        StandinKind::Fortnox => (
            "/3/vouchers".to_owned(),
            None,
            json!({"Voucher": {"Description": "Lunch", "VoucherRows": [{"Account": 5800, "Debit": 12.5}, {"Account": 2440, "Credit": 12.5}]}}),
        ),
        StandinKind::QuickBooks => {
            let line = |side| json!({"Amount": 12.5, "JournalEntryLineDetail": {"PostingType": side}});
            (
                format!("/v3/company/{company}/journalentry"),
                None,
                json!({"Line": [line("Debit"), line("Credit")]}),
            )
        }
        StandinKind::BusinessCentral => {
            (central, None, json!({"journalLines": [{"amount": 12.5}, {"amount": -12.5}]}))
        }
        StandinKind::Sage => (
            "/v3.1/journals".to_owned(),
            Some("X-Business"),
            json!({"journal": {"journal_lines": [{"debit": 12.5}, {"credit": 12.5}]}}),
        ),
        StandinKind::ExactOnline => (
            format!("/api/v1/{company}/generaljournalentry/GeneralJournalEntries"),
            None,
            json!({"GeneralJournalEntryLines": [{"AmountFC": 12.5}, {"AmountFC": -12.5}]}),
        ),
        StandinKind::Visma => (
            "/v2/vouchers".to_owned(),
            None,
            json!({"Rows": [{"DebitAmount": 12.5, "CreditAmount": 0}, {"DebitAmount": 0, "CreditAmount": 12.5}]}),
        ),
        StandinKind::EConomic => (
            "/journals/1/vouchers".to_owned(),
            None,
            json!({"entries": {"financeVouchers": [{"amount": 12.5}, {"amount": -12.5}]}}),
        ),
    };
    (format!("/{kind}{path}"), header.map(|name| (name, company.to_owned())).into_iter().collect(), entry)
}

async fn booked_in(world: &World, kind: StandinKind, company: &str) -> usize {
    let answer = world.switch("GET", &format!("/{kind}/sandbox/booked?company={company}"), None).await;
    answer.json()["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn each_system_books_into_the_company_that_was_meant_and_into_no_other() {
    let world = World::new().await;
    for kind in SYSTEMS_WITH_TOKENS {
        let (tokens, _) = tokens(&world, kind, "102").await;
        let access_token = text(&tokens["access_token"]);
        let (path, headers, entry) = booking(kind, "102");
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = world.api("POST", &path, access_token, &headers, Some(entry.clone())).await;
        assert!(answer.status.is_success(), "{kind}: {} {}", answer.status, answer.text);
        assert_eq!(booked_in(&world, kind, "102").await, 1, "{kind}");
        assert_eq!(booked_in(&world, kind, "101").await, 0, "{kind}");
        let listed = world.api("GET", &path, access_token, &headers, None).await;
        assert_eq!(listed.status, StatusCode::OK, "{kind}");
        // A company of somebody else: named where it can be named, refused there.
        let (foreign, headers, _) = booking(kind, "103");
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = world.api("POST", &foreign, access_token, &headers, Some(entry)).await;
        if !matches!(kind, StandinKind::Fortnox | StandinKind::Visma) {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{kind}: {}", answer.text);
        }
        assert_eq!(booked_in(&world, kind, "103").await, 0, "{kind}");
        let unbalanced = json!({"JournalLines": [{"LineAmount": 1}, {"LineAmount": 1}]});
        let (path, headers, _) = booking(kind, "102");
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            world.api("POST", &path, access_token, &headers, Some(unbalanced)).await.status,
            StatusCode::BAD_REQUEST,
            "{kind}"
        );
        assert_eq!(
            world.api("GET", &path, "nonsense", &headers, None).await.status,
            StatusCode::UNAUTHORIZED,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn xero_lists_every_company_of_the_person_and_wants_its_header() {
    let world = World::new().await;
    let (tokens, _) = tokens(&world, StandinKind::Xero, "").await;
    assert_eq!(tokens["expires_in"], 1800);
    let access_token = text(&tokens["access_token"]);
    let list = world.api("GET", "/xero/connections", access_token, &[], None).await.json();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|row| text(&row["tenantName"])).collect();
    assert_eq!(names, ["Alfa AB", "Beta AB"]);
    let organisation = "/xero/api.xro/2.0/Organisation";
    assert_eq!(world.api("GET", organisation, access_token, &[], None).await.status, StatusCode::FORBIDDEN);
    let answer =
        world.api("GET", organisation, access_token, &[("Xero-Tenant-Id", "101")], None).await.json();
    assert_eq!(answer["Organisations"][0]["Name"], "Alfa AB");
    // One tenant dropped: the other goes on. Both dropped: the refresh is over too.
    for (index, row) in list.as_array().unwrap().iter().enumerate() {
        let path = format!("/xero/connections/{}", text(&row["id"]));
        let answer = world.api("DELETE", &path, access_token, &[], None).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
        let expected = if index == 0 { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(world.api("GET", "/xero/connections", access_token, &[], None).await.status, expected);
    }
    let answer = refresh(&world, StandinKind::Xero, text(&tokens["refresh_token"])).await;
    assert_eq!((answer.status, text(&answer.json()["error"])), (StatusCode::BAD_REQUEST, "invalid_grant"));
}

#[tokio::test]
async fn xero_takes_the_old_refresh_token_for_thirty_minutes_more() {
    let world = World::new().await;
    let (tokens, _) = tokens(&world, StandinKind::Xero, "").await;
    let old = text(&tokens["refresh_token"]);
    assert_eq!(refresh(&world, StandinKind::Xero, old).await.status, StatusCode::OK);
    world.clock.advance(29 * MINUTE);
    let again = refresh(&world, StandinKind::Xero, old).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    let newest = text(&again.json()["refresh_token"]).to_owned();
    world.clock.advance(2 * MINUTE);
    assert_eq!(text(&refresh(&world, StandinKind::Xero, old).await.json()["error"]), "invalid_grant");
    assert_eq!(refresh(&world, StandinKind::Xero, &newest).await.status, StatusCode::OK);
}

#[tokio::test]
async fn fortnox_refresh_tokens_are_single_use_and_only_for_offline_access() {
    let world = World::new().await;
    let kind = StandinKind::Fortnox;
    let (tokens, _) = tokens(&world, kind, "102").await;
    assert!(!text(&tokens["scope"]).contains("offline"));
    let old = text(&tokens["refresh_token"]);
    let new = refresh(&world, kind, old).await.json();
    assert_eq!(text(&refresh(&world, kind, old).await.json()["error"]), "invalid_grant");
    let answer =
        world.api("GET", "/fortnox/3/companyinformation", text(&new["access_token"]), &[], None).await.json();
    assert_eq!(answer["CompanyInformation"]["DatabaseNumber"], 102);
    assert_eq!(answer["CompanyInformation"]["CompanyName"], "Beta AB");
    assert_eq!(
        refresh(&world, kind, text(&new["refresh_token"])).await.status,
        StatusCode::OK,
        "a replay ends nothing"
    );

    let online = query(kind).replace("access_type=offline", "access_type=online") + "%20offline";
    let parameters = world.consent(kind, &online, "anna@example.com", Some("101"), "allow").await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", parameters["code"].as_str()),
        ("redirect_uri", REDIRECT),
    ];
    assert!(world.token(kind, &fields).await.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn the_other_systems_rotate_as_their_models_do() {
    let world = World::new().await;
    // QuickBooks: the company on the redirect; the same value within the day.
    let (first, parameters) = tokens(&world, StandinKind::QuickBooks, "102").await;
    assert_eq!(parameters["realmId"], "102");
    assert!(first["x_refresh_token_expires_in"].as_u64().unwrap() > 8_000_000);
    let second = refresh(&world, StandinKind::QuickBooks, text(&first["refresh_token"])).await.json();
    assert_eq!(second["refresh_token"], first["refresh_token"]);
    world.clock.advance(25 * 60 * MINUTE);
    let third = refresh(&world, StandinKind::QuickBooks, text(&first["refresh_token"])).await.json();
    assert_ne!(third["refresh_token"], first["refresh_token"]);

    // Business Central: the old one lives on.
    let (first, _) = tokens(&world, StandinKind::BusinessCentral, "").await;
    for _ in 0..3 {
        assert_eq!(
            refresh(&world, StandinKind::BusinessCentral, text(&first["refresh_token"])).await.status,
            StatusCode::OK
        );
    }

    // Exact Online: no refresh while the access token has long to live; the old one dies when the new one is used.
    let kind = StandinKind::ExactOnline;
    let (first, _) = tokens(&world, kind, "").await;
    assert_eq!(refresh(&world, kind, text(&first["refresh_token"])).await.status, StatusCode::BAD_REQUEST);
    world.clock.advance(10 * MINUTE);
    let second = refresh(&world, kind, text(&first["refresh_token"])).await.json();
    world.clock.advance(10 * MINUTE);
    assert_eq!(refresh(&world, kind, text(&second["refresh_token"])).await.status, StatusCode::OK);
    world.clock.advance(10 * MINUTE);
    assert_eq!(
        text(&refresh(&world, kind, text(&first["refresh_token"])).await.json()["error"]),
        "invalid_grant"
    );

    // Sage and Visma: strict. Visma: a new consent ends the earlier one.
    for kind in [StandinKind::Sage, StandinKind::Visma] {
        let (first, _) = tokens(&world, kind, "102").await;
        let second = refresh(&world, kind, text(&first["refresh_token"])).await.json();
        assert_eq!(
            text(&refresh(&world, kind, text(&first["refresh_token"])).await.json()["error"]),
            "invalid_grant",
            "{kind}"
        );
        let (third, _) = tokens(&world, kind, "102").await;
        let expected = if kind == StandinKind::Visma { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        assert_eq!(refresh(&world, kind, text(&second["refresh_token"])).await.status, expected, "{kind}");
        assert_eq!(
            refresh(&world, kind, text(&third["refresh_token"])).await.status,
            StatusCode::OK,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn companies_are_found_as_at_the_real_systems() {
    let world = World::new().await;
    let token = |tokens: &Value| text(&tokens["access_token"]).to_owned();
    let (central, _) = tokens(&world, StandinKind::BusinessCentral, "").await;
    let environments =
        world.api("GET", "/business-central/environments/v1.2", &token(&central), &[], None).await.json();
    let first = &environments["value"][0];
    let path = format!(
        "/business-central/v2.0/{}/{}/api/v2.0/companies",
        text(&first["aadTenantId"]),
        text(&first["name"])
    );
    assert_eq!(
        world.api("GET", &path, &token(&central), &[], None).await.json()["value"][1]["displayName"],
        "Beta AB"
    );

    let (exact, _) = tokens(&world, StandinKind::ExactOnline, "").await;
    let me = world
        .api("GET", "/exact-online/api/v1/current/Me?$select=CurrentDivision", &token(&exact), &[], None)
        .await
        .json();
    let path = format!("/exact-online/api/v1/{}/hrm/Divisions", me["d"]["results"][0]["CurrentDivision"]);
    assert_eq!(
        world.api("GET", &path, &token(&exact), &[], None).await.json()["d"]["results"][1]["Code"],
        102
    );

    let (sage, _) = tokens(&world, StandinKind::Sage, "").await;
    let businesses = world.api("GET", "/sage/v3.1/businesses", &token(&sage), &[], None).await.json();
    assert_eq!(businesses["$items"][1]["displayed_as"], "Beta AB");
    // Without the header the lead business is used silently.
    let (path, _, entry) = booking(StandinKind::Sage, "102");
    assert_eq!(world.api("POST", &path, &token(&sage), &[], Some(entry)).await.status, StatusCode::CREATED);
    assert_eq!(
        (
            booked_in(&world, StandinKind::Sage, "101").await,
            booked_in(&world, StandinKind::Sage, "102").await
        ),
        (1, 0)
    );

    let (visma, _) = tokens(&world, StandinKind::Visma, "101").await;
    assert_eq!(
        world.api("GET", "/visma/v2/companysettings", &token(&visma), &[], None).await.json()["Name"],
        "Alfa AB"
    );
    let (books, _) = tokens(&world, StandinKind::QuickBooks, "101").await;
    let info = world
        .api("GET", "/quickbooks/v3/company/101/companyinfo/101", &token(&books), &[], None)
        .await
        .json();
    assert_eq!(info["CompanyInfo"]["CompanyName"], "Alfa AB");
}

#[tokio::test]
async fn e_conomic_hands_out_a_token_that_works_with_its_application_alone() {
    let world = World::new().await;
    let kind = StandinKind::EConomic;
    let query = form(&[("appPublicToken", "app"), ("redirectUrl", REDIRECT)]);
    let parameters = world.consent(kind, &query, "anna@example.com", Some("102"), "allow").await;
    let headers = |secret: &'static str, token: &str| {
        [("X-AppSecretToken", secret.to_owned()), ("X-AgreementGrantToken", token.to_owned())]
    };
    let call = async |secret: &'static str, token: &str, method: &str, path: &str, body: Option<Value>| {
        let headers = headers(secret, token);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        world.api(method, path, "unused", &headers, body).await
    };
    let token = parameters["token"].as_str();
    let own = call(super::world::SECRET, token, "GET", "/e-conomic/self", None).await.json();
    assert_eq!((&own["agreementNumber"], &own["company"]["name"]), (&json!(102), &json!("Beta AB")));
    assert_eq!(call("other", token, "GET", "/e-conomic/self", None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        call(super::world::SECRET, "other", "GET", "/e-conomic/self", None).await.status,
        StatusCode::UNAUTHORIZED
    );
    let (path, _, entry) = booking(kind, "102");
    assert_eq!(
        call(super::world::SECRET, token, "POST", &path, Some(entry)).await.status,
        StatusCode::CREATED
    );
    assert_eq!(booked_in(&world, kind, "102").await, 1);
    let ended = world.switch("POST", "/e-conomic/sandbox/revoke", Some(json!({"api_key": token}))).await;
    assert_eq!(ended.json()["ended"], 1);
    assert_eq!(
        call(super::world::SECRET, token, "GET", "/e-conomic/self", None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn pages_refuse_what_they_must() {
    let world = World::new().await;
    let mut browser = Browser { world: &world, cookies: std::collections::BTreeMap::new() };
    let path = |query: &str| format!("/fortnox/oauth-v1/auth?{query}");
    let unknown =
        browser.get(&path(&query(StandinKind::Fortnox).replace("client_id=app", "client_id=none"))).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let foreign = browser.get(&path(&query(StandinKind::Fortnox).replace("callback", "elsewhere"))).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
    let page = browser.get(&path(&query(StandinKind::Fortnox))).await;
    let wrong = browser.submit(&page, &[("email", "anna@example.com"), ("password", "wrong horse")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!wrong.text.contains("wrong horse"));
    // The form of another browser.
    let mut other = Browser { world: &world, cookies: std::collections::BTreeMap::new() };
    let stale = other.submit(&page, &[("email", "anna@example.com"), ("password", "correct horse")]).await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    let signed_in =
        browser.submit(&page, &[("email", "anna@example.com"), ("password", "correct horse")]).await;
    let consent = browser.get(signed_in.location()).await;
    assert!(
        consent.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("form-action 'self' http://127.0.0.1:9")
    );
    for company in [None, Some("103")] {
        let mut fields = vec![("decision", "allow")];
        fields.extend(company.map(|company| ("company", company)));
        assert_eq!(
            browser.submit(&consent, &fields).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{company:?}"
        );
    }
    let denied = browser.submit(&consent, &[("decision", "deny")]).await;
    assert!(
        denied.location().starts_with(REDIRECT) && denied.location().contains("error=access_denied"),
        "{}",
        denied.location()
    );
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}
