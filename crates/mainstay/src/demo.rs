//! `mainstay demo`: both sides and two accounting stand-ins in one process, filled, on temporary data unless a directory
//! is named. `--headless` walks the whole story through their public doors.

mod accounting_cast;
mod browser;
mod cast;
mod house;
mod recorder;
mod report;
mod secrets;
mod story;

use std::sync::Arc;

use ipnet::IpNet;
use outbound::{Guard, ReqwestClient, Settings};

use crate::cli::{Common, Demo};
use crate::configuration::{Configuration, Flags};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::wiring::Process;
use crate::{output, runtime, serving, telemetry};
use house::House;
use recorder::{RecordingClient, SeenSecrets};
use report::Report;

/// The name of the sandbox switches' token among the demo's secrets.
const SANDBOX_TOKEN: &str = "sandbox token";
/// The name of the token of `/metrics`.
const METRICS_TOKEN: &str = "metrics token";

/// Runs the demo until it is stopped, or walks it.
pub(crate) fn run(
    options: &Demo,
    common: &Common,
    flags: &Flags,
    environment: &Environment,
) -> Result<(), Failure> {
    let (mut configuration, layers) = Configuration::from_outside(flags, environment)?;
    telemetry::start_logging(configuration.log.as_deref(), false)?;
    // Removed when the demo ends, however it is asked to.
    let temporary = match layers.source("data") {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("mainstay-demo-").tempdir().map_err(|error| {
            Failure::new("there is no place for the demo's data", error, "name one with `--data DIR`")
        })?),
    };
    if let Some(directory) = &temporary {
        directory.path().clone_into(&mut configuration.data);
    }
    let result = runtime::run(async {
        let process = Process::of_server()?;
        if options.headless {
            Box::pin(walk(options, common.json, &process, &configuration)).await
        } else {
            show(&process, &configuration).await
        }
    });
    if let Some(directory) = temporary
        && let Err(error) = directory.close()
    {
        output::remark(&format!("the demo's temporary data could not be removed: {error}"));
    }
    result
}

async fn show(process: &Process, configuration: &Configuration) -> Result<(), Failure> {
    let house = House::build(process, configuration, false, None).await?;
    serving::say_ready(&house.addresses.connect)?;
    output::line(&house.shown())?;
    output::remark(&format!(
        "The demo is running. Connect: {}  Pleo: {}  Accounting: {}. Its sign-ins are in the line above; Ctrl-C ends it.",
        house.addresses.connect, house.addresses.platform, house.addresses.sandbox
    ));
    house.until_stopped(process).await
}

async fn walk(
    options: &Demo,
    json: bool,
    process: &Process,
    configuration: &Configuration,
) -> Result<(), Failure> {
    let seen = options.seen_secrets.as_ref().map(|_| SeenSecrets::default());
    let started = process.clock.monotonic();
    let house = House::build(process, configuration, true, seen.as_ref()).await?;
    let ready = process.clock.monotonic().saturating_sub(started);
    let mut http = visitor()?;
    if let Some(seen) = &seen {
        http = Arc::new(RecordingClient { inner: http, seen: seen.clone() });
    }
    let mut report = Report::new(Arc::clone(&process.clock), json);
    report.note(&format!(
        "The house stands after {} ms: Pleo, connect and two accounting systems.",
        ready.as_millis()
    ))?;
    let stopping = process.tasks.stopping.clone();
    let walked = stopping.run_until_cancelled(Box::pin(story::walk(&house, http, &mut report))).await;
    let walked = walked.unwrap_or_else(|| {
        Err(Failure::new(
            "the walk was broken off",
            "the process was asked to stop",
            "give the command again",
        ))
    });
    process.tasks.stopping.cancel();
    let stopped = house.until_stopped(process).await;
    if let (Some(path), Some(seen)) = (&options.seen_secrets, &seen) {
        seen.add_all(house.all_secrets());
        let written = std::fs::write(path, seen.lines())
            .and_then(|()| std::fs::write(path.with_extension("refusals"), seen.refusals()));
        written.map_err(|error| {
            Failure::new(
                format!("the list of secrets cannot be written to {}", path.display()),
                error,
                "choose another file",
            )
        })?;
    }
    walked.and(stopped)?;
    report.note(&format!("All {} steps held.", report.steps()))
}

/// The client of the walk's own browser: it may go to this machine only because the servers are here.
fn visitor() -> Result<Arc<dyn outbound::HttpClient>, Failure> {
    let settings = Settings {
        guard: Guard::new(loopback().to_vec()),
        user_agent: "mainstay-demo".to_owned(),
        ..Settings::default()
    };
    let client = ReqwestClient::new(settings).map_err(|error| {
        Failure::new(
            "the HTTP client cannot be set up",
            error,
            "install the system's certificates (Debian: `apt-get install ca-certificates`)",
        )
    })?;
    Ok(Arc::new(client))
}

/// This machine itself.
fn loopback() -> [IpNet; 2] {
    ["127.0.0.0/8", "::1/128"].map(|network| network.parse().expect("this is how networks are written"))
}
