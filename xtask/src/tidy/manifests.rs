//! Who may know whom: the manifests of the crates.

use toml::Table;

use super::Violation;
use crate::tree::Tree;

/// The rooms from the ground up. A crate knows only those before it.
const ORDER: [&str; 18] = [
    "base",
    "oauth",
    "seal",
    "outbound",
    "visitor",
    "continuity",
    "audit",
    "identity",
    "authserver",
    "platform",
    "providers",
    "refresh",
    "connect",
    "sandbox",
    "store",
    "web",
    "mainstay",
    "testkit",
];

/// A crate from elsewhere, and the only ones of ours that may name it.
const ALONE: [(&str, &[&str]); 9] = [
    ("reqwest", &["outbound"]),
    ("rusqlite", &["store"]),
    ("tokio-postgres", &["store"]),
    ("deadpool-postgres", &["store"]),
    ("sqlx", &["store"]),
    ("axum", &["web", "mainstay"]),
    ("askama", &["web"]),
    ("argon2", &["identity"]),
    ("store", &["mainstay", "testkit"]),
];

/// What brings an async runtime or I/O into a crate that must have neither.
const RUNTIME: [&str; 8] =
    ["tokio", "tokio-util", "reqwest", "hyper", "axum", "outbound", "store", "async-std"];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (folder, text) in tree.manifests() {
        let place = format!("{folder}/Cargo.toml");
        let mut say = |rule, what: String| violations.push(Violation { place: place.clone(), rule, what });
        let manifest: Table = match text.parse() {
            Ok(manifest) => manifest,
            Err(error) => {
                say("manifest", format!("cannot be read: {error}"));
                continue;
            }
        };
        let name =
            manifest.get("package").and_then(|p| p.get("name")).and_then(|n| n.as_str()).unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        let inherits = manifest.get("lints").and_then(|l| l.get("workspace")).and_then(toml::Value::as_bool);
        if inherits != Some(true) && folder != "fuzz" {
            say("lints", "does not take the lints of the workspace".to_owned());
        }
        let dependencies: Vec<&str> = manifest
            .get("dependencies")
            .and_then(toml::Value::as_table)
            .map(|table| table.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let rank = |krate: &str| ORDER.iter().position(|room| *room == krate);
        for dependency in &dependencies {
            if let (Some(own), Some(other)) = (rank(name), rank(dependency))
                && other >= own
            {
                say("one way", format!("{name} knows {dependency}, which stands above it"));
            }
            if let Some((_, allowed)) = ALONE.iter().find(|(krate, _)| krate == dependency)
                && rank(name).is_some()
                && !allowed.contains(&name)
            {
                say("alone", format!("{name} names {dependency}; only {} may", allowed.join(" and ")));
            }
            if ["base", "oauth"].contains(&name) && RUNTIME.contains(dependency) {
                say("no I/O", format!("{name} has no async runtime and does no I/O, but knows {dependency}"));
            }
            if name == "sandbox" && *dependency == "providers" {
                say(
                    "sandbox",
                    "the stand-ins are written from the facts, never from the catalogue".to_owned(),
                );
            }
        }
    }
    violations
}
