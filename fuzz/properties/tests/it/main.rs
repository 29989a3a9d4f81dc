//! The committed corpus, replayed on every property.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use properties::ALL;

fn fuzz(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)
}

#[test]
fn every_property_holds_for_the_corpus() {
    for (name, property) in ALL {
        let folder = fuzz("corpus").join(name);
        let mut inputs: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .collect();
        inputs.sort();
        assert!(inputs.len() >= 3, "{} has no corpus to speak of", folder.display());
        for input in inputs {
            let data = fs::read(&input).unwrap();
            let kept = std::panic::catch_unwind(|| property(&data));
            assert!(kept.is_ok(), "broken for {}: {:?}", input.display(), String::from_utf8_lossy(&data));
        }
    }
}

/// A property without a target is fuzzed by nobody; a target without a property is not replayed.
#[test]
fn properties_and_targets_are_the_same() {
    let mut targets: Vec<String> = fs::read_dir(fuzz("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    targets.sort();
    let mut names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(targets, names);
}
