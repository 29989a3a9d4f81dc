//! The audit log from outside, and what a restored backup does: with real files that are put back.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binary::{Server, http};
use crate::place::{COMPANY, Place, SEED};

impl Place {
    fn seeded() -> Self {
        let place = Self::empty();
        place.json(&["platform", "seed", &place.seed_file(SEED)]);
        place
    }

    fn database(&self) -> PathBuf {
        self.path("data").join("platform.db")
    }

    /// Puts a copy of the database in its place.
    fn put_back(&self, bytes: &[u8]) {
        for beside in ["platform.db-wal", "platform.db-shm"] {
            let _not_there = fs::remove_file(self.path("data").join(beside));
        }
        fs::write(self.database(), bytes).unwrap();
    }

    fn served<T>(&self, work: impl FnOnce(&Server) -> T) -> T {
        let server = self.server(&["platform", "serve"], "log");
        let result = work(&server);
        server.signal("-TERM");
        assert_eq!(server.wait(), Some(0));
        result
    }

    /// The bad place that verification names, if it names one; its exit status goes with it.
    fn bad_place(&self) -> Option<String> {
        let output = self.run(&["audit", "verify", "--side", "platform"]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let place = found["data"][0]["problem"]["place"].as_str().map(str::to_owned);
        assert_eq!(output.status.code(), Some(i32::from(place.is_some())), "{found}");
        place
    }

    /// Makes a standalone key; its id and text.
    fn key(&self) -> (String, String) {
        let arguments =
            ["platform", "api-keys", "create", "--company", COMPANY, "--name", "k", "--scope", "users:read"];
        let made = self.json(&arguments);
        (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned())
    }
}

/// What the doctor says of a platform that stands still, if it says that; its exit status goes with it.
fn doctor_on_standstill(place: &Place) -> bool {
    let output = place.run(&["doctor"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let bad: Vec<&Value> =
        found["data"].as_array().unwrap().iter().filter(|row| row["ok"] == false).collect();
    assert_eq!(output.status.code(), Some(i32::from(!bad.is_empty())), "{found}");
    assert!(bad.iter().all(|row| row["what"].as_str().unwrap().starts_with("the platform serves nothing")));
    !bad.is_empty()
}

fn use_key(server: &Server, key: &str) -> u16 {
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{key}:"));
    let header = format!("Basic {basic}");
    http("GET", &format!("{}/v2/employees", server.url), &[("Authorization", &header)], "").0
}

fn change(database: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(database).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0);
}

pub(crate) fn the_log_is_verified_and_exported_and_tampering_is_found() {
    let place = Place::seeded();
    let (id, _) = place.key();
    assert_eq!(place.bad_place(), None, "alone");
    place.served(|_| {
        place.json(&["platform", "api-keys", "revoke", &id]);
        assert_eq!(place.bad_place(), None, "through the server");
        let export = |more: &[&str]| -> Vec<Value> {
            let output = place.run(&[&["audit", "export", "--side", "platform"], more].concat());
            let lines = String::from_utf8(output.stdout).unwrap();
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let rows = export(&["--type", "api_key.revoked"]);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(
            (&rows[0]["type"], &rows[0]["actor"]),
            (&"api_key.revoked".into(), &"command_line".into())
        );
        let kinds: Vec<Value> = export(&[]).into_iter().map(|row| row["type"].clone()).collect();
        let (of_the_seed, of_the_key) = kinds.split_at(kinds.len() - 2);
        assert_eq!(of_the_key, ["api_key.created", "api_key.revoked"]);
        assert!(of_the_seed.iter().all(|kind| !kind.as_str().unwrap().starts_with("api_key.")), "{kinds:?}");
        assert_eq!(export(&["--until", "2020-01-01"]), [Value::Null; 0]);
    });
    let good = fs::read(place.database()).unwrap();
    let cases = [
        ("UPDATE audit_records SET actor = 'user:somebody' WHERE kind = 'api_key.revoked'", "position"),
        ("DELETE FROM audit_records WHERE kind = 'api_key.created'", "position"),
        ("DELETE FROM audit_blocks WHERE number = (SELECT max(number) FROM audit_blocks)", "position"),
    ];
    for (sql, place_of) in cases {
        change(&place.database(), sql);
        let found = place.bad_place().unwrap();
        assert!(found.starts_with(place_of), "{found}");
        place.put_back(&good);
    }
    assert_eq!(place.bad_place(), None);
}

pub(crate) fn a_restored_backup_stands_still_until_the_operator_accepts() {
    let place = Place::seeded();
    let (id, key) = place.key();
    place.served(|server| assert_eq!(use_key(server, &key), 200));
    let backup = fs::read(place.database()).unwrap();
    place.served(|server| {
        place.json(&["platform", "api-keys", "revoke", &id]);
        assert_eq!(use_key(server, &key), 401);
    });
    assert_eq!(place.bad_place(), None);
    assert_eq!(place.json(&["recover", "status", "--side", "platform"])["held"], false);

    // Somebody puts last night's file back.
    place.put_back(&backup);
    assert!(place.bad_place().is_some(), "the log has lost its end");
    for _ in 0..2 {
        place.served(|server| {
            assert_eq!(use_key(server, &key), 503, "a revoked key is back in the database");
            let form = [("Content-Type", "application/x-www-form-urlencoded")];
            let (status, body) = http("POST", &format!("{}/oauth/token", server.url), &form, "grant_type=x");
            assert_eq!(status, 503, "{body}");
            assert!(body.contains("server_error"), "{body}");
            assert_eq!(http("GET", &format!("{}/login", server.url), &[], "").0, 503);
            assert_eq!(http("GET", &format!("{}/healthz", server.url), &[], "").0, 200);
            assert_eq!(http("GET", &format!("{}/readyz", server.url), &[], "").0, 503);
            // The platform alone is here, so that it need not be named.
            for side in [&["--side", "platform"][..], &[]] {
                let status = place.json(&[&["recover", "status"], side].concat());
                assert_eq!((&status["held"], &status["sign"]), (&true.into(), &"step_back".into()));
            }
            assert!(doctor_on_standstill(&place));
        });
    }
    let log = fs::read_to_string(place.path("log")).unwrap();
    assert!(log.contains("continuity.possibly_restored"), "{log}");
    place.served(|server| {
        assert_eq!(place.json(&["recover", "accept"])["accepted"], true);
        assert!(!doctor_on_standstill(&place));
        assert_eq!(use_key(server, &key), 200, "the operator was told, and took the database as it is");
        assert_eq!(http("GET", &format!("{}/readyz", server.url), &[], "").0, 200);
    });
    assert_eq!(place.bad_place(), None);
    let told = place.run(&["audit", "export", "--side", "platform"]).stdout;
    let told = String::from_utf8(told).unwrap();
    assert!(
        told.contains("restored_backup.suspected") && told.contains("restored_backup.accepted"),
        "{told}"
    );
    place.served(|server| assert_eq!(use_key(server, &key), 200));
}

pub(crate) fn a_backup_on_a_new_machine_stands_still_until_the_operator_accepts() {
    let old = Place::seeded();
    let (_, key) = old.key();
    old.served(|_| {});
    let new = Place::empty();
    fs::create_dir_all(new.path("data").join("keys")).unwrap();
    fs::copy(old.database(), new.database()).unwrap();
    let keys = |place: &Place| place.path("data").join("keys").join("platform.keys");
    fs::copy(keys(&old), keys(&new)).unwrap();
    new.served(|server| assert_eq!(use_key(server, &key), 503));
    assert_eq!(new.json(&["recover", "status", "--side", "platform"])["sign"], "no_memory");
    // Also without a server.
    assert_eq!(new.json(&["recover", "accept", "--side", "platform"])["accepted"], true);
    new.served(|server| assert_eq!(use_key(server, &key), 200));
}

pub(crate) fn where_both_sides_are_an_acceptance_names_one() {
    let place = Place::seeded();
    assert_eq!(place.json(&["recover", "status"])["held"], false);
    place.json(&["tokens", "create", "--role", "proxy"]);
    let both = place.json(&["recover", "status"]);
    let found: Vec<_> = both["data"].as_array().unwrap().iter().map(|row| &row["side"]).collect();
    assert_eq!(found, ["connect", "platform"]);
    assert_eq!((&both["data"][0]["in_doubt"], &both["data"][1]["held"]), (&0.into(), &false.into()));
    let refused = place.run(&["recover", "accept"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--side"));
    assert_eq!(place.json(&["recover", "accept", "--side", "connect"])["accepted"], 0);
}

pub(crate) fn a_sandbox_switch_is_on_record_with_its_origin() {
    let place = Place::seeded();
    fs::write(place.path("token"), "a-token-for-the-sandbox-switches").unwrap();
    let token = place.path("token");
    let sandbox = ["--environment", "staging", "--sandbox", "--sandbox-token-file", token.to_str().unwrap()];
    let server = place.server(&[&["platform", "serve"], &sandbox[..]].concat(), "log");
    let (_, key) = place.key();
    let bearer = ("Authorization", "Bearer a-token-for-the-sandbox-switches");
    let headers = [bearer, ("Content-Type", "application/json")];
    let wanted = serde_json::json!({"api_key": key}).to_string();
    let (status, body) = http("POST", &format!("{}/sandbox/revoke", server.url), &headers, &wanted);
    assert_eq!(status, 200, "{body}");
    assert_eq!(use_key(&server, &key), 401);
    let told = place.run(&["audit", "export", "--side", "platform", "--type", "api_key.revoked"]).stdout;
    let record: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!((&record["actor"], &record["source"]), (&"sandbox".into(), &"127.0.0.1".into()), "{record}");
    assert!(record["request_id"].as_str().unwrap().starts_with("req_"), "{record}");
}
