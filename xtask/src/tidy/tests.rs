use super::check;
use crate::tree::Tree;

/// The rules that a tree with just this one file breaks.
fn broken(path: &str, text: &str) -> Vec<&'static str> {
    check(&Tree::of(&[(path, text)])).iter().map(|violation| violation.rule).collect()
}

fn manifest(name: &str, dependency: &str) -> String {
    format!("[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n[dependencies]\n{dependency} = \"1\"\n")
}

#[test]
fn the_repository_keeps_the_rules() {
    let tree = Tree::of_the_repository().unwrap();
    assert!(tree.len() > 100, "the tree was not found");
    let violations: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn each_rule_of_manifests_sees_what_breaks_it() {
    for (name, dependency, rule) in [
        ("base", "tokio", "no I/O"),
        ("refresh", "connect", "one way"),
        ("connect", "reqwest", "alone"),
        ("web", "rusqlite", "alone"),
        ("platform", "axum", "alone"),
        ("connect", "store", "alone"),
        ("sandbox", "providers", "sandbox"),
    ] {
        let found = broken(&format!("crates/{name}/Cargo.toml"), &manifest(name, dependency));
        assert!(found.contains(&rule), "{name} with {dependency}: {found:?}");
    }
    assert_eq!(broken("crates/web/Cargo.toml", "[package]\nname = \"web\"\n"), ["lints"]);
    assert_eq!(broken("crates/web/Cargo.toml", &manifest("web", "axum")), [""; 0]);
}

#[test]
fn each_rule_of_sources_sees_what_breaks_it() {
    for (path, text, rule) in [
        ("crates/web/src/a.rs", "use aws_lc_rs::aead::Aad;", "ciphertext"),
        ("crates/connect/src/a.rs", "let client = reqwest::Client::new();", "network"),
        ("crates/connect/src/a.rs", "let q = \"SELECT id FROM grants\";", "sql"),
        ("crates/web/tests/it/a.rs", "tamper(\"DELETE FROM audit_records\")", "sql"),
        ("crates/platform/src/a.rs", "fn f(r: axum::Router) {}", "axum"),
        ("fuzz/properties/src/a.rs", "use axum::body::Body;", "axum"),
        ("crates/web/src/a.rs", "std::env::var(\"HOME\")", "environment"),
        ("crates/base/src/a.rs", "impl<T> fmt::Display for Secret<T> {", "secrets"),
        ("crates/connect/src/a.rs", "LeaseProof::issued_by_store(id, owner, 1)", "proof"),
        ("crates/connect/src/utils.rs", "", "names"),
        ("crates/connect/src/a.rs", &"\n".repeat(601), "length"),
        (
            "crates/store/src/a.rs",
            "db.run_tx(\"a_b\", |tx| x); db.read(\n \"a_b\", |tx| y)",
            "transaction names",
        ),
    ] {
        assert_eq!(broken(path, text), [rule], "{path}: {text}");
    }
}

#[test]
fn comments_and_the_right_rooms_are_left_alone() {
    assert_eq!(broken("crates/web/src/a.rs", "// a \"SELECT \" in words"), [""; 0]);
    assert_eq!(broken("crates/store/src/a.rs", "tx.query(\"SELECT 1\")"), [""; 0]);
    assert_eq!(broken("crates/mainstay/src/a.rs", "std::env::var(\"HOME\")"), [""; 0]);
}
