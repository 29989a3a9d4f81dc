//! What tests of other crates show, with real processes and on each database.

use std::path::Path;

use super::lists::{List, Number};

pub(super) struct Elsewhere {
    pub(super) numbers: &'static [Number],
    /// What holds, as the document has it.
    pub(super) holds: &'static str,
    /// The file, from the root of the repository.
    pub(super) file: &'static str,
    /// The case, by its name in that file.
    pub(super) case: &'static str,
}

/// A selection of the tables that `cargo run --release -p faults -- platform` makes in full.
const FAULTS: &str = "faults/tests/it/main.rs";

const fn of_faults(numbers: &'static [Number], holds: &'static str, case: &'static str) -> Elsewhere {
    Elsewhere { numbers, holds, file: FAULTS, case }
}

pub(super) const ELSEWHERE: &[Elsewhere] = &[
    of_faults(
        &[(List::F, 96), (List::F, 97)],
        "Twenty parallel refreshes with one token by turns at two server processes on one slow PostgreSQL: at most one is answered 200, all others `invalid_grant`, and no branch lives on",
        "twenty refreshes at once: strict, PostgreSQL, two processes",
    ),
    of_faults(
        &[(List::F, 96), (List::F, 98)],
        "With a retry window twenty parallel refreshes over a slow SQLite are all answered with one successor, round after round; a run of its own has 1,000 rounds on each database",
        "twenty refreshes at once: retry window, SQLite, one process",
    ),
    of_faults(
        &[(List::F, 97), (List::F, 98)],
        "The same by turns at two server processes on one slow PostgreSQL",
        "twenty refreshes at once: retry window, PostgreSQL, two processes",
    ),
    of_faults(
        &[(List::F, 92), (List::G, 104), (List::G, 117)],
        "After a revocation that met refreshes at two processes no token of the authorisation lives, at once where it was revoked and within a second at the other",
        "a revocation races refreshes: at the revocation endpoint, PostgreSQL, two processes",
    ),
    of_faults(
        &[(List::F, 100), (List::F, 101)],
        "A process on SQLite is killed again and again in the middle of rotations: each client's last pair works, or its refresh was in flight and its authorisation goes on or is over by policy; none is doubled, and what was spent or revoked stays so",
        "kill -9 in the middle of rotations: SQLite, one process",
    ),
    of_faults(
        &[(List::F, 100), (List::F, 101)],
        "The same where one of two processes on one PostgreSQL is killed",
        "kill -9 in the middle of rotations: PostgreSQL, two processes",
    ),
    Elsewhere {
        numbers: &[(List::K, 167)],
        holds: "A record that was changed, removed, moved or put in is found by verification, and its place named",
        file: "crates/store/tests/it/audit_tampering.rs",
        case: "audit_tampering",
    },
];

#[test]
fn what_is_shown_elsewhere_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for Elsewhere { file, case, .. } in ELSEWHERE {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains(&format!("{case:?}")), "there is no case {case:?} in {file}");
    }
}
