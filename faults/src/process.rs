//! Programs that are started, struck, and never left behind.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::watch::until;

/// A server that is not ready by then never will be, on a machine that is busy with others like it.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// A process that was asked to stop finishes a refresh first.
const STOPPED_WITHIN: Duration = Duration::from_secs(80);

/// A command that ends with this process however that ends: by `Drop`, or by the kernel when this process is killed.
pub(crate) fn command(prefix: &[String], program: &Path) -> Command {
    let mut words: Vec<&OsStr> = ["setpriv", "--pdeathsig", "KILL", "--"].map(OsStr::new).to_vec();
    words.extend(prefix.iter().map(OsStr::new));
    words.push(program.as_os_str());
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).kill_on_drop(true);
    // What steers this program is not for those that it starts.
    for name in ["MAINSTAY_TEST_REQUIRE", "MAINSTAY_TEST_WITHOUT"] {
        command.env_remove(name);
    }
    command
}

/// Runs a short command to its end and gives what it said.
pub(crate) async fn run(mut command: Command) -> Result<String> {
    let output = command.stderr(Stdio::piped()).stdout(Stdio::piped()).output().await;
    let output = output.with_context(|| format!("run {:?}", command.as_std()))?;
    ensure!(
        output.status.success(),
        "{:?} failed ({}): {}",
        command.as_std(),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).context("read what a command said")
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pid: Pid,
    log: PathBuf,
    stands_still: Cell<bool>,
    /// Where it listens.
    pub(crate) url: String,
    /// Held, as a server whose standard output is closed would learn of it.
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts it and waits until it is ready. Its log is appended to `log`.
    pub(crate) async fn start(mut command: Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log).context("open a log")?;
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().context("start a server")?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).context("a server has no id")?;
        let stdout = child.stdout.take().context("read from a server")?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(READY_WITHIN, lines.next_line()).await;
        let first = first.context("a server did not get ready")?.context("read from a server")?;
        match first.as_deref().and_then(|line| line.strip_prefix("ready ")) {
            Some(url) => Ok(Self {
                child,
                pid,
                log: log.to_owned(),
                stands_still: Cell::new(false),
                url: url.to_owned(),
                _stdout: lines,
            }),
            None => bail!("a server did not start: {}", last_lines(log)),
        }
    }

    /// Sends a signal.
    fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.pid, signal).with_context(|| format!("send {signal:?} to a server"))
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        ended
            .with_context(|| {
                format!("a server goes on where it should have ended: {}", last_lines(&self.log))
            })?
            .context("wait for a server")
    }

    /// Waits until it has killed itself.
    pub(crate) async fn struck(&mut self, within: Duration) -> Result<()> {
        let status = self.ended(within).await?;
        ensure!(
            status.signal() == Some(Signal::KILL.as_raw()),
            "a server ended by itself ({status}): {}",
            last_lines(&self.log)
        );
        Ok(())
    }

    /// Waits until it stands still.
    pub(crate) async fn stopped(&self, within: Duration) -> Result<()> {
        let state = PathBuf::from(format!("/proc/{}/stat", self.pid.as_raw_nonzero()));
        let stopped = until(within, async || {
            // The state follows the name, which stands in parentheses.
            let text = std::fs::read_to_string(&state).context("look at a server")?;
            Ok(text
                .rsplit_once(')')
                .is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
                .then_some(()))
        });
        let stopped = stopped.await?;
        self.stands_still.set(stopped.is_some());
        stopped.with_context(|| {
            format!("a server goes on where it should stand still: {}", last_lines(&self.log))
        })
    }

    /// Whether it stands still, so that nothing can be asked of it.
    pub(crate) fn stands_still(&self) -> bool {
        self.stands_still.get()
    }

    /// Lets it go on.
    pub(crate) fn wake(&self) -> Result<()> {
        self.signal(Signal::CONT)?;
        self.stands_still.set(false);
        Ok(())
    }

    /// Kills it, as a power cut would.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.ended(STOPPED_WITHIN).await.map(drop)
    }

    /// Asks it to stop, and waits until it has, in good order.
    pub(crate) async fn finish(mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        let status = self.ended(STOPPED_WITHIN).await?;
        ensure!(status.success(), "a server did not stop in order ({status}): {}", last_lines(&self.log));
        Ok(())
    }
}

/// The end of a log, for a message.
fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(6)..].join(" / ")
}
