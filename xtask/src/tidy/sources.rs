//! What the sources say.

use super::Violation;
use crate::tree::Tree;

/// No file is longer, tests included.
const MOST_LINES: usize = 600;
/// Names that say nothing of what a module is.
const EMPTY_NAMES: [&str; 8] =
    ["utils", "util", "common", "helpers", "helper", "misc", "manager", "shared_stuff"];

/// A word that gives away what only one room may do, and the folders where it may stand.
struct Reserved {
    rule: &'static str,
    needle: &'static str,
    allowed: &'static [&'static str],
    why: &'static str,
}

const RESERVED: [Reserved; 12] = [
    Reserved {
        rule: "ciphertext",
        needle: "aws_lc_rs::aead",
        allowed: &["crates/seal/"],
        why: "only `seal` opens a ciphertext",
    },
    Reserved {
        rule: "network",
        needle: "reqwest::",
        allowed: &["crates/outbound/"],
        why: "only `outbound` talks to the network",
    },
    Reserved { rule: "sql", needle: "\"SELECT ", allowed: SQL, why: "only `store` contains SQL" },
    Reserved { rule: "sql", needle: "\"INSERT INTO ", allowed: SQL, why: "only `store` contains SQL" },
    Reserved { rule: "sql", needle: "\"UPDATE ", allowed: SQL, why: "only `store` contains SQL" },
    Reserved { rule: "sql", needle: "\"DELETE FROM ", allowed: SQL, why: "only `store` contains SQL" },
    Reserved { rule: "axum", needle: "axum::", allowed: AXUM, why: "only `web` knows axum" },
    Reserved {
        rule: "environment",
        needle: "env::var",
        allowed: ENVIRONMENT,
        why: "only `mainstay` reads the environment",
    },
    Reserved { rule: "secrets", needle: "Display for Secret", allowed: &[], why: "a secret has no Display" },
    Reserved {
        rule: "secrets",
        needle: "Serialize for Secret",
        allowed: &[],
        why: "a secret has no Serialize",
    },
    Reserved {
        rule: "proof",
        needle: "issued_by_store(",
        allowed: PROOF,
        why: "only the store proves that a lease was taken",
    },
    Reserved {
        rule: "unfinished",
        needle: "unimplemented!(",
        allowed: &[],
        why: "nothing unfinished is called done",
    },
];

// The tests of the binary look into its database files, and damage them.
const SQL: &[&str] = &["crates/store/", "crates/mainstay/tests/"];
// What is measured is measured beside a bare axum.
const AXUM: &[&str] = &["crates/web/", "crates/mainstay/", "bench/"];
// The simulation has a store that lies, to show that the lie is seen.
const PROOF: &[&str] = &["crates/store/", "crates/refresh/src/lease.rs", "sim/src/store.rs"];
const ENVIRONMENT: &[&str] = &["crates/mainstay/", "testkit/", "e2e/", "xtask/"];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.ending("rs") {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            violations.push(Violation {
                place: path.to_owned(),
                rule: "length",
                what: format!("{lines} lines; {MOST_LINES} is the most"),
            });
        }
        let stem = path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or_default();
        if EMPTY_NAMES.contains(&stem) {
            let what = format!("`{stem}` says nothing of what is in it");
            violations.push(Violation { place: path.to_owned(), rule: "names", what });
        }
        // These rules are written here in so many words; and tests may look at what they are about.
        if path.starts_with("xtask/src/tidy") {
            continue;
        }
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for reserved in &RESERVED {
                let allowed = reserved.allowed.iter().any(|folder| path.starts_with(folder));
                let looked_at = is_test && ["environment", "network"].contains(&reserved.rule);
                if !allowed && !looked_at && code.contains(reserved.needle) {
                    violations.push(Violation {
                        place: format!("{path}:{}", number + 1),
                        rule: reserved.rule,
                        what: reserved.why.to_owned(),
                    });
                }
            }
        }
    }
    violations.extend(transactions(tree));
    violations
}

/// Each transaction has a name of its own, so that what is measured under it is one thing.
fn transactions(tree: &Tree) -> Vec<Violation> {
    let mut seen = std::collections::BTreeMap::<String, String>::new();
    let mut violations = Vec::new();
    for (path, text) in tree.ending("rs").filter(|(path, _)| path.starts_with("crates/store/src/")) {
        let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for call in [".run_tx(", ".read("] {
            for (at, _) in flat.match_indices(call) {
                let rest = flat[at + call.len()..].trim_start();
                let Some(name) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                    continue;
                };
                if let Some(before) = seen.insert(name.to_owned(), path.to_owned()) {
                    let what = format!("the transaction name {name:?} stands in {before} already");
                    violations.push(Violation { place: path.to_owned(), rule: "transaction names", what });
                }
            }
        }
    }
    violations
}
