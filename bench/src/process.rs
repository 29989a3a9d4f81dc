//! The processes that are measured: started, waited for, looked at, stopped.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base::{Clock as _, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};

use crate::Binary;

/// A server in a process of its own; it is stopped when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process until it said that it was ready.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts it and waits for its line `ready http://ADDRESS`.
    pub(crate) fn start(mut command: Command, log: &Path) -> Result<Self> {
        let clock = SystemClock::new();
        let stderr = std::fs::File::create(log)?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("start {command:?}"))?;
        let stdout = child.stdout.take().context("the server's output")?;
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        let ready_after = clock.monotonic();
        let address = line.trim().strip_prefix("ready http://").and_then(|rest| rest.parse().ok());
        if let (Ok(_), Some(address)) = (read, address) {
            return Ok(Self { child, address, ready_after });
        }
        child.kill()?;
        child.wait()?;
        let said = std::fs::read_to_string(log).unwrap_or_default();
        anyhow::bail!("{command:?} did not become ready; it said {line:?} and\n{said}")
    }

    /// One of this program's own hidden servers.
    pub(crate) fn of_this_program(arguments: &[&str], log: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments);
        Self::start(command, log)
    }

    /// Processor time that the process has taken so far, in user and system mode.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        // The name in brackets may hold anything; what is counted from comes after it.
        let fields: Vec<&str> = stat.rsplit_once(") ").context("stat")?.1.split(' ').collect();
        let ticks = |index: usize| -> Result<u64> { Ok(fields.get(index).context("stat")?.parse()?) };
        let ticks = ticks(11)? + ticks(12)?;
        Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(f64::from(kib) / 1024.0)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).with_context(|| path)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Failing means that it is gone already, which the wait finds out.
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// Processor time of this process so far.
pub(crate) fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0))
}

impl Binary {
    /// The binary to be measured; the release of this checkout is built first unless another was named.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        if let Some(path) = &self.binary {
            return Ok(path.clone());
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace")?;
        let built = Command::new("cargo")
            .args(["build", "--release", "--locked", "--package", "mainstay"])
            .current_dir(root)
            .status()
            .context("run cargo")?;
        ensure!(built.success(), "mainstay was not built");
        // Where cargo put this program it puts that one, too.
        let own = std::env::current_exe()?;
        Ok(own.with_file_name("mainstay"))
    }
}
