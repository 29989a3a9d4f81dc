//! A platform with many live authorisations, made by `mainstay generate`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// An access and a refresh token.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// A client with the tokens it holds.
#[derive(Debug, Clone)]
pub(crate) struct Holding {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) pairs: Vec<Pair>,
}

/// Where a platform keeps its rows and keys.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) binary: PathBuf,
    pub(crate) data: PathBuf,
    /// PostgreSQL, or SQLite in the data directory.
    pub(crate) postgres: Option<String>,
}

impl Place {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(words).arg("--data").arg(&self.data).args(["--environment", "staging"]);
        if let Some(url) = &self.postgres {
            command.args(["--database", url]);
        }
        command
    }

    /// The command that serves it.
    pub(crate) fn serve(&self) -> Command {
        self.command(&["platform", "serve", "--listen", "127.0.0.1:0"])
    }

    /// Makes so many authorisations.
    pub(crate) fn generate(&self, count: usize) -> Result<Holding> {
        std::fs::create_dir_all(&self.data)?;
        let out = self.data.join("generated.jsonl");
        let status = self
            .command(&["generate", "authorisations", "--json", "--count", &count.to_string()])
            .arg("--out")
            .arg(&out)
            .stdout(std::process::Stdio::null())
            .status()
            .context("run mainstay generate")?;
        ensure!(status.success(), "`mainstay generate authorisations` failed");
        let holding = read(&out)?;
        std::fs::remove_file(&out)?;
        Ok(holding)
    }
}

fn read(file: &Path) -> Result<Holding> {
    let text = std::fs::read_to_string(file)?;
    let member = |row: &Value, name: &str| -> Result<String> {
        Ok(row.get(name).and_then(Value::as_str).with_context(|| format!("no {name}"))?.to_owned())
    };
    let (mut client, mut pairs) = (None, Vec::new());
    for line in text.lines() {
        let row: Value = serde_json::from_str(line)?;
        if client.is_none() {
            client = Some((member(&row, "client_id")?, member(&row, "client_secret")?));
        }
        pairs.push(Pair { access: member(&row, "access_token")?, refresh: member(&row, "refresh_token")? });
    }
    let (client_id, client_secret) = client.context("nothing was generated")?;
    Ok(Holding { client_id, client_secret, pairs })
}
