//! Short commands: on a database that is free, and through a server that holds it.

use std::fs;

use serde_json::Value;

use crate::binary::{http, json, refusal, run};
use crate::place::{COMPANY, Place, SEED};

fn connect_commands(place: &Place, first: bool) {
    let at = |arguments: &[&str]| place.run(arguments);
    let token = json(&at(&["tokens", "create", "--role", "proxy", "--name", "worker"]));
    assert!(token["token"].as_str().unwrap().starts_with("mst_api_") && token["role"] == "proxy");
    let id = token["id"].as_str().unwrap();
    let list = json(&at(&["tokens", "list"]));
    assert!(
        list["data"].as_array().unwrap().iter().any(|row| row["id"] == id && row["revoked_at"].is_null())
    );
    assert!(!list.to_string().contains(token["token"].as_str().unwrap()), "a list shows a token");
    json(&at(&["tokens", "revoke", id]));
    refusal(&at(&["tokens", "revoke", id]), 1);
    refusal(&at(&["tokens", "create", "--role", "king"]), 2);

    if first {
        let text = refusal(&at(&["connections", "link", "xero"]), 1);
        assert!(text.contains("mainstay clients set xero"), "{text}");
    }
    for provider in ["pleo", "xero"] {
        let arguments = ["clients", "set", provider, "--client-id", "an-id"];
        let set = place.run_with_stdin(&arguments, "a-planted-client-secret\n");
        assert!(json(&set)["redirect_uri"].as_str().unwrap().ends_with(&format!("/callback/{provider}")));
        assert!(!String::from_utf8_lossy(&set.stdout).contains("planted"));
        refusal(&place.run_with_stdin(&arguments, ""), 2);
    }
    let link = json(&at(&["connections", "link", "xero", "--reference", "r-1"]));
    assert!(link["url"].as_str().unwrap().contains("/connect/") && link["expires_at"].is_string());
    assert_eq!(json(&at(&["connections", "list"]))["data"], serde_json::json!([]));
    refusal(&at(&["connections", "show", "not-an-id"]), 2);
    refusal(&at(&["connections", "show", "con_01a2015d-6439-7998-9158-fc2bd72ee994"]), 1);
    refusal(&at(&["connections", "disconnect", "con_01a2015d-6439-7998-9158-fc2bd72ee994"]), 1);

    let email = format!("operator-{}@example.com", if first { "alone" } else { "through" });
    let arguments = ["operators", "add", &email];
    json(&place.run_with_stdin(&arguments, "a-planted-password\n"));
    refusal(&place.run_with_stdin(&arguments, "a-planted-password\n"), 1);
    refusal(&place.run_with_stdin(&["operators", "add", "b@example.com"], "short\n"), 1);
}

