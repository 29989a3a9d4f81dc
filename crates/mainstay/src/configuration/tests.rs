use std::fs;

use super::layers::Source;
use super::*;

fn flags(pairs: &[(&'static str, &str)]) -> Flags {
    Flags {
        values: pairs.iter().map(|(name, value)| (*name, vec![(*value).to_owned()])).collect(),
        ..Flags::default()
    }
}

/// A configuration file in a directory of its own, removed with it.
struct File(tempfile::TempDir);

impl File {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("mainstay.toml"), text).unwrap();
        Self(directory)
    }

    fn flags(&self, pairs: &[(&'static str, &str)]) -> Flags {
        Flags { config: Some(self.0.path().join("mainstay.toml")), ..flags(pairs) }
    }
}

fn refused(file: &str) -> String {
    let file = File::new(file);
    Configuration::from_outside(&file.flags(&[]), &Environment::default()).unwrap_err().to_string()
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file() {
    let file = File::new("listen = \"127.0.0.1:1\"\nenvironment = \"staging\"\nlog = \"debug\"");
    let environment = Environment::of(&[("MAINSTAY_LISTEN", "127.0.0.1:2"), ("MAINSTAY_LOG", "trace")]);
    let (configuration, layers) =
        Configuration::from_outside(&file.flags(&[("listen", "127.0.0.1:3")]), &environment).unwrap();
    assert_eq!(configuration.listen.unwrap().port(), 3);
    assert_eq!(configuration.log.as_deref(), Some("trace"));
    assert_eq!(configuration.environment, PleoEnvironment::Staging);
    assert!(matches!(layers.source("log"), Some(Source::Variable(name)) if name == "MAINSTAY_LOG"));
}

#[test]
fn an_unknown_key_is_refused_with_file_key_and_near_match() {
    let message = refused("lisen = \"127.0.0.1:1\"");
    assert!(
        message.contains("mainstay.toml") && message.contains("`lisen`") && message.contains("`listen`"),
        "{message}"
    );
    let message = refused("[providers.xero]\ntoken_uri = \"https://x.example\"");
    assert!(
        message.contains("`token_uri`")
            && message.contains("[providers.xero]")
            && message.contains("`token_url`"),
        "{message}"
    );
}

#[test]
fn an_unknown_variable_is_refused_but_not_what_kubernetes_sets() {
    let environment = Environment::of(&[("MAINSTAY_LISTN", "127.0.0.1:2")]);
    let failure = Configuration::from_outside(&flags(&[]), &environment).unwrap_err();
    assert!(failure.usage && failure.to_string().contains("MAINSTAY_LISTEN"), "{failure}");
    let environment =
        Environment::of(&[("MAINSTAY_PORT_80_TCP_ADDR", "10.0.0.1"), ("MAINSTAY_SERVICE_HOST", "10.0.0.1")]);
    Configuration::from_outside(&flags(&[]), &environment).unwrap();
}

#[test]
fn a_syntax_error_names_the_line_and_shows_nothing_of_it() {
    let message = refused("log = \"info\"\nmetrics_token = planted-secret-value\n");
    assert!(message.contains("line 2") && !message.contains("planted"), "{message}");
}

#[test]
fn a_public_url_is_https_unless_it_is_loopback() {
    for good in
        ["https://connect.example.com/base/", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost"]
    {
        Configuration::from_outside(&flags(&[("public_url", good)]), &Environment::default()).unwrap();
    }
    for bad in [
        "http://connect.example.com",
        "ftp://x.example",
        "https://u:p@x.example",
        "https://x.example/?a=b",
        "x",
    ] {
        assert!(
            Configuration::from_outside(&flags(&[("public_url", bad)]), &Environment::default()).is_err(),
            "{bad}"
        );
    }
    let (configuration, _) = Configuration::from_outside(
        &flags(&[("public_url", "https://x.example/base/")]),
        &Environment::default(),
    )
    .unwrap();
    assert_eq!(configuration.public_url.unwrap().as_str(), "https://x.example/base");
}

#[test]
fn loose_switches_exist_in_staging_only() {
    for key in ["sandbox", "rate_limits"] {
        let value = if key == "sandbox" { "on" } else { "off" };
        assert!(
            Configuration::from_outside(&flags(&[(key, value)]), &Environment::default()).is_err(),
            "{key}"
        );
        let pairs = [(key, value), ("environment", "staging")];
        Configuration::from_outside(&flags(&pairs), &Environment::default()).unwrap();
    }
}

#[test]
fn pleos_addresses_follow_the_environment_unless_others_are_named() {
    let at_pleo = |text: &str, pairs: &[(&'static str, &str)]| {
        let file = File::new(text);
        let (configuration, _) =
            Configuration::from_outside(&file.flags(pairs), &Environment::default()).unwrap();
        let none = Overrides::default();
        let overrides = configuration.providers.get("pleo").unwrap_or(&none);
        let catalogue = providers::Catalogue::built_in();
        let endpoints = catalogue.get(&ProviderId::pleo()).unwrap().endpoints(overrides).unwrap();
        (endpoints.environment, endpoints.api_url.to_string())
    };
    let staging = ("staging".to_owned(), "https://external.staging.pleo.io/".to_owned());
    let production = ("production".to_owned(), "https://external.pleo.io/".to_owned());
    assert_eq!(at_pleo("", &[]), production);
    assert_eq!(at_pleo("", &[("environment", "production")]), production);
    assert_eq!(at_pleo("", &[("environment", "staging")]), staging);
    assert_eq!(at_pleo("[providers.pleo]\nscopes = \"users:read\"", &[("environment", "staging")]), staging);
    let named = |name: &str| format!("[providers.pleo]\nenvironment = \"{name}\"");
    assert_eq!(at_pleo(&named("production"), &[("environment", "staging")]), production);
    assert_eq!(at_pleo(&named("staging"), &[]), staging);
}

#[test]
fn secrets_come_from_files_and_are_masked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    fs::write(&path, "a-metrics-token-of-some-length\n").unwrap();
    let environment = Environment::of(&[
        ("MAINSTAY_METRICS_TOKEN_FILE", path.to_str().unwrap()),
        ("MAINSTAY_DATABASE", "postgres://u:planted@db.example/m?password=planted"),
    ]);
    let (configuration, layers) = Configuration::from_outside(&flags(&[]), &environment).unwrap();
    assert_eq!(configuration.metrics_token.unwrap().expose(), "a-metrics-token-of-some-length");
    let shown = shown(&layers).to_string();
    assert!(
        !shown.contains("planted") && !shown.contains("a-metrics") && shown.contains("db.example"),
        "{shown}"
    );
    assert!(!configuration.database.to_string().contains("planted"));
    let twice = Environment::of(&[("MAINSTAY_METRICS_TOKEN_FILE", "/x"), ("MAINSTAY_METRICS_TOKEN", "y")]);
    assert!(Configuration::from_outside(&flags(&[]), &twice).is_err());
}

#[test]
fn paths_in_a_file_are_relative_to_it() {
    let file = File::new("data = \"here\"\ndatabase = \"sqlite:there.db\"");
    let (configuration, _) = Configuration::from_outside(&file.flags(&[]), &Environment::default()).unwrap();
    assert_eq!(configuration.data, file.0.path().join("here"));
    assert_eq!(configuration.sqlite_file("connect"), Some(file.0.path().join("there.db")));
    let (configuration, _) =
        Configuration::from_outside(&flags(&[("data", "here")]), &Environment::default()).unwrap();
    assert_eq!(configuration.sqlite_file("connect"), Some(PathBuf::from("here/connect.db")));
}

#[test]
fn lists_come_with_commas_or_as_arrays() {
    let file = File::new(
        "outbound_allow = [\"127.0.0.0/8\", \"::1\"]\nreturn_to_allow = \"https://app.example.com\"",
    );
    let (configuration, _) = Configuration::from_outside(
        &file.flags(&[("trusted_proxies", "10.0.0.0/8, 192.168.1.1")]),
        &Environment::default(),
    )
    .unwrap();
    assert_eq!((configuration.outbound_allow.len(), configuration.trusted_proxies.len()), (2, 2));
    assert_eq!(configuration.return_to_allow.len(), 1);
    let message = refused("outbound_allow = [\"nowhere\"]");
    assert!(message.contains("`nowhere`"), "{message}");
}

#[test]
fn a_fault_point_is_refused_without_the_sandbox_switches() {
    let environment = Environment::of(&[("MAINSTAY_FAULT_POINT", "after-answer:kill")]);
    let tried = |pairs: &[(&'static str, &str)]| Configuration::from_outside(&flags(pairs), &environment);
    for pairs in [&[][..], &[("environment", "staging")]] {
        let failure = tried(pairs).unwrap_err();
        assert!(failure.usage && failure.what.contains("MAINSTAY_FAULT_POINT"), "{failure}");
    }
    let (configuration, _) = tried(&[("environment", "staging"), ("sandbox", "on")]).unwrap();
    assert!(configuration.fault_point.is_some());
    let wrong = Environment::of(&[("MAINSTAY_FAULT_POINT", "after-lunch:kill")]);
    let sandbox = flags(&[("environment", "staging"), ("sandbox", "on")]);
    assert!(Configuration::from_outside(&sandbox, &wrong).unwrap_err().why.contains("before-marker"));
}
