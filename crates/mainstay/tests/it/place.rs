//! A data directory, and what is done to it through the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::binary::{Server, json, run, run_with_stdin};

/// A company on the platform side with somebody who administers it.
pub(crate) const SEED: &str = r#"
[[organisations]]
id = "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a1000"
name = "Group"
[[companies]]
id = "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a1001"
name = "One"
organisation = "Group"
country = "NL"
standalone_api_keys = true
[[users]]
email = "a@one.example"
password = "a-planted-password"
name = "A"
roles = [{ company = "One", role = "admin" }]
"#;

pub(crate) const COMPANY: &str = "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a1001";

/// A directory, gone when this is dropped.
pub(crate) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where commands and servers keep their data.
    pub(crate) fn data(&self) -> String {
        self.path("data").to_str().unwrap().to_owned()
    }

    /// Puts a seed file there; gives its path.
    pub(crate) fn seed_file(&self, text: &str) -> String {
        let path = self.path("seed.toml");
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs a command on the data, with an answer for programs.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        run(self.arguments(arguments))
    }

    /// The same with something to read.
    pub(crate) fn run_with_stdin(&self, arguments: &[&str], text: &str) -> Output {
        run_with_stdin(self.arguments(arguments), text)
    }

    /// What a command that must succeed answers.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        json(&self.run(arguments))
    }

    /// Serves a side; its log goes to a file of this name.
    pub(crate) fn server(&self, command: &[&str], log: &str) -> Server {
        let data = self.data();
        let arguments = [command, &["--listen", "127.0.0.1:0", "--data", &data]].concat();
        Server::start(arguments, Path::new(&self.path(log)))
    }

    fn arguments(&self, arguments: &[&str]) -> Vec<String> {
        let data = self.data();
        let all = [arguments, &["--data", &data, "--json"]].concat();
        all.into_iter().map(str::to_owned).collect()
    }
}
