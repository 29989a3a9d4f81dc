use super::*;

fn tls(url: &str) -> Tls {
    parse(url).map(|parsed| parsed.tls).unwrap()
}

#[test]
fn a_server_elsewhere_is_only_reached_with_tls_unless_said_otherwise() {
    assert_eq!(tls("postgres://db.example/d"), Tls::Verified { root: None });
    assert_eq!(tls("postgres://db.example/d?sslmode=prefer"), Tls::Verified { root: None });
    assert_eq!(tls("postgres://db.example/d?sslmode=disable"), Tls::Off);
    let root = Some(PathBuf::from("/etc/ca.pem"));
    assert_eq!(
        tls("postgres://db.example/d?sslrootcert=/etc/ca.pem&sslmode=verify-full"),
        Tls::Verified { root }
    );
}

#[test]
fn a_server_on_this_machine_is_reached_without() {
    for url in [
        "postgres://127.0.0.1/d",
        "postgres://localhost/d",
        "postgres://[::1]/d",
        "postgres:///d?host=/run/postgresql",
    ] {
        assert_eq!(tls(url), Tls::Off, "{url}");
    }
    assert_eq!(tls("postgres://127.0.0.1/d?sslmode=require"), Tls::Verified { root: None });
}

#[test]
fn other_options_reach_the_driver() {
    let parsed = parse("postgres://u@h/d?sslmode=disable&application_name=x&connect_timeout=3").unwrap();
    assert_eq!(parsed.config.get_application_name(), Some("x"));
    assert!(parse("postgres://h/d?flavour=mild").is_err());
}
