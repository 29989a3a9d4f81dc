//! How long `mainstay demo` takes to be ready, and what it holds when nothing happens.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::process::Server;
use crate::{Binary, report};

/// Options of `idle`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    binary: Binary,
    /// How often it is started
    #[arg(long, default_value_t = 5)]
    starts: usize,
    /// Seconds until its memory is read
    #[arg(long, default_value_t = 10)]
    settle: u64,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<()> {
    let binary = options.binary.path()?;
    report::line(&format!("idle: `mainstay demo`, {} starts; {}", options.starts, report::machine()))?;
    let (mut ready, mut resident, mut busy) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.starts {
        let data = tempfile::tempdir()?;
        let mut command = Command::new(&binary);
        command.args(["demo", "--listen", "127.0.0.1:0"]);
        let demo = Server::start(command, &data.path().join("demo.log"))?;
        ready.push(report::millis(demo.ready_after));
        let before = demo.cpu()?;
        std::thread::sleep(Duration::from_secs(options.settle));
        resident.push(demo.resident_mib()?);
        busy.push(
            report::millis(demo.cpu()?.saturating_sub(before))
                / Duration::from_secs(options.settle).as_secs_f64(),
        );
    }
    report::line(&format!(
        "idle: ready after {:.0} ms (median; wanted: under 1000); resident {:.0} MiB {} s later (median; wanted: under 60); \
         {:.1} ms of CPU a second with nothing to do",
        report::median(&ready),
        report::median(&resident),
        options.settle,
        report::median(&busy),
    ))
}
