use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use url::Url;

use super::*;
use crate::{CompanySearch, GrantPer, OldRefreshToken, Overrides, Placement, Question, Side, fill};

fn get(id: &str) -> Provider {
    Catalogue::built_in().get(&id.parse().unwrap()).unwrap().clone()
}

#[test]
fn every_built_in_file_is_right_and_has_its_own_id() {
    let catalogue = Catalogue::built_in();
    let ids: Vec<_> = catalogue.iter().map(|provider| provider.id.to_string()).collect();
    assert_eq!(
        ids,
        [
            "business-central",
            "e-conomic",
            "exact-online",
            "fortnox",
            "pleo",
            "quickbooks",
            "sage",
            "visma",
            "xero"
        ]
    );
    for provider in catalogue.iter() {
        provider.endpoints(&Overrides::default()).unwrap();
        assert_eq!(provider.side == Side::Platform, provider.id == ProviderId::pleo());
    }
}

#[test]
fn every_line_with_a_fact_names_its_section() {
    for (id, text) in BUILT_IN {
        assert!(text.matches("facts ").count() >= 3, "{id}");
    }
}

#[test]
fn the_rotation_rules_of_the_facts() {
    let pleo = get("pleo");
    let rotation = pleo.rotation.as_ref().unwrap();
    assert_eq!(rotation.old_refresh_token, OldRefreshToken::DiesAtOnce);
    assert!(rotation.old_access_token_dies && rotation.idle_limit_is_floor);
    assert_eq!(rotation.question, Question::Introspect);
    assert_eq!(rotation.request_deadline_seconds, 60);
    assert!(pleo.is_terminal("invalid_token") && pleo.is_terminal("invalid_refresh_token"));
    let xero = get("xero");
    assert_eq!(xero.rotation.as_ref().unwrap().old_refresh_token, OldRefreshToken::LivesFor(1800));
    assert_eq!(xero.grant_per, GrantPer::Consent);
    assert!(!xero.is_terminal("invalid_token"));
    assert_eq!(get("exact-online").rotation.unwrap().earliest_refresh_seconds_before_expiry, Some(30));
    assert_eq!(get("business-central").rotation.unwrap().old_refresh_token, OldRefreshToken::Lives);
    assert!(get("e-conomic").oauth.is_none() && get("e-conomic").api_key.is_some());
}

#[test]
fn unknown_keys_are_refused_wherever_they_stand() {
    let text = include_str!("../../data/xero.toml");
    for (old, new) in [
        ("side = \"accounting\"", "side = \"accounting\"\ncolour = \"blue\""),
        ("[rotation] # facts 16.2", "[rotation]\ngrace = 1"),
        ("pkce = false", "pkce = false\nplain = true"),
        ("tenantName\"", "tenantName\"\ntown = \"/town\""),
        ("[environments.production]", "[environments.production]\nhost = \"x\""),
    ] {
        let changed = text.replacen(old, new, 1);
        assert_ne!(changed, text, "{old}");
        let error = parse(Path::new("xero.toml"), &changed).unwrap_err().to_string();
        assert!(error.contains("xero.toml") && error.contains("unknown field"), "{error}");
    }
}

