use std::time::Duration;

use http::StatusCode;
use sandbox::StandinKind;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::world::{REDIRECT, SECRET, World, form};

const FORTNOX: StandinKind = StandinKind::Fortnox;

fn query() -> String {
    form(&[
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", REDIRECT),
        ("state", "s"),
        ("scope", "bookkeeping"),
        ("access_type", "offline"),
    ])
}

async fn first_tokens(world: &World) -> serde_json::Value {
    let parameters = world.consent(FORTNOX, &query(), "anna@example.com", Some("102"), "allow").await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", parameters["code"].as_str()),
        ("redirect_uri", REDIRECT),
    ];
    world.token(FORTNOX, &fields).await.json()
}

#[tokio::test]
async fn without_the_token_every_switch_is_shut() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/fortnox/sandbox/faults"),
        ("PUT", "/fortnox/sandbox/faults"),
        ("DELETE", "/fortnox/sandbox/faults"),
        ("POST", "/fortnox/sandbox/clock"),
        ("POST", "/fortnox/sandbox/revoke"),
        ("GET", "/fortnox/sandbox/journal"),
        ("GET", "/fortnox/sandbox/fingerprint?value=x"),
        ("GET", "/fortnox/sandbox/booked?company=101"),
    ] {
        for token in ["", "Bearer wrong", "Basic c2FuZGJveC10b2tlbjo="] {
            let request = http::Request::builder().method(method).uri(path).header("authorization", token);
            let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} {token}");
        }
        assert_ne!(
            world.switch(method, path, None).await.status,
            StatusCode::UNAUTHORIZED,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn the_journal_tells_what_a_client_did_and_shows_no_secret() {
    let world = World::new().await;
    let tokens = first_tokens(&world).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let access_token = tokens["access_token"].as_str().unwrap();
    world.token(FORTNOX, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
    world.api("GET", "/fortnox/3/companyinformation", access_token, &[], None).await;
    let journal = world.switch("GET", "/fortnox/sandbox/journal?client_id=app", None).await;
    for secret in [refresh_token, access_token, SECRET] {
        assert!(!journal.text.contains(secret));
    }
    let entries = journal.json()["data"].as_array().unwrap().clone();
    let endpoints: Vec<&str> = entries.iter().map(|entry| entry["endpoint"].as_str().unwrap()).collect();
    assert_eq!(endpoints, ["authorize", "authorize", "token", "token", "api"]);
    let value = oauth::parameters::encode(refresh_token).to_string();
    let shown =
        world.switch("GET", &format!("/fortnox/sandbox/fingerprint?value={value}"), None).await.json();
    assert_eq!(entries[2]["answer"]["body"]["refresh_token"], shown["fingerprint"]);
    assert_eq!(entries[3]["parameters"]["refresh_token"], shown["fingerprint"]);
    assert_eq!(entries[3]["parameters"]["grant_type"], "refresh_token");
    assert_eq!(entries[3]["answer"]["status"], 200);
    assert_eq!(entries[4]["path"], "/3/companyinformation");
    let none = world.switch("GET", "/fortnox/sandbox/journal?client_id=other", None).await.json();
    assert_eq!(none["data"], json!([]));
    let page = world.switch("GET", "/fortnox/sandbox/journal?client_id=app&limit=2", None).await.json();
    let after = page["next"].as_str().unwrap();
    let rest = world
        .switch("GET", &format!("/fortnox/sandbox/journal?client_id=app&after={after}"), None)
        .await
        .json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (3, &serde_json::Value::Null));
}

#[tokio::test]
async fn faults_before_change_nothing_and_faults_after_lose_the_answer() {
    let world = World::new().await;
    let tokens = first_tokens(&world).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let refresh = async || {
        world.token(FORTNOX, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    };
    let put = async |faults| world.switch("PUT", "/fortnox/sandbox/faults", Some(faults)).await;
    let before =
        json!([{"endpoint": "token", "kind": "status", "status": 500, "times": 1, "client_id": "app"}]);
    assert_eq!(put(before).await.status, StatusCode::OK);
    assert_eq!(refresh().await.status, StatusCode::INTERNAL_SERVER_ERROR);
    let html = json!({"data": [{"endpoint": "token", "moment": "after", "kind": "html", "times": 1}]});
    assert_eq!(put(html).await.status, StatusCode::OK);
    let page = refresh().await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    // It was carried out all the same: the old token is spent.
    assert_eq!(refresh().await.json()["error"], "invalid_grant");
    let journal = world.switch("GET", "/fortnox/sandbox/journal", None).await.json();
    let entries = journal["data"].as_array().unwrap();
    let faulty: Vec<_> = entries
        .iter()
        .filter_map(|entry| Some((entry["fault"].as_str()?, &entry["answer"]["status"])))
        .collect();
    assert_eq!(faulty, [("before:status", &json!(500)), ("after:html", &json!(200))]);
    let wrong = put(json!([{"endpoint": "token", "kind": "delay"}])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.switch("DELETE", "/fortnox/sandbox/faults", None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_clock_of_one_system_moves_and_the_others_stay() {
    let world = World::new().await;
    let tokens = first_tokens(&world).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    let path = "/fortnox/3/companyinformation";
    assert_eq!(world.api("GET", path, access_token, &[], None).await.status, StatusCode::OK);
    let moved =
        world.switch("POST", "/fortnox/sandbox/clock", Some(json!({"advance_seconds": 3601}))).await.json();
    assert_eq!(moved["offset_seconds"], 3601);
    assert_eq!(world.api("GET", path, access_token, &[], None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.switch("GET", "/xero/sandbox/clock", None).await.json()["offset_seconds"], 0);
    assert_eq!(
        world.switch("POST", "/fortnox/sandbox/clock", Some(json!({"reset": true}))).await.status,
        StatusCode::OK
    );
    assert_eq!(world.api("GET", path, access_token, &[], None).await.status, StatusCode::OK);
    for nonsense in [json!({}), json!({"reset": false}), json!({"advance_seconds": 1, "reset": true})] {
        let answer = world.switch("POST", "/fortnox/sandbox/clock", Some(nonsense)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn withdrawn_access_is_over_for_calls_and_refreshes() {
    let world = World::new().await;
    let tokens = first_tokens(&world).await;
    let revoke = async |body| world.switch("POST", "/fortnox/sandbox/revoke", Some(body)).await;
    assert_eq!(revoke(json!({"client_id": "app", "company": "101"})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(revoke(json!({"client_id": "app", "company": "102"})).await.json()["ended"], 1);
    let access_token = tokens["access_token"].as_str().unwrap();
    let answer = world.api("GET", "/fortnox/3/companyinformation", access_token, &[], None).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let answer =
        world.token(FORTNOX, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
    assert_eq!(answer.json()["error"], "invalid_grant");
    assert_eq!(revoke(json!({"api_key": "x"})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(revoke(json!({})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// What a raw connection gets for a call of the API.
async fn raw(address: std::net::SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "GET /fortnox/3/companyinformation HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    // The connection must end by itself: kept alive, it would never.
    tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut got))
        .await
        .expect("the server closes")
        .ok();
    String::from_utf8(got).unwrap()
}

#[tokio::test]
async fn close_closes_the_connection_and_truncate_cuts_the_body() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shutdown, tracker) = (CancellationToken::new(), TaskTracker::new());
    let serving = tracker.spawn({
        let (router, shutdown, tracker) = (world.router.clone(), shutdown.clone(), tracker.clone());
        async move { web::shared::serve(listener, router, Vec::new(), shutdown, &tracker).await }
    });
    for (fault, expected) in [
        (json!({"endpoint": "api", "kind": "close", "times": 1}), 0),
        (json!({"endpoint": "api", "kind": "close", "moment": "after", "times": 1}), 0),
        (json!({"endpoint": "api", "kind": "truncate", "moment": "after", "times": 1}), 1),
    ] {
        world.switch("PUT", "/fortnox/sandbox/faults", Some(json!([fault]))).await;
        let got = raw(address).await;
        if expected == 0 {
            assert_eq!(got, "", "{fault}");
            continue;
        }
        let (head, body) = got.split_once("\r\n\r\n").unwrap();
        let announced = head.lines().find_map(|line| {
            line.to_lowercase().strip_prefix("content-length: ").map(|n| n.parse::<usize>().unwrap())
        });
        assert!(!body.is_empty() && body.len() < announced.unwrap(), "{got}");
    }
    shutdown.cancel();
    tracker.close();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_was_held_up_is_carried_out_though_its_sender_hung_up() {
    let world = World::new().await;
    let tokens = first_tokens(&world).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let refresh = async || {
        world.token(FORTNOX, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    };
    let fault = json!([{"endpoint": "token", "kind": "delay", "delay_ms": 150, "times": 1}]);
    world.switch("PUT", "/fortnox/sandbox/faults", Some(fault)).await;
    assert!(tokio::time::timeout(Duration::from_millis(20), refresh()).await.is_err());
    let carried_out = async {
        loop {
            let journal = world.switch("GET", "/fortnox/sandbox/journal", None).await.json();
            let last = journal["data"].as_array().unwrap().last().unwrap().clone();
            if last["fault"] == "before:delay" {
                return last;
            }
            tokio::task::yield_now().await;
        }
    };
    let entry = tokio::time::timeout(Duration::from_secs(5), carried_out).await.unwrap();
    assert_eq!(entry["answer"]["status"], 200);
    assert_eq!(refresh().await.json()["error"], "invalid_grant");
}
