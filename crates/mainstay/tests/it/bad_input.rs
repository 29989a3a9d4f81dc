//! What is refused, how it is said, and that nothing is half done.

use std::fs;
use std::net::TcpListener;

use crate::binary::{mainstay, refusal, run};

pub(crate) fn wrong_usage_exits_with_2_and_shows_how() {
    for arguments in [
        &["serve", "--no-such-option"][..],
        &["no-such-command"],
        &["clients", "set", "pleo"],
        &["webhooks", "list"],
    ] {
        let output = run(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains("--help") && output.stdout.is_empty(), "{arguments:?}: {text}");
    }
}

pub(crate) fn help_is_data_and_succeeds() {
    for arguments in [&["--help"][..], &["--version"], &["platform", "clients", "register", "--help"]] {
        let output = run(arguments);
        assert!(
            output.status.success() && output.stderr.is_empty() && !output.stdout.is_empty(),
            "{arguments:?}"
        );
    }
}

pub(crate) fn an_unknown_key_is_refused_with_its_file_and_what_was_meant() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mainstay.toml");
    fs::write(&file, "lisen = \"127.0.0.1:0\"\n").unwrap();
    let data = directory.path().join("data");
    let arguments = ["--config", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
    for command in [&["config", "check"][..], &["serve"]] {
        let text = refusal(&run(command.iter().chain(&arguments)), 1);
        assert!(
            text.contains("mainstay.toml") && text.contains("`lisen`") && text.contains("`listen`"),
            "{text}"
        );
    }
    assert!(!data.exists(), "a refused start made the data directory");
}

pub(crate) fn values_out_of_range_are_refused() {
    for (variable, value) in [
        ("MAINSTAY_LISTEN", "8080"),
        ("MAINSTAY_PUBLIC_URL", "http://connect.example.com"),
        ("MAINSTAY_TRUSTED_PROXIES", "somewhere"),
        ("MAINSTAY_ENVIRONMENT", "test"),
        ("MAINSTAY_LOG", "loud=loud=loud"),
        ("MAINSTAY_METRICS_TOKEN", "short"),
        ("MAINSTAY_DATABASE", "mysql://x"),
        ("MAINSTAY_NO_SUCH_SETTING", "x"),
    ] {
        let output = mainstay().env(variable, value).args(["config", "check"]).output().unwrap();
        let text = refusal(&output, 2);
        assert!(text.contains(variable), "{text}");
    }
}

pub(crate) fn the_configuration_is_shown_with_sources_and_without_secrets() {
    let output = mainstay()
        .env("MAINSTAY_METRICS_TOKEN", "planted-metrics-token")
        .env("MAINSTAY_DATABASE", "postgres://u:planted@db.example/m")
        .args(["config", "show", "--json", "--listen", "127.0.0.1:1"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["listen"]["value"], "127.0.0.1:1");
    assert_eq!(shown["listen"]["source"], "the option --listen");
    let text = shown.to_string();
    assert!(!text.contains("planted") && text.contains("db.example"), "{text}");
}

/// One server command by side, on a directory.
fn servers(data: &str) -> [Vec<&str>; 2] {
    [
        vec!["serve", "--data", data, "--listen", "127.0.0.1:0"],
        vec!["platform", "serve", "--data", data, "--listen", "127.0.0.1:0"],
    ]
}

pub(crate) fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    for mut arguments in servers(directory.path().join("data").to_str().unwrap()) {
        *arguments.last_mut().unwrap() = &address;
        let text = refusal(&run(&arguments), 1);
        assert!(text.contains(&address) && text.contains("--listen"), "{text}");
    }
    assert!(!directory.path().join("data").exists(), "a refused start made the data directory");
}

pub(crate) fn a_data_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    for arguments in servers(file.join("data").to_str().unwrap()) {
        let text = refusal(&run(&arguments), 1);
        assert!(text.contains("data directory"), "{text}");
    }
}
