use super::*;
use crate::client::Presentation;

fn rules() -> ClientRules {
    ClientRules {
        protected_names: vec!["pleo".to_owned()],
        scopes: Some("users:read users:write".parse().unwrap()),
        subject_types: Some(vec!["company".to_owned(), "organisation".to_owned()]),
        http_on_loopback: true,
        shown_to_people: true,
        response_parameters: vec!["urn_subject".to_owned()],
    }
}

fn good() -> ClientMetadata {
    ClientMetadata {
        name: "Example Books".to_owned(),
        redirect_uris: vec!["https://books.example/cb".to_owned()],
        scopes: vec!["users:read".to_owned()],
        ..ClientMetadata::default()
    }
}

/// The fields and reasons of what is wrong.
fn wrong(rules: &ClientRules, metadata: &ClientMetadata) -> Vec<(&'static str, String)> {
    match rules.check_new(metadata) {
        Ok(()) => Vec::new(),
        Err(problems) => problems.iter().map(|problem| (problem.field, problem.why.clone())).collect(),
    }
}

fn refused_with(metadata: &ClientMetadata, field: &str, reason: &str) {
    let found = wrong(&rules(), metadata);
    assert!(
        found.iter().any(|(at, why)| *at == field && why.contains(reason)),
        "{metadata:?} is not refused at {field} with {reason:?}: {found:?}"
    );
}

fn named(name: &str) -> ClientMetadata {
    ClientMetadata { name: name.to_owned(), ..good() }
}

fn leading_to(uris: &[&str]) -> ClientMetadata {
    ClientMetadata { redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(), ..good() }
}

#[test]
fn what_keeps_the_rules_passes() {
    assert_eq!(wrong(&rules(), &good()), []);
}

#[test]
fn names_of_their_own_pass() {
    for name in [
        "Example One",
        "Simple Office",
        "People & Co.",
        "Triple-O",
        "Linked <Books>",
        "Crème Brûlée Buchhaltung",
        "Ваша Бухгалтерия",
        "会計ソフト",
        "ACME Крем",
        "7",
        "Polo",
        "Leo P",
    ] {
        assert_eq!(wrong(&rules(), &named(name)), [], "{name}");
    }
}

#[test]
fn names_that_read_as_the_platform_are_refused() {
    for name in [
        "Pleo",
        "Example for Pleo",
        "PLEO sync",
        "PleoSync",
        "MyPleoBooks",
        "P1eo",
        "PIeo",
        "P|eo",
        "Ple0",
        "PL3O",
        "p l e o",
        "P.L.E.O connector",
        "x P.L.E.O.",
        "my p l e o s",
        "p-l-e-o",
        "Pl eo",
        "Pléo",
        "Plęo",
        "Рlео",
        "ΡLΕΟ",
        "Ｐｌｅｏ",
        "ⓟⓛⓔⓞ",
        "𝐏𝐥𝐞𝐨",
        "pӏeo",
    ] {
        refused_with(&named(name), "name", "reads as 'pleo'");
    }
}

#[test]
fn names_with_what_cannot_be_seen_are_refused() {
    for name in [
        "P\u{200b}leo",
        "Books\u{200d}",
        "Books\u{202e}skooB",
        "\u{feff}Books",
        "Bo\u{ad}oks",
        "Books\u{3164}",
        "Books\u{e0041}",
        "Books\u{a0}here",
        "Books\nhere",
        "Books\0",
    ] {
        refused_with(&named(name), "name", "cannot be seen");
    }
}

#[test]
fn names_have_a_form() {
    refused_with(&named(""), "name", "cannot be empty");
    refused_with(&named("   "), "name", "cannot be empty");
    refused_with(&named(" Books"), "name", "neither begins nor ends");
    refused_with(&named("Books  here"), "name", "two in a row");
    refused_with(&named("***"), "name", "letter or digit");
    refused_with(&named(&"x".repeat(81)), "name", "at most 80");
    assert_eq!(wrong(&rules(), &named(&"x".repeat(80))), []);
    refused_with(&named("Ехаmple"), "name", "different alphabets");
}

