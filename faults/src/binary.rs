use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::process::Command;

/// The `mainstay` that is tried.
#[derive(Debug, Clone)]
pub struct Binary(PathBuf);

impl Binary {
    /// This one.
    pub fn at(path: &Path) -> Result<Self> {
        ensure!(path.is_file(), "{} is not there", path.display());
        Ok(Self(path.to_owned()))
    }

    /// The one in the directory of the program that runs, as `cargo test` puts it there: `target/debug/mainstay` for
    /// `target/debug/deps/it-…`.
    pub fn beside() -> Result<Self> {
        let own = std::env::current_exe().context("find this program")?;
        let found = own.ancestors().skip(1).take(2).map(|directory| directory.join("mainstay"));
        match found.into_iter().find(|path| path.is_file()) {
            Some(path) => Ok(Self(path)),
            None => {
                bail!(
                    "there is no `mainstay` beside {}: build it, or run the whole `cargo test`",
                    own.display()
                )
            }
        }
    }

    /// Built now, in the profile that this program was built in, so that what is tried is what the sources say.
    pub async fn built() -> Result<Self> {
        let mut build = Command::new(option_env!("CARGO").unwrap_or("cargo"));
        build.args(["build", "--locked", "--package", "mainstay"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        let status = build.kill_on_drop(true).status().await.context("run cargo")?;
        ensure!(status.success(), "`mainstay` could not be built ({status})");
        Self::beside()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}