#[test]
fn values_that_do_not_fit_each_other_are_refused_with_their_key() {
    let text = include_str!("../../data/xero.toml");
    for (old, new, key) in [
        ("id = \"xero\"", "id = \"xera\"", "`id`"),
        ("default_environment = \"production\"", "default_environment = \"moon\"", "`default_environment`"),
        ("probe = \"/connections\"", "probe = \"connections\"", "`probe`"),
        ("\"/tenantId\"", "\"tenantId\"", "`company.found_by.list.id`"),
        ("revoke_url", "introspect_url", "`environments.production.revoke_url`"),
        ("access_token_seconds = 1800", "access_token_seconds = 0", "`rotation.access_token_seconds`"),
        ("new_refresh_token = \"always\"", "new_refresh_token = \"never\"", "`rotation.old_refresh_token`"),
        ("access_token_seconds", "question = \"probe\"\naccess_token_seconds", "`rotation.question`"),
        ("{ header = \"Xero-Tenant-Id\" }", "{ path_prefix = \"/x\" }", "`company.placed_in.path_prefix`"),
        ("https://api.xero.com", "ftp://api.xero.com", "`environments.production.api_url`"),
        ("path = \"/connections\"", "path = \"/{tenant}/connections\"", "`company.found_by.list.path`"),
    ] {
        let changed = text.replacen(old, new, 1);
        assert_ne!(changed, text, "{old}");
        let error = parse(Path::new("xero.toml"), &changed).unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn a_base_url_takes_the_place_of_every_host_and_keeps_the_paths() {
    let overrides = Overrides {
        base_url: Some(Url::parse("http://127.0.0.1:4000/xero/").unwrap()),
        ..Overrides::default()
    };
    let endpoints = get("xero").endpoints(&overrides).unwrap();
    assert_eq!(
        endpoints.authorize_url.as_ref().unwrap().as_str(),
        "http://127.0.0.1:4000/xero/identity/connect/authorize"
    );
    assert_eq!(endpoints.token_url.as_ref().unwrap().as_str(), "http://127.0.0.1:4000/xero/connect/token");
    assert_eq!(
        endpoints.revoke_url.as_ref().unwrap().as_str(),
        "http://127.0.0.1:4000/xero/connect/revocation"
    );
    assert_eq!(endpoints.api("/connections").unwrap().as_str(), "http://127.0.0.1:4000/xero/connections");
    assert_eq!(endpoints.issuer.as_deref(), Some("http://127.0.0.1:4000/xero"));
    let sage = get("sage").endpoints(&overrides).unwrap();
    assert_eq!(
        sage.authorize_url.as_ref().unwrap().as_str(),
        "http://127.0.0.1:4000/xero/oauth2/auth/central?filter=apiv3.1"
    );
    assert_eq!(sage.api("/businesses").unwrap().as_str(), "http://127.0.0.1:4000/xero/v3.1/businesses");
}

#[test]
fn a_token_endpoint_set_by_hand_never_sends_tokens_to_the_real_provider() {
    let overrides = Overrides {
        authorize_url: Some(Url::parse("http://127.0.0.1:9/p/oauth/authorize").unwrap()),
        token_url: Some(Url::parse("http://127.0.0.1:9/p/oauth/token").unwrap()),
        ..Overrides::default()
    };
    let pleo = get("pleo").endpoints(&overrides).unwrap();
    assert_eq!(pleo.introspect_url.unwrap().as_str(), "http://127.0.0.1:9/p/oauth/token/introspect");
    assert_eq!(pleo.issuer.as_deref(), Some("http://127.0.0.1:9/p"));
    assert_eq!(get("xero").endpoints(&overrides).unwrap().revoke_url, None);
}

#[test]
fn an_unknown_environment_is_told_with_the_known_ones() {
    let overrides = Overrides { environment: Some("moon".to_owned()), ..Overrides::default() };
    let error = get("pleo").endpoints(&overrides).unwrap_err().to_string();
    assert!(error.contains("moon") && error.contains("production, staging"), "{error}");
}

#[test]
fn companies_are_read_from_answers() {
    let none = BTreeMap::new();
    let CompanySearch::List(xero) = get("xero").company.found_by else { panic!("a list") };
    let answer = json!([{"id": "c1", "tenantId": "t1", "tenantName": "Love Crème"}, {"id": "c2", "tenantId": "t2", "tenantName": "Toque"}]);
    let found = xero.read_list(&answer, &none).unwrap();
    assert_eq!(
        found
            .iter()
            .map(|company| (company.id.as_str(), company.name.as_deref().unwrap()))
            .collect::<Vec<_>>(),
        [("t1", "Love Crème"), ("t2", "Toque")]
    );
    assert!(xero.read_list(&json!({"error": "x"}), &none).is_err());

    let CompanySearch::Single(fortnox) = get("fortnox").company.found_by else { panic!("one") };
    let found = fortnox
        .read_single(&json!({"CompanyInformation": {"DatabaseNumber": 4711, "CompanyName": "Nord"}}), &none)
        .unwrap();
    assert_eq!((found.id.as_str(), found.name.as_deref()), ("4711", Some("Nord")));

    let CompanySearch::Single(pleo) = get("pleo").company.found_by else { panic!("one") };
    let found = pleo.read_single(&json!({"data": {"subjectURN": "urn:pleo:company:abc"}}), &none).unwrap();
    assert_eq!(found.id, "abc");
    assert!(pleo.read_single(&json!({"data": {"subjectURN": "urn:pleo:organisation:abc"}}), &none).is_err());

    let CompanySearch::List(central) = get("business-central").company.found_by else { panic!("a list") };
    let within = central.within.clone().unwrap();
    let outer = within.read(&json!({"value": [{"name": "Production", "aadTenantId": "t"}]})).unwrap();
    assert_eq!(central.path_with(&outer[0]).unwrap(), "/v2.0/t/Production/api/v2.0/companies");
    let found =
        central.read_list(&json!({"value": [{"id": "c", "displayName": "CRONUS"}]}), &outer[0]).unwrap();
    assert_eq!(found[0].id, "t/Production/c");
    let Placement::PathPrefix(prefix) = get("business-central").company.placed_in else { panic!("a prefix") };
    assert_eq!(fill(&prefix, &found[0].variables).unwrap(), "/v2.0/t/Production/api/v2.0/companies(c)");
}

#[test]
fn an_id_cannot_leave_its_path_segment() {
    for (id, wanted) in
        [("a/b", "/x/a%2Fb"), ("..", "/x/%2E%2E"), ("a.b", "/x/a.b"), ("ü?#", "/x/%C3%BC%3F%23")]
    {
        assert_eq!(fill("/x/{id}", &BTreeMap::from([("id".to_owned(), id.to_owned())])).unwrap(), wanted);
    }
    assert!(
        fill("/x/{id", &BTreeMap::new()).is_err()
            && fill("/x/id}", &BTreeMap::new()).is_err()
            && fill("/x/{id}", &BTreeMap::new()).is_err()
    );
}

#[test]
fn a_users_file_replaces_a_built_in_one_and_errors_name_the_file() {
    let directory = std::env::temp_dir().join(format!("providers-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    assert_eq!(Catalogue::with_files(&directory.join("absent")).unwrap().iter().count(), 9);
    std::fs::write(
        directory.join("xero.toml"),
        include_str!("../../data/xero.toml").replace("\"Xero\"", "\"Our Xero\""),
    )
    .unwrap();
    std::fs::write(directory.join("notes.txt"), "not a provider").unwrap();
    let catalogue = Catalogue::with_files(&directory).unwrap();
    assert_eq!(catalogue.get(&"xero".parse().unwrap()).unwrap().name, "Our Xero");
    std::fs::write(directory.join("broken.toml"), "id = ").unwrap();
    let error = Catalogue::with_files(&directory).unwrap_err().to_string();
    assert!(error.contains("broken.toml"), "{error}");
    std::fs::remove_dir_all(&directory).unwrap();
}
