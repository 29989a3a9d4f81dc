//! A small disk of its own for the processes of a row.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A mount namespace in which a directory is a disk of a few megabytes. It ends with this value.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    keeper: Child,
    /// The directory as it is seen from outside of the namespace.
    seen: PathBuf,
}

const KEEPER: &str =
    r#"mount -t tmpfs -o "size=$2,mode=0700" mainstay-faults "$1" && echo ready && cat >/dev/null"#;

impl SmallDisk {
    /// A disk of so many bytes at `directory`, which is there.
    pub(crate) async fn mount(directory: &Path, bytes: u64) -> Result<Self> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "unshare", "--mount", "--propagation", "private"]);
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["sh", "-c", KEEPER, "keeper"]).arg(directory).arg(bytes.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut keeper = command.spawn().context("start the keeper of a small disk")?;
        let stdout = keeper.stdout.take().context("read from the keeper of a small disk")?;
        let ready = BufReader::new(stdout).lines().next_line().await?;
        let id = keeper.id().filter(|_| ready.as_deref() == Some("ready"));
        let id = id.context("this machine lets nobody mount a disk in a namespace of its own")?;
        let inside = directory.strip_prefix("/").context("the directory's path is not absolute")?;
        let seen = Path::new("/proc").join(id.to_string()).join("root").join(inside);
        Ok(Self { keeper, seen })
    }

    /// What comes before a program that is to see the disk.
    pub(crate) fn prefix(&self) -> Vec<String> {
        let id = self.keeper.id().unwrap_or_default();
        let mut words = vec!["nsenter".to_owned(), format!("--target={id}"), "--mount".to_owned()];
        if !rustix::process::geteuid().is_root() {
            words.extend(["--user".to_owned(), "--preserve-credentials".to_owned()]);
        }
        words.push("--".to_owned());
        words
    }

    /// The disk as it is seen from outside.
    pub(crate) fn seen(&self) -> &Path {
        &self.seen
    }

    fn filler(&self) -> PathBuf {
        self.seen.join("filler")
    }

    /// Takes all the space that is left.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut file = std::fs::File::options().create(true).append(true).open(self.filler())?;
        for size in [64 * 1024, 4096, 1] {
            let zeros = vec![0; size];
            while file.write_all(&zeros).is_ok() {}
        }
        Ok(())
    }

    /// Gives it back.
    pub(crate) fn free(&self) -> Result<()> {
        std::fs::remove_file(self.filler()).context("free a small disk")
    }
}
