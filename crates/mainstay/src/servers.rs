//! The three servers, each alone in its process: take the address, open the data, build, start, say that it is ready, and
//! stop in order.

use std::sync::Arc;

use axum::Router;
use base::{Clock, Entropy};
use futures_util::future::try_join_all;
use sandbox::StandinKind;
use web::shared::{Side as SiteSide, Site};

use crate::configuration::{Configuration, PleoEnvironment, PublicUrl};
use crate::control;
use crate::execute;
use crate::failure::Failure;
use crate::routers;
use crate::seeds::{self, Seeds};
use crate::serving::{self, Listening};
use crate::side::Side;
use crate::wiring::connect::ConnectSide;
use crate::wiring::platform::PlatformSide;
use crate::wiring::{self, Opened, Process, Which};

/// `mainstay serve`.
pub(crate) async fn connect(configuration: &Configuration) -> Result<(), Failure> {
    let process = Process::of_server()?;
    let listening = Listening::of(configuration, Side::Connect).await?;
    let public_url = listening.public_url(configuration)?;
    let opened = wiring::open(&process, configuration, Which::from(Side::Connect)).await?;
    let http = wiring::connect::http_client(configuration)?;
    let side = wiring::connect::build(&process, configuration, opened.clone(), &public_url, http)?;
    side.start(&process).await?;
    answer_commands_of_connect(configuration, &process, &side)?;
    let vitals =
        serving::vitals(&process, std::slice::from_ref(&opened), configuration.metrics_token.clone());
    serving::serve_metrics(configuration, &vitals, &process.tasks).await?;
    let router = routers::connect(configuration, &process, &side, &public_url, vitals);
    run(&process, listening, router, &[opened], Some(&side)).await
}

/// `mainstay platform serve`.
pub(crate) async fn platform(configuration: &Configuration) -> Result<(), Failure> {
    let process = Process::of_server()?;
    let listening = Listening::of(configuration, Side::Platform).await?;
    let public_url = listening.public_url(configuration)?;
    let opened = wiring::open(&process, configuration, Which::from(Side::Platform)).await?;
    let side = wiring::platform::build(&process, configuration, opened.clone(), &public_url)?;
    side.start(&process).await?;
    answer_commands_of_platform(configuration, &process, &side)?;
    let vitals = serving::vitals_of_platform(&process, &side, configuration.metrics_token.clone());
    serving::serve_metrics(configuration, &vitals, &process.tasks).await?;
    let router = routers::platform(configuration, &process, &side, &public_url, vitals);
    run(&process, listening, router, &[opened], None).await
}

/// `mainstay sandbox serve`.
pub(crate) async fn sandbox(configuration: &Configuration, seeds: &Seeds) -> Result<(), Failure> {
    let process = Process::of_server()?;
    let listening = Listening::of(configuration, Side::Sandbox).await?;
    let public_url = listening.public_url(configuration)?;
    let stand_ins = try_join_all(StandinKind::ALL.map(async |kind| {
        let stand_in = wiring::sandbox::build(&process, configuration, kind, &public_url).await?;
        match seeds.of(kind) {
            Some(seed) => seeds::fill(&stand_in, seed).await.map(|()| stand_in),
            None => Ok(stand_in),
        }
    }))
    .await?;
    for stand_in in &stand_ins {
        stand_in.start(&process);
    }
    let opened: Vec<Opened> = stand_ins.iter().map(|stand_in| stand_in.opened.clone()).collect();
    let vitals = serving::vitals(&process, &opened, configuration.metrics_token.clone());
    serving::serve_metrics(configuration, &vitals, &process.tasks).await?;
    let router = routers::sandbox(configuration, &process, &stand_ins, &public_url, vitals);
    run(&process, listening, router, &opened, None).await
}

async fn run(
    process: &Process,
    listening: Listening,
    router: Router,
    opened: &[Opened],
    connect: Option<&ConnectSide>,
) -> Result<(), Failure> {
    let url = listening.url();
    listening.serve(router, &process.tasks);
    serving::say_ready(&url)?;
    until_stopped(process, opened, connect).await
}

/// Waits for the word to stop, finishes what runs, and closes the databases.
pub(crate) async fn until_stopped(
    process: &Process,
    opened: &[Opened],
    connect: Option<&ConnectSide>,
) -> Result<(), Failure> {
    process.tasks.stopping.cancelled().await;
    let finished = process.tasks.finish().await;
    if let Some(side) = connect {
        side.note_end().await;
    }
    for one in opened {
        one.database.close().await;
    }
    tracing::info!(event = "process.stopped", "everything that ran is finished");
    finished
}

/// Short commands of the connect side come in while this process holds the database.
pub(crate) fn answer_commands_of_connect(
    configuration: &Configuration,
    process: &Process,
    side: &ConnectSide,
) -> Result<(), Failure> {
    if configuration.sqlite_file(Side::Connect.as_str()).is_none() {
        // PostgreSQL takes several processes; commands go to it directly.
        return Ok(());
    }
    let side = side.clone();
    control::serve(&configuration.instance_directory(), Side::Connect, &process.tasks, move |request| {
        let side = side.clone();
        async move { execute::connect::execute(&side, request).await }
    })
}

/// Short commands of the platform side come in while this process holds the database.
pub(crate) fn answer_commands_of_platform(
    configuration: &Configuration,
    process: &Process,
    side: &PlatformSide,
) -> Result<(), Failure> {
    if configuration.sqlite_file(Side::Platform.as_str()).is_none() {
        // PostgreSQL takes several processes; commands go to it directly.
        return Ok(());
    }
    let side = side.clone();
    control::serve(&configuration.instance_directory(), Side::Platform, &process.tasks, move |request| {
        let side = side.clone();
        async move { execute::platform::execute(&side, request).await }
    })
}

/// What every door of a side knows about its server.
pub(crate) fn site(
    configuration: &Configuration,
    side: SiteSide,
    opened: &Opened,
    public_url: &PublicUrl,
) -> Site {
    let (clock, entropy) =
        (Arc::clone(&opened.clock) as Arc<dyn Clock>, Arc::clone(&opened.entropy) as Arc<dyn Entropy>);
    let environment = match configuration.environment {
        PleoEnvironment::Staging => Some("Staging".to_owned()),
        PleoEnvironment::Production => None,
    };
    Site {
        trusted_proxies: configuration.trusted_proxies.clone(),
        environment,
        ..Site::new(side, public_url.url(), clock, entropy)
    }
}
