//! The servers one by one: ready line, refusal of a second process, keys, versions, signals.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::binary::{Server, http, mainstay, refusal, run};

fn serve<'a>(side: &'a [&'a str], data: &'a str) -> Vec<&'a str> {
    [side, &["--data", data, "--listen", "127.0.0.1:0"]].concat()
}

const SIDES: [(&[&str], &str); 2] = [(&["serve"], "connect"), (&["platform", "serve"], "platform")];

pub(crate) fn each_server_says_ready_and_stops_on_either_signal() {
    for (command, side) in SIDES {
        for signal in ["-TERM", "-INT"] {
            let directory = tempfile::tempdir().unwrap();
            let data = directory.path().join("data");
            let server = Server::start(serve(command, data.to_str().unwrap()), &directory.path().join("log"));
            assert!(server.url.starts_with("http://127.0.0.1:"));
            let (status, body) = http("GET", &format!("{}/readyz", server.url), &[], "");
            assert_eq!(status, 200, "{body}");
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&data.join(format!("keys/{side}.keys"))), 0o600);
            assert_eq!(mode(&data), 0o700);
            assert_eq!(mode(&data.join(format!("instance/{side}.sock"))), 0o600);
            server.signal(signal);
            assert_eq!(server.wait(), Some(0), "{side} {signal}");
        }
    }
}

/// Whatever the umask: the demo has every side and every kind of file. `instance` was made by somebody careless.
pub(crate) fn nothing_that_is_written_is_open_to_others() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let instance = data.join("instance");
    fs::create_dir_all(&instance).unwrap();
    fs::set_permissions(&instance, fs::Permissions::from_mode(0o777)).unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", "umask 0; exec \"$0\" demo --headless --listen 127.0.0.1:0 --data \"$1\""])
        .args([mainstay().get_program(), data.as_os_str()])
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut waiting, mut seen) = (vec![data.clone()], 0);
    while let Some(here) = waiting.pop() {
        for entry in fs::read_dir(here).unwrap() {
            let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} has the mode {mode:o}", path.display());
            seen += 1;
            if kind.is_dir() {
                waiting.push(path);
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

pub(crate) fn the_stand_ins_are_served_each_under_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server =
        Server::start(serve(&["sandbox", "serve"], data.to_str().unwrap()), &directory.path().join("log"));
    for system in
        ["xero", "quickbooks", "business-central", "fortnox", "e-conomic", "sage", "exact-online", "visma"]
    {
        let (status, _) = http("GET", &format!("{}/{system}/sandbox/clock", server.url), &[], "");
        assert_eq!(status, 401, "{system}");
    }
    server.signal("-TERM");
    assert_eq!(server.wait(), Some(0));
}

pub(crate) fn both_sides_share_a_directory_but_one_side_has_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let data = data.to_str().unwrap();
    let servers: Vec<Server> = SIDES
        .iter()
        .map(|(command, side)| Server::start(serve(command, data), &directory.path().join(side)))
        .collect();
    for (command, _) in SIDES {
        let text = refusal(&run(serve(command, data)), 1);
        assert!(text.contains("another Mainstay process") && text.contains("--data"), "{text}");
    }
    for server in servers {
        assert_eq!(http("GET", &format!("{}/readyz", server.url), &[], "").0, 200);
        server.signal("-TERM");
        assert_eq!(server.wait(), Some(0));
    }
}

/// Starts a side once on a directory, so that it has a database and keys.
fn begun(command: &[&str], directory: &Path) -> String {
    let data = directory.join("data").to_str().unwrap().to_owned();
    let server = Server::start(serve(command, &data), &directory.join("log"));
    server.signal("-TERM");
    assert_eq!(server.wait(), Some(0));
    data
}

pub(crate) fn a_key_file_that_is_lost_foreign_or_open_to_others_is_refused() {
    for (command, side) in SIDES {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (data, other) = (begun(command, here.path()), begun(command, elsewhere.path()));
        let key = |data: &str| format!("{data}/keys/{side}.keys");
        let own = fs::read(key(&data)).unwrap();
        let refused = |wanted: &str| {
            let text = refusal(&run(serve(command, &data)), 1);
            assert!(text.contains(wanted), "{side}: {text}");
        };
        fs::remove_file(key(&data)).unwrap();
        refused("missing");
        assert!(!Path::new(&key(&data)).exists(), "a new key was made for old data");
        fs::copy(key(&other), key(&data)).unwrap();
        refused("does not belong to this database");
        fs::write(key(&data), &own).unwrap();
        fs::set_permissions(key(&data), fs::Permissions::from_mode(0o644)).unwrap();
        refused("chmod 600");
        fs::set_permissions(key(&data), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(key(&data), "mainstay-keys 1\nnothing\n").unwrap();
        refused("damaged");
        fs::write(key(&data), &own).unwrap();
        begun(command, here.path());
    }
}

pub(crate) fn a_key_file_that_cannot_be_used_leaves_no_database_behind() {
    for (command, side) in SIDES {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir_all(data.join("keys")).unwrap();
        fs::write(data.join(format!("keys/{side}.keys")), "not a key file").unwrap();
        refusal(&run(serve(command, data.to_str().unwrap())), 1);
        assert!(!data.join(format!("{side}.db")).exists(), "{side}");
    }
}

pub(crate) fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    for (command, side) in SIDES {
        let directory = tempfile::tempdir().unwrap();
        let data = begun(command, directory.path());
        let database = rusqlite::Connection::open(format!("{data}/{side}.db")).unwrap();
        database
            .execute("INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (900, 'from-later', 'x', 0)", [])
            .unwrap();
        drop(database);
        let text = refusal(&run(serve(command, &data)), 1);
        assert!(text.contains("newer") && text.contains("900"), "{text}");
        let text = refusal(&run(["migrate", "--data", &data]), 1);
        assert!(text.contains("newer"), "{text}");
    }
}

pub(crate) fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("data")).unwrap();
    fs::write(directory.path().join("data/connect.db"), "this is a letter to my aunt").unwrap();
    let data = directory.path().join("data");
    let text = refusal(&run(serve(&["serve"], data.to_str().unwrap())), 1);
    assert!(text.contains("not a database"), "{text}");
}

pub(crate) fn a_postgres_server_that_is_not_there_is_named_without_the_password() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let arguments = serve(&["serve"], data.to_str().unwrap());
    let url = "postgres://mainstay:planted-password@127.0.0.1:1/mainstay";
    let output = mainstay().args(arguments).env("MAINSTAY_DATABASE", url).output().unwrap();
    let text = refusal(&output, 1);
    assert!(text.contains("127.0.0.1") && !text.contains("planted"), "{text}");
}

pub(crate) fn metrics_have_an_address_of_their_own_if_one_is_given() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    // A port that was free a moment ago; the listener must be known from outside.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut arguments = serve(&["serve"], data.to_str().unwrap());
    arguments.extend(["--metrics-listen", &free]);
    let server = Server::start(arguments, &directory.path().join("log"));
    assert_eq!(http("GET", &format!("{}/metrics", server.url), &[], "").0, 404);
    let (status, text) = http("GET", &format!("http://{free}/metrics"), &[], "");
    assert!(status == 200 && text.contains("mainstay_http_requests_total"), "{status} {text}");
    server.signal("-TERM");
    assert_eq!(server.wait(), Some(0));
}
