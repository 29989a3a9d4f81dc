//! From a configuration to the services of a side: database, keys, clock, and what stands on them.

pub(crate) mod connect;
pub(crate) mod platform;
pub(crate) mod records;
pub(crate) mod sandbox;
mod side_failure;

use std::sync::Arc;
use std::time::Duration;

use authserver::AuthorizationServer;
use base::{Clock, Entropy, ShiftedClock, StoreError, SystemClock, SystemEntropy};
use identity::Identity;
use seal::{KeyRing, Keys, LocalKeyWrap, Sealer};
use store::{Database, Location, OpenError};

use crate::configuration::{Configuration, DatabaseUrl, PleoEnvironment};
use crate::failure::Failure;
use crate::fault_points::FaultPoint;
use crate::runtime::Tasks;
use crate::side::Side;
use crate::telemetry::Metrics;

/// What all sides of a process share.
#[derive(Clone)]
pub(crate) struct Process {
    /// The machine's clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// The machine's randomness.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// All tasks.
    pub(crate) tasks: Tasks,
    /// What is measured; nothing in a short command.
    pub(crate) metrics: Option<Metrics>,
}

impl Process {
    /// A process that only carries out a command.
    pub(crate) fn of_command() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy),
            tasks: Tasks::default(),
            metrics: None,
        }
    }

    /// A process that serves: it measures, and stops when it is asked to.
    pub(crate) fn of_server() -> Result<Self, Failure> {
        let process = Self { metrics: Some(Metrics::install()?), ..Self::of_command() };
        process.tasks.stop_on_signals()?;
        if let Some(metrics) = &process.metrics {
            metrics.keep(&process.tasks.tracker, process.tasks.stopping.clone());
        }
        Ok(process)
    }
}

/// A side's database, opened, with its keys.
#[derive(Clone)]
pub(crate) struct Opened {
    /// The database.
    pub(crate) database: Database,
    /// Seals and opens credentials.
    pub(crate) sealer: Arc<Sealer>,
    /// Keys for look-ups, cookies, fingerprints.
    pub(crate) keys: Arc<Keys>,
    /// The side's clock, which the sandbox may move.
    pub(crate) clock: Arc<ShiftedClock>,
    /// Randomness.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Which of Pleo's environments this is, if that is known.
    pub(crate) environment: Option<PleoEnvironment>,
}

/// Why a side was not opened.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// Another process has the SQLite database: a short command can go through that process.
    InUse(Failure),
    /// Any other reason.
    Failed(Failure),
}

impl From<Failure> for NotOpened {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<NotOpened> for Failure {
    fn from(not_opened: NotOpened) -> Self {
        match not_opened {
            NotOpened::InUse(failure) | NotOpened::Failed(failure) => failure,
        }
    }
}

/// Which database is meant: a side's own, or that of one stand-in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Which<'a> {
    /// The side.
    pub(crate) side: Side,
    /// The accounting system of a stand-in.
    pub(crate) system: Option<&'a str>,
}

impl Which<'_> {
    /// The name of its files: `connect`, `platform`, `sandbox-xero`.
    pub(crate) fn name(self) -> String {
        match self.system {
            Some(system) => format!("{}-{system}", self.side.as_str()),
            None => self.side.as_str().to_owned(),
        }
    }
}

impl From<Side> for Which<'static> {
    fn from(side: Side) -> Self {
        Self { side, system: None }
    }
}

/// Where the database of a side is.
pub(crate) fn location(configuration: &Configuration, which: Which<'_>) -> Location {
    match &configuration.database {
        DatabaseUrl::Postgres(url) => Location::Postgres(url.clone()),
        // Several stand-ins cannot share one file.
        DatabaseUrl::Sqlite(path) if which.system.is_none() => Location::Sqlite(path.clone()),
        DatabaseUrl::InDataDirectory | DatabaseUrl::Sqlite(_) => {
            Location::Sqlite(configuration.data.join(format!("{}.db", which.name())))
        }
    }
}

/// Opens a side's database, brings its schema up to date, and opens its keys; makes both where there is nothing yet.
///
/// A key file that cannot be used is found out before the database is touched, so that a refused start leaves nothing behind.
pub(crate) async fn open(
    process: &Process,
    configuration: &Configuration,
    which: Which<'_>,
) -> Result<Opened, NotOpened> {
    let failed = side_failure::Opening { side: which.side };
    let key_file = configuration.key_file(&which.name());
    if key_file.exists() {
        KeyRing::open(&key_file).map_err(|error| failed.key_file(&error))?;
    }
    crate::instance::make_directories(configuration)?;
    let clock = Arc::new(ShiftedClock::new(Arc::clone(&process.clock)));
    let database = database(process, configuration, which, Arc::clone(&clock) as Arc<dyn Clock>).await?;
    let empty = database.is_empty().await.map_err(|error| failed.store(&error))?;
    let ring = KeyRing::open_or_create(&key_file, empty, &*process.entropy)
        .map_err(|error| failed.key_file(&error))?;
    let sealer = Arc::new(Sealer::new(Arc::new(LocalKeyWrap::new(ring)), Arc::clone(&process.entropy)));
    let keys = Keys::load_or_create(&database, &sealer, &*clock, &*process.entropy)
        .await
        .map_err(|error| failed.keys(&error))?;
    let (keys, environment) = match which.side {
        Side::Platform => of_environment(process, configuration, &database, keys)
            .await
            .map_err(|error| failed.store(&error))?,
        Side::Connect | Side::Sandbox => (keys, configuration.stated_environment),
    };
    // What is kept tells which time it is on this side, whether this process offers to move it or not.
    clock.set_offset_millis(database.clock_offset().await.map_err(|error| failed.store(&error))?);
    let (keys, entropy) = (Arc::new(keys), Arc::clone(&process.entropy));
    Ok(Opened { database, sealer, keys, clock, entropy, environment })
}