#[test]
fn redirect_uris_have_a_reason_each() {
    for (uri, reason) in [
        ("http://books.example/cb", "begins with https://"),
        ("javascript:alert(1)", "begins with https://"),
        ("data:text/html,x", "begins with https://"),
        ("vbscript:x", "begins with https://"),
        ("/cb", "begins with https://"),
        ("com.example.books:/cb", "begins with https://"),
        ("https://books.example/cb#top", "no fragment"),
        ("https://*.books.example/cb", "wildcards"),
        ("https://books.example/*", "wildcards"),
        ("https://me@books.example/cb", "no user name"),
        ("https://BOOKS.example/cb", "normal form"),
        ("https://books.example/a/../cb", "dot segments"),
    ] {
        refused_with(&leading_to(&[uri]), "redirect_uris", reason);
    }
    refused_with(&leading_to(&["https://a.example/", "https://a.example/#"]), "redirect_uris", "number 2: ");
    refused_with(
        &leading_to(&["https://a.example/", "https://a.example/"]),
        "redirect_uris",
        "there already",
    );
    refused_with(&leading_to(&[]), "redirect_uris", "at least one");
    let many: Vec<String> = (0..21).map(|at| format!("https://a.example/{at}")).collect();
    refused_with(&ClientMetadata { redirect_uris: many, ..good() }, "redirect_uris", "20 of them at most");
}

#[test]
fn redirect_uris_hold_no_parameter_of_an_answer() {
    for parameter in [
        "code=planted",
        "state=x",
        "iss=https://evil.example",
        "error=access_denied",
        "error_description=x",
        "error_uri=x",
        "urn_subject=x",
        "kept=1&code=planted",
        "kept=1&&code",
        "c%6Fde=planted",
        "+code=planted",
        "Code=planted",
    ] {
        refused_with(
            &leading_to(&[&format!("https://a.example/cb?{parameter}")]),
            "redirect_uris",
            "which answers add",
        );
    }
    for kept in ["kept=1", "my_code=1", "kept=code", "kept=a%26code=1", ""] {
        let uri = format!("https://a.example/cb?{kept}");
        assert_eq!(wrong(&rules(), &leading_to(&[&uri])), [], "{uri}");
    }
}

#[test]
fn http_is_for_this_machine_while_developing_and_for_public_clients() {
    let local = ["http://localhost:3000/cb", "http://127.0.0.1:3000/cb", "http://[::1]:3000/cb"];
    let production = ClientRules { http_on_loopback: false, ..rules() };
    for uri in local {
        let confidential = leading_to(&[uri]);
        assert_eq!(wrong(&rules(), &confidential), [], "{uri}");
        let found = wrong(&production, &confidential);
        assert!(found[0].1.contains("outside staging"), "{uri}: {found:?}");
        let public = ClientMetadata { public: true, ..confidential };
        assert_eq!(wrong(&production, &public).is_empty(), !uri.contains("localhost"), "{uri}");
    }
    assert_eq!(wrong(&production, &good()), []);
}

#[test]
fn scopes_are_those_there_are() {
    let asking =
        |scope: &str| ClientMetadata { scopes: vec!["users:read".to_owned(), scope.to_owned()], ..good() };
    assert_eq!(wrong(&rules(), &asking("users:write")), []);
    refused_with(&asking("everything:write"), "scopes", "1 of them cannot be granted here");
    refused_with(&asking("a b"), "scopes", "printable ASCII");
    refused_with(&ClientMetadata { scopes: vec![], ..good() }, "scopes", "at least one");
    assert!(!format!("{:?}", wrong(&rules(), &asking("canary"))).contains("canary"));
}