fn platform_commands(place: &Place) {
    let at = |arguments: &[&str]| place.run(arguments);
    let seed = place.seed_file(SEED);
    let first = json(&at(&["platform", "seed", &seed]));
    assert_eq!((&first["companies"], &first["users"]), (&serde_json::json!(1), &serde_json::json!(1)));
    assert_eq!(json(&at(&["platform", "seed", &seed])), first, "the second run says something else");

    let register = [
        "platform",
        "clients",
        "register",
        "--redirect-uri",
        "https://app.example.com/cb",
        "--scope",
        "users:read",
    ];
    let client = json(&at(&[&register[..], &["--name", "Example Books"]].concat()));
    let id = client["client_id"].as_str().unwrap();
    assert_eq!(client["state"], "awaiting_review");
    assert!(client["client_secret"].as_str().unwrap().len() >= 30);
    assert_eq!(json(&at(&["platform", "clients", "approve", id]))["state"], "approved");
    assert_eq!(json(&at(&["platform", "clients", "show", id]))["name"], "Example Books");
    let rotated = json(&at(&["platform", "clients", "rotate-secret", id]));
    assert_ne!(rotated["client_secret"], client["client_secret"]);
    let listed = json(&at(&["platform", "clients", "list"]));
    assert!(
        !listed.to_string().contains(rotated["client_secret"].as_str().unwrap()),
        "a list shows a secret"
    );
    refusal(&at(&["platform", "clients", "show", "nobody"]), 1);
    let client_at = |arguments: &[&str]| at(&[&["platform", "clients"], arguments].concat());
    assert_eq!(json(&client_at(&["decline", id, "--reason", "no terms"]))["review"]["reason"], "no terms");
    refusal(&client_at(&["decline", id, "--reason", ""]), 2);
    assert_eq!(json(&client_at(&["list", "--state", "declined"]))["data"][0]["client_id"], id);
    refusal(&client_at(&["list", "--state", "asleep"]), 2);
    refusal(&client_at(&["directory", id]), 2);
    assert_eq!(json(&client_at(&["suspend", id]))["state"], "suspended");
    assert_eq!(json(&client_at(&["remove", id]))["state"], "removed");
    refusal(&client_at(&["remove", id]), 1);
    refusal(&client_at(&["rotate-secret", id]), 1);
    let token = json(&client_at(&["initial-access-token", "--pre-approved", "--note", "for tests"]));
    assert!(token["token"].as_str().unwrap().starts_with("mst_iat_") && token["uses_left"] == 1);
    let tokens = json(&client_at(&["initial-access-tokens"]));
    assert_eq!(tokens["data"][0]["id"], token["id"]);
    assert!(!tokens.to_string().contains(token["token"].as_str().unwrap()), "a list shows a token");
    json(&client_at(&["revoke-initial-access-token", token["id"].as_str().unwrap()]));
    refusal(&client_at(&["revoke-initial-access-token", token["id"].as_str().unwrap()]), 1);
    refusal(&client_at(&["initial-access-token", "--uses", "0"]), 2);
    refusal(&at(&[&register[..], &["--name", "Example for Pleo"]].concat()), 2);
    refusal(
        &at(&[
            "platform",
            "clients",
            "register",
            "--name",
            "X",
            "--redirect-uri",
            "http://app.example.com/",
            "--scope",
            "users:read",
        ]),
        2,
    );

    let key = json(&at(&[
        "platform",
        "api-keys",
        "create",
        "--company",
        COMPANY,
        "--name",
        "k",
        "--scope",
        "users:read",
    ]));
    assert!(key["key"].as_str().unwrap().starts_with("plp_"));
    let keys = json(&at(&["platform", "api-keys", "list", "--company", COMPANY]));
    assert!(
        keys["data"].as_array().unwrap().iter().any(|row| row["id"] == key["id"] && row["key"].is_null())
    );
    json(&at(&["platform", "api-keys", "revoke", key["id"].as_str().unwrap()]));
    people_and_companies(place);
    refusal(
        &at(&[
            "platform",
            "api-keys",
            "create",
            "--company",
            "not-an-id",
            "--name",
            "k",
            "--scope",
            "users:read",
        ]),
        2,
    );
}

fn people_and_companies(place: &Place) {
    let at = |arguments: &[&str]| place.run(&[&["platform"], arguments].concat());
    let state = |list: &str| json(&at(&[list, "list"]))["data"][0]["state"].clone();
    let disabled = json(&at(&["users", "disable", "A@one.example"]));
    assert_eq!((&disabled["state"], state("users")), (&"disabled".into(), "disabled".into()));
    assert_eq!(json(&at(&["users", "enable", "a@one.example"]))["state"], "active");
    assert_eq!(state("users"), "active");
    let set = ["platform", "users", "set-password", "a@one.example"];
    let answer = json(&place.run_with_stdin(&set, "another-planted-password\n"));
    assert_eq!(answer["password_changed"], true);
    assert!(!answer.to_string().contains("planted"));
    refusal(&place.run_with_stdin(&set, ""), 2);
    refusal(&place.run_with_stdin(&set, "short\n"), 1);
    roles(place);
    for act in ["disable", "enable"] {
        let text = refusal(&at(&["users", act, "nobody@one.example"]), 1);
        assert!(text.contains("mainstay platform users list"), "{text}");
    }

    for (act, expected) in [("suspend", "suspended"), ("suspend", "suspended"), ("resume", "active")] {
        assert_eq!(json(&at(&["companies", act, COMPANY]))["state"], expected);
        assert_eq!(state("companies"), expected);
    }
    refusal(&at(&["companies", "suspend", "not-an-id"]), 2);
    let text = refusal(&at(&["companies", "suspend", "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3affff"]), 1);
    assert!(text.contains("mainstay platform companies list"), "{text}");
}