/// The keys of the platform side for the environment it is in. A database belongs to the environment in which it was served
/// first; served in another one, as a copy may be, it refuses the credentials that it holds, and the other way round. A short
/// command takes the environment that was said, or the database's own.
async fn of_environment(
    process: &Process,
    configuration: &Configuration,
    database: &Database,
    keys: Keys,
) -> Result<(Keys, Option<PleoEnvironment>), StoreError> {
    let serves = process.metrics.is_some();
    let home = if serves {
        Some(database.claim_environment(configuration.environment.as_str()).await?)
    } else {
        database.environment().await?
    };
    let stated = if serves { Some(configuration.environment) } else { configuration.stated_environment };
    let Some(home) = home else { return Ok((keys, stated)) };
    match stated {
        Some(stated) if stated.as_str() != home => {
            tracing::warn!(
                event = "environment.foreign",
                home,
                environment = stated.as_str(),
                "the database belongs to another environment: the credentials it holds are refused here"
            );
            Ok((keys.separated(stated.as_str()), Some(stated)))
        }
        stated => Ok((keys, stated.or_else(|| PleoEnvironment::from_text(&home)))),
    }
}

/// Opens a side's database alone.
pub(crate) async fn database(
    process: &Process,
    configuration: &Configuration,
    which: Which<'_>,
    clock: Arc<dyn Clock>,
) -> Result<Database, NotOpened> {
    let side = match which.side {
        Side::Connect => store::Side::Connect,
        Side::Platform => store::Side::Platform,
        Side::Sandbox => store::Side::Sandbox,
    };
    let mut settings =
        store::Settings::new(side, location(configuration, which), clock, Arc::clone(&process.entropy));
    settings.slowed_by = configuration.fault_point.and_then(FaultPoint::slows_store_by);
    if let Some(system) = which.system {
        settings = settings.system(system);
    }
    Database::open(settings).await.map_err(|error| {
        let failure = side_failure::Opening { side: which.side }.database(&error);
        if matches!(error, OpenError::InUse { .. }) {
            NotOpened::InUse(failure)
        } else {
            NotOpened::Failed(failure)
        }
    })
}

/// How people sign in on either side.
fn identity_settings(configuration: &Configuration) -> identity::Settings {
    let settings = identity::Settings::default();
    if configuration.rate_limits { settings } else { identity::Settings { limits: None, ..settings } }
}

/// What is over is cleared away this often.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// Clears away from time to time what is over; `sweep` says how many rows it removed.
fn sweep_regularly<F, Swept>(tasks: &Tasks, what: &'static str, sweep: F)
where
    F: Fn() -> Swept + Send + 'static,
    Swept: Future<Output = Result<u64, StoreError>> + Send,
{
    let stopping = tasks.stopping.clone();
    tasks.tracker.spawn(async move {
        while stopping.run_until_cancelled(tokio::time::sleep(SWEEP_EVERY)).await.is_some() {
            match sweep().await {
                Ok(rows) => tracing::debug!(event = "sweep.done", what, rows, "what is over is gone"),
                Err(error) => {
                    tracing::warn!(event = "sweep.failed", what, %error, "it is tried again in ten minutes");
                }
            }
        }
    });
}

/// Sessions that are over and attempts to sign in that count no longer.
fn sweep_people(identity: &Arc<Identity>, tasks: &Tasks) {
    let identity = Arc::clone(identity);
    sweep_regularly(tasks, "sessions and attempts", move || {
        let identity = Arc::clone(&identity);
        async move { identity.sweep().await.map(|rows| u64::try_from(rows).unwrap_or(u64::MAX)) }
    });
}

/// Codes that were never exchanged, earlier tokens and client secrets that have expired.
fn sweep_tokens(server: &Arc<AuthorizationServer>, tasks: &Tasks) {
    let server = Arc::clone(server);
    sweep_regularly(tasks, "codes, tokens and client secrets", move || {
        let server = Arc::clone(&server);
        async move { server.clear_expired().await }
    });
}
