use super::*;
use crate::{Role, SubjectType};

const GOOD: &str = r#"
[[organisations]]
id = "0198d5c2-0000-7000-8000-000000000001"
name = "Love"

[[companies]]
id = "0198d5c2-0000-7000-8000-000000000011"
name = "Love Crème BV"
organisation = "Love"
country = "NL"
registration_number = "12345678"
standalone_api_keys = true

[[companies]]
name = "Love Crème GmbH"
organisation = "0198d5c2-0000-7000-8000-000000000001"
country = "DE"

[[users]]
email = "Anna@example.com"
password = "correct horse"
name = "Anna de Vries"
roles = [{ company = "Love Crème BV", role = "admin" }, { company = "Love Crème GmbH", role = "employee" }]
platform_admin = true

[[clients]]
client_id = "books"
client_secret = "a secret with 30 characters ..."
name = "Example Books"
redirect_uris = ["https://books.example/cb", "http://127.0.0.1/cb"]
scopes = ["companies:read", "export-jobs:read"]
setup_required = true
integrated_api_keys = true
rotation = "retry-window"
retry_window_seconds = 5
access_token_seconds = 20
auth_methods = ["client_secret_basic"]
logo_uri = "https://books.example/logo.png"
contacts = ["dev@books.example"]

[[api_keys]]
company = "Love Crème BV"
client_id = "books"

[[api_keys]]
company = "Love Crème BV"
name = "Reporting"
scopes = ["users:read"]
expires_at = "2030-01-01T00:00:00Z"

[[expenses]]
id = "0198d5c2-0000-7000-8000-000000000099"
company = "Love Crème BV"
employee = "anna@example.com"
kind = "card_purchase"
amount_minor = 1250
currency = "EUR"
date = 2026-03-01
note = "Lunch"
"#;

#[test]
fn a_good_file_is_read_with_every_reference_resolved() {
    let plan = Seed::parse(GOOD).unwrap().0;
    assert_eq!(plan.companies.len(), 2);
    assert_eq!(plan.companies[1].organisation, plan.organisations[0].id);
    let anna = &plan.users[0];
    assert_eq!(anna.email.as_str(), "anna@example.com");
    assert!(anna.platform_admin);
    assert_eq!(anna.roles[0].0, plan.companies[0].id);
    assert_eq!((anna.roles[0].1, anna.roles[1].1), (Role::Admin, Role::Employee));
    assert_ne!(anna.roles[0].2, anna.roles[1].2);
    let books = &plan.clients[0];
    assert!(books.approved);
    assert_eq!(books.spec.redirect_uris.len(), 2);
    assert_eq!(books.spec.attributes["setup_required"], "true");
    assert_eq!(books.spec.access_token_lifetime.as_secs(), 20);
    assert_eq!(books.spec.rotation, authserver::RotationRules::retry_window(5));
    assert_eq!(plan.api_keys[1].access, SubjectType::Company);
    let (expense, spender) = &plan.expenses[0];
    assert_eq!((expense.date.as_str(), *spender), ("2026-03-01", Some(0)));
}

#[test]
fn ids_that_are_not_given_are_the_same_the_next_time() {
    let (one, two) = (Seed::parse(GOOD).unwrap().0, Seed::parse(GOOD).unwrap().0);
    assert_eq!(one.companies[1].id, two.companies[1].id);
    assert_eq!(one.api_keys[0].id, two.api_keys[0].id);
    assert_eq!(one.users[0].roles, two.users[0].roles);
}

/// The good file with one text replaced; the error it then has.
fn broken(from: &str, to: &str) -> SeedError {
    assert!(GOOD.contains(from), "{from}");
    Seed::parse(&GOOD.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn an_error_names_its_line_and_its_key() {
    let cases = [
        ("name = \"Love\"\n", "nmae = \"Love\"\n", 4, "nmae"),
        ("organisation = \"Love\"", "organisation = \"Hate\"", 9, "organisation"),
        ("country = \"NL\"", "country = \"Netherlands\"", 10, "country"),
        ("Anna@example.com", "anna", 20, "email"),
        ("\"correct horse\"", "\"short\"", 20, "password"),
        ("role = \"admin\"", "role = \"owner\"", 23, "owner"),
        ("company = \"Love Crème BV\", role", "company = \"Nobody BV\", role", 23, "roles.company"),
        ("https://books.example/cb", "http://books.example/cb", 30, "redirect_uris"),
        ("rotation = \"retry-window\"", "rotation = \"strict\"", 35, "retry_window_seconds"),
        ("access_token_seconds = 20", "access_token_seconds = 0", 36, "access_token_seconds"),
        ("auth_methods = [\"client_secret_basic\"]", "auth_methods = [\"none\"]", 37, "auth_methods"),
        ("logo_uri = \"https://books.example/logo.png\"", "logo_uri = \"javascript:x\"", 38, "logo_uri"),
        ("client_id = \"books\"\n\n[[api", "client_id = \"cooks\"\n\n[[api", 43, "client_id"),
        ("scopes = [\"users:read\"]", "scopes = [\"users:eat\"]", 45, "users:eat"),
        ("employee = \"anna@example.com\"", "employee = \"bob@example.com\"", 54, "employee"),
        ("kind = \"card_purchase\"", "kind = \"gift\"", 55, "kind"),
        ("currency = \"EUR\"", "currency = \"euro\"", 57, "currency"),
        ("date = 2026-03-01", "date = \"1 March\"", 58, "date"),
        ("amount_minor = 1250", "amount_minor = 12.50", 56, "amount_minor"),
    ];
    for (from, to, line, word) in cases {
        let error = broken(from, to);
        assert!(error.message.contains(word) || word == "date" || word == "amount_minor", "{to}: {error}");
        assert_eq!(error.line, line, "{to}: {error}");
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    let cases = [
        ("setup_required = true", "public = true\nsetup_required = true"),
        ("id = \"0198d5c2-0000-7000-8000-000000000011\"", "id = \"not-a-uuid\""),
        ("name = \"Love Crème GmbH\"", "name = \"Love Crème BV\""),
        ("name = \"Reporting\"", "name = \"Reporting\"\nclient_id = \"books\""),
        ("integrated_api_keys = true", "integrated_api_keys = false"),
        ("client_secret = \"a secret with 30 characters ...\"", "client_secret = \"\""),
    ];
    for (from, to) in cases {
        broken(from, to);
    }
}

#[test]
fn no_error_shows_a_password() {
    let error = broken("password = \"correct horse\"", "password = [\"correct horse\"]");
    assert!(!error.to_string().contains("correct horse"), "{error}");
}

#[test]
fn an_empty_file_asks_for_nothing() {
    assert!(Seed::parse("").unwrap().0.users.is_empty());
}
