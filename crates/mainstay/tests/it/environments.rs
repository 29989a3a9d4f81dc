//! Staging and production: what one has given out is nothing to the other, on the same data too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::binary::{Server, http, json, mainstay, refusal};
use crate::place::Place;

const SEED: &str = r#"
[[clients]]
client_id = "seeded"
client_secret = "a-planted-client-secret"
name = "Seeded Books"
redirect_uris = ["http://127.0.0.1:4000/cb"]
scopes = ["companies:read"]
"#;

/// The status with which the client may introspect: 200, or 401 where it is nobody.
fn introspects(server: &Server, client: (&str, &str)) -> u16 {
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", client.0, client.1)));
    let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    http("POST", &format!("{}/oauth/token/introspect", server.url), &headers, "token=x").0
}

fn registers(server: &Server, token: &str) -> (u16, String) {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = json!({ "client_name": "Example Books", "redirect_uris": ["https://books.example/cb"] });
    http("POST", &format!("{}/oauth/register", server.url), &headers, &body.to_string())
}

pub(crate) fn credentials_of_one_environment_fail_in_the_other() {
    let place = Place::empty();
    // Before anything is served: nobody has said yet which environment this is.
    place.json(&["platform", "seed", &place.seed_file(SEED)]);
    let served = |environment: &str, log: &str| {
        place.server(&["platform", "serve", "--environment", environment], log)
    };
    let seeded = ("seeded", "a-planted-client-secret");

    let staging = served("staging", "one");
    assert_eq!(introspects(&staging, seeded), 200);
    let token = place.json(&["platform", "clients", "initial-access-token", "--pre-approved", "--uses", "9"]);
    let token = token["token"].as_str().unwrap();
    let (status, body) = registers(&staging, token);
    assert_eq!(status, 201, "{body}");
    let registered: Value = serde_json::from_str(&body).unwrap();
    let registered =
        (registered["client_id"].as_str().unwrap(), registered["client_secret"].as_str().unwrap());
    assert_eq!(introspects(&staging, registered), 200);
    staging.signal("-TERM");
    assert_eq!(staging.wait(), Some(0));

    let production = served("production", "two");
    assert_eq!(introspects(&production, seeded), 401);
    assert_eq!(introspects(&production, registered), 401);
    assert_eq!(registers(&production, token).0, 401);
    let rotated = place.json(&["platform", "clients", "rotate-secret", registered.0]);
    let rotated = (registered.0, rotated["client_secret"].as_str().unwrap());
    assert_eq!(introspects(&production, rotated), 200);
    production.signal("-TERM");
    assert_eq!(production.wait(), Some(0));

    // A command alone takes the environment of the database.
    let data = place.data();
    let local =
        ["platform", "clients", "register", "--name", "Local", "--redirect-uri", "http://localhost/cb"];
    let register = |environment: &[(&str, &str)]| {
        let arguments = [&local[..], &["--scope", "companies:read", "--data", &data, "--json"]].concat();
        mainstay().envs(environment.iter().copied()).args(arguments).output().unwrap()
    };
    let local = json(&register(&[]));
    let text = refusal(&register(&[("MAINSTAY_ENVIRONMENT", "production")]), 2);
    assert!(text.contains("--redirect-uri") && text.contains("https://"), "{text}");
    place.json(&["platform", "clients", "approve", local["client_id"].as_str().unwrap()]);
    let staging = served("staging", "three");
    assert_eq!(introspects(&staging, seeded), 200);
    assert_eq!(introspects(&staging, registered), 200);
    assert_eq!(introspects(&staging, rotated), 401);
    let local = (local["client_id"].as_str().unwrap(), local["client_secret"].as_str().unwrap());
    assert_eq!(introspects(&staging, local), 200);
    staging.signal("-TERM");
    assert_eq!(staging.wait(), Some(0));
}