#[test]
fn addresses_of_pages_are_https() {
    let at = |uri: &str| {
        let presentation = Presentation { client_uri: Some(uri.to_owned()), ..Presentation::default() };
        ClientMetadata { presentation, ..good() }
    };
    for uri in ["https://books.example", "https://books.example/a?b=c#d", "http://localhost:8080/"] {
        assert_eq!(wrong(&rules(), &at(uri)), [], "{uri}");
    }
    for (uri, reason) in [
        ("http://books.example", "begins with https://"),
        ("javascript:alert(1)", "other schemes"),
        ("data:text/html,x", "other schemes"),
        ("books.example", "no absolute address"),
        ("", "no absolute address"),
        ("https://me:pw@books.example", "no user name"),
        ("https://books.example/\"><script>", "no spaces"),
        ("https://books.example\\@evil.example", "no spaces"),
        ("https://bücher.example", "no spaces"),
    ] {
        refused_with(&at(uri), "client_uri", reason);
    }
    refused_with(&at(&format!("https://a.example/{}", "x".repeat(2000))), "client_uri", "at most 2000");
    let production = ClientRules { http_on_loopback: false, ..rules() };
    assert!(!wrong(&production, &at("http://localhost:8080/")).is_empty());
    for field in ["logo_uri", "tos_uri", "policy_uri", "initiation_uri", "settings_uri"] {
        let bad = Some("javascript:x".to_owned());
        let mut metadata = good();
        let shown = &mut metadata.presentation;
        match field {
            "logo_uri" => shown.logo_uri = bad,
            "tos_uri" => shown.tos_uri = bad,
            "policy_uri" => shown.policy_uri = bad,
            "initiation_uri" => shown.initiation_uri = bad,
            _ => shown.settings_uri = bad,
        }
        refused_with(&metadata, field, "other schemes");
    }
}

#[test]
fn contacts_are_mail_addresses() {
    let of = |contacts: &[&str]| {
        let contacts = contacts.iter().map(|contact| (*contact).to_owned()).collect();
        ClientMetadata { presentation: Presentation { contacts, ..Presentation::default() }, ..good() }
    };
    assert_eq!(wrong(&rules(), &of(&["dev@books.example", "o'neil+pleo@sub.books.example"])), []);
    let long = format!("{}@a.example", "x".repeat(250));
    for contact in
        ["", "dev", "@books.example", "dev@books", "dev@books..example", "a b@c.example", "a@b@c", &long]
    {
        refused_with(&of(&[contact]), "contacts", "e-mail address");
    }
    refused_with(&of(&["dev@books.example"; 11]), "contacts", "10 of them at most");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let public = ClientMetadata { public: true, ..good() };
    refused_with(&ClientMetadata { pkce: PkceRule::Optional, ..public.clone() }, "pkce", "must use PKCE");
    let basic = [ClientAuthMethod::ClientSecretBasic].into();
    refused_with(&ClientMetadata { auth_methods: basic, ..public }, "auth_methods", "has no secret");
    let none = [ClientAuthMethod::None].into();
    refused_with(&ClientMetadata { auth_methods: none, ..good() }, "auth_methods", "proves itself");
    let word = Some("galaxy".to_owned());
    refused_with(&ClientMetadata { subject_type: word, ..good() }, "subject_type", "company, organisation");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let mut metadata = named("Pleo");
    metadata.redirect_uris = vec!["http://a.example".to_owned()];
    metadata.scopes = vec!["x".to_owned()];
    let fields: Vec<&str> = wrong(&rules(), &metadata).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["name", "redirect_uris", "scopes"]);
}

#[test]
fn a_reviewer_is_told_what_to_look_at_twice() {
    let mut metadata = good();
    metadata.presentation.client_uri = Some("https://www.books.example".to_owned());
    metadata.presentation.contacts = vec!["dev@books.example".to_owned()];
    let spec = |metadata: &ClientMetadata| metadata.applied_to(ClientSpec::confidential("c", ""));
    assert_eq!(hints(&spec(&metadata)), Vec::<String>::new());
    metadata.presentation.client_uri = Some("https://bank.example".to_owned());
    metadata.presentation.contacts.clear();
    metadata.redirect_uris.push("http://localhost/cb".to_owned());
    let hints = hints(&spec(&metadata));
    assert_eq!(hints.len(), 3, "{hints:?}");
    assert!(hints[0].contains("bank.example"));
}