fn roles(place: &Place) {
    let at = |arguments: &[&str]| place.run(&[&["platform", "users"], arguments].concat());
    let role = || json(&at(&["list"]))["data"][0]["roles"][0]["role"].clone();
    let organisation =
        json(&place.run(&["platform", "companies", "list"]))["data"][0]["organisation_id"].clone();
    let (company, organisation) =
        (["--company", COMPANY], ["--organisation", organisation.as_str().unwrap()]);
    let set =
        |email, role, place: [&str; 2]| at(&[&["set-role", email, "--role", role], &place[..]].concat());
    let remove = |email, place: [&str; 2]| at(&[&["remove-role", email], &place[..]].concat());
    assert_eq!(json(&set("A@one.example", "employee", company))["role"], "employee");
    assert_eq!(role(), "employee");
    assert!(json(&remove("a@one.example", organisation))["role"].is_null());
    assert!(role().is_null());
    let text = refusal(&remove("a@one.example", company), 1);
    assert!(text.contains("mainstay platform users list"), "there is none any more: {text}");
    json(&set("a@one.example", "admin", organisation));
    assert_eq!(role(), "admin");
    refusal(&set("a@one.example", "king", company), 2);
    refusal(&set("nobody@one.example", "admin", company), 1);
    refusal(&set("a@one.example", "admin", ["--company", "not-an-id"]), 2);
    refusal(&set("a@one.example", "admin", ["--organisation", COMPANY]), 1);
    assert_eq!(role(), "admin");
}

pub(crate) fn commands_work_alone_and_through_the_running_servers() {
    let place = Place::empty();
    connect_commands(&place, true);
    platform_commands(&place);
    let connect = place.server(&["serve"], "connect-log");
    let platform = place.server(&["platform", "serve"], "platform-log");
    connect_commands(&place, false);
    platform_commands(&place);
    // What a command did through the server, the server knows at once.
    let token = place.json(&["tokens", "create", "--role", "connect"]);
    let header = format!("Bearer {}", token["token"].as_str().unwrap());
    let ask = || http("GET", &format!("{}/v1/connections", connect.url), &[("Authorization", &header)], "").0;
    assert_eq!(ask(), 200);
    place.json(&["tokens", "revoke", token["id"].as_str().unwrap()]);
    assert_eq!(ask(), 401);
    for command in [&["keys", "status"][..], &["doctor"], &["providers", "list"], &["config", "show"]] {
        place.json(command);
    }
    for server in [connect, platform] {
        server.signal("-TERM");
        assert_eq!(server.wait(), Some(0));
    }
    for log in ["connect-log", "platform-log"] {
        let log = fs::read_to_string(place.path(log)).unwrap();
        assert!(!log.contains("planted"), "{log}");
        for line in log.lines() {
            serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        }
    }
}

pub(crate) fn a_seed_file_with_an_error_writes_nothing_and_names_the_line() {
    let place = Place::empty();
    let seed = place.seed_file(&SEED.replace("country = \"NL\"", "county = \"NL\""));
    let at = |seed: &str| run(["platform", "seed", seed, "--data", &place.data()]);
    let text = refusal(&at(&seed), 1);
    assert!(text.contains("seed.toml") && text.contains("line ") && text.contains("county"), "{text}");
    let text = refusal(&at(place.path("absent.toml").to_str().unwrap()), 1);
    assert!(text.contains("absent.toml"), "{text}");
}

pub(crate) fn reading_from_a_directory_without_data_says_so_and_makes_nothing() {
    let place = Place::empty();
    let data = place.path("wrong");
    for command in
        [&["connections", "list"][..], &["platform", "clients", "list"], &["migrate"], &["keys", "status"]]
    {
        let text = refusal(&run([command, &["--data", data.to_str().unwrap()]].concat()), 1);
        assert!(text.contains("wrong") && text.contains("--data"), "{text}");
    }
    assert!(!data.exists());
}

pub(crate) fn the_doctor_names_what_is_wrong_and_fails() {
    let place = Place::empty();
    place.json(&["tokens", "create", "--role", "proxy"]);
    assert!(run(["doctor", "--data", &place.data()]).status.success());
    fs::remove_file(place.path("data").join("keys/connect.keys")).unwrap();
    let output = place.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let wrong: Vec<&Value> =
        found["data"].as_array().unwrap().iter().filter(|row| row["ok"] == false).collect();
    assert!(
        !wrong.is_empty() && wrong.iter().all(|row| row["why"].is_string() && row["remedy"].is_string()),
        "{found}"
    );
    // A proxy that is not named: everything is in order, and yet.
    let of = |more: &[&str]| {
        let place = Place::empty();
        let data = place.data();
        let arguments = ["doctor", "--data", &data, "--public-url", "https://connect.example.com"];
        let output = run(arguments.iter().chain(more));
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(of(&[]).contains("`trusted_proxies` is empty"));
    assert!(!of(&["--trusted-proxies", "127.0.0.1/32"]).contains("`trusted_proxies` is empty"));
}
