//! The demo: the walk holds, the house is ready at once and needs little, and what was acknowledged outlives a kill.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::binary::{Server, http, run};

pub(crate) fn the_whole_story_is_walked_and_each_step_held() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(["demo", "--headless", "--data", directory.path().to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}\n{errors}");
    assert!(
        !text.contains("FAIL") && text.lines().filter(|line| line.starts_with("ok ")).count() > 30,
        "{text}"
    );
}

pub(crate) fn the_walk_prints_json_for_programs_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = crate::binary::mainstay();
    let output =
        command.env("TMPDIR", temporary.path()).args(["demo", "--headless", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let steps: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(steps.len() > 30 && steps.iter().all(|step| step["ok"] == true && step["milliseconds"].is_u64()));
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "temporary data was left");
}

/// A demo on a directory of its own, and the JSON line it prints.
fn start(directory: &std::path::Path, listen: &str) -> (Server, Value) {
    let data = directory.join("data");
    let arguments = ["demo", "--data", data.to_str().unwrap(), "--listen", listen];
    let mut server = Server::start(arguments, &directory.join("log"));
    let shown: Value = serde_json::from_str(&server.line()).unwrap();
    assert_eq!(shown["connect"]["url"], json!(server.url), "the ready line names the connect pages");
    (server, shown)
}

/// The first of three neighbouring ports that nobody uses at this moment.
fn three_free_ports() -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port));
    let all = |first: u16| (0..3).map(|offset| free(first + offset)).collect::<Result<Vec<_>, _>>().is_ok();
    (20_000..30_000).step_by(7).find(|first| all(*first)).expect("three free ports")
}

fn bearer(shown: &Value, role: &str) -> String {
    format!("Bearer {}", shown["connect"]["api_tokens"][role].as_str().unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn it_needs_little_memory_and_stops_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let (server, shown) = start(directory.path(), "127.0.0.1:0");
    for side in ["platform", "connect", "sandbox"] {
        let url = text(&shown[side]["url"]);
        assert_eq!(http("GET", &format!("{url}/healthz"), &[], "").0, 200);
        assert_eq!(http("GET", &format!("{url}/readyz"), &[], "").0, 200);
        assert_eq!(http("GET", &format!("{url}/metrics"), &[], "").0, 401);
        assert_eq!(
            http("GET", &format!("{url}/"), &[], "").0 / 100 % 5,
            if side == "sandbox" { 2 } else { 3 },
            "{side}"
        );
    }
    // Without optimisation the program itself is larger; the promise of 60 MB is for the release build.
    assert!(server.resident_kib() < 90 * 1024, "{} KiB", server.resident_kib());
    server.signal("-TERM");
    assert_eq!(server.wait(), Some(0));
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(!log.contains("panicked") && !log.contains("\"ERROR\""), "{log}");
}

pub(crate) fn what_was_acknowledged_outlives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    // Fixed ports, so that links and redirect URIs lead to the same place afterwards.
    let address = format!("127.0.0.1:{}", three_free_ports());
    let (server, shown) = start(directory.path(), &address);
    let session = |shown: &Value, reference: &str| {
        let url = format!("{}/v1/connect-sessions", text(&shown["connect"]["url"]));
        let body = json!({"accounting": "xero", "reference": reference}).to_string();
        let headers =
            [("Authorization", bearer(shown, "connect")), ("Content-Type", "application/json".to_owned())];
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (status, body) = http("POST", &url, &headers, &body);
        assert_eq!(status, 201, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let links: Vec<Value> = (0..20).map(|n| session(&shown, &format!("kept-{n}"))).collect();
    server.signal("-KILL");
    assert_eq!(server.wait(), None);
    let (server, again) = start(directory.path(), &address);
    for link in &links {
        let (status, page) = http("GET", text(&link["url"]), &[], "");
        assert_eq!(status, 200, "{page}");
    }
    // The token of before the kill, and the passwords, are still good.
    session(&shown, "afterwards");
    assert_eq!(shown["platform"]["users"], again["platform"]["users"]);
    assert_eq!(shown["platform"]["clients"], again["platform"]["clients"]);
    server.signal("-TERM");
    assert_eq!(server.wait(), Some(0));
}

/// Walks until a step whose line holds `step` has held, and kills the process at that moment. The connections that were
/// acknowledged by then.
fn walk_until(directory: &std::path::Path, step: &str) -> Vec<String> {
    let data = directory.join("data");
    let mut child = crate::binary::mainstay()
        .args(["demo", "--headless", "--data", data.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut connections = Vec::new();
    let mut reached = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        connections.extend(line.split_whitespace().find(|word| word.starts_with("con_")).map(str::to_owned));
        reached = line.contains(step);
        if reached {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached, "the walk never came to `{step}`");
    connections.dedup();
    connections
}

pub(crate) fn connections_outlive_a_kill_in_the_middle_of_the_walk() {
    for step in ["the person confirms the pair", "each end is refreshed exactly once"] {
        let directory = tempfile::tempdir().unwrap();
        let connections = walk_until(directory.path(), step);
        assert_eq!(connections.len(), 1, "{step}");
        let (server, shown) = start(directory.path(), "127.0.0.1:0");
        let ask = |role: &str, path: &str| {
            let url = format!("{}/v1/connections/{}{path}", text(&shown["connect"]["url"]), connections[0]);
            http("GET", &url, &[("Authorization", &bearer(&shown, role))], "")
        };
        let (status, body) = ask("connect", "");
        assert_eq!(status, 200, "{step}: {body}");
        let connection: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(connection["state"], "active", "{step}: {body}");
        for path in ["/platform/proxy/v1/introspect", "/accounting/proxy/connections"] {
            let (status, body) = ask("proxy", path);
            assert_eq!(status, 200, "{step} {path}: {body}");
        }
        server.signal("-TERM");
        assert_eq!(server.wait(), Some(0));
    }
}
