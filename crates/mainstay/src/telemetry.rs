//! Logs as JSON lines on standard error, and metrics as Prometheus text.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// Starts logging. `filter` is the configured one; without it servers tell what happens and commands only what is odd.
pub(crate) fn start_logging(filter: Option<&str>, server: bool) -> Result<(), Failure> {
    let refused =
        |why: String| Failure::new("logging cannot start", why, "set MAINSTAY_LOG to `info`, or unset it");
    let filter = filter.unwrap_or(if server { "info" } else { "warn" });
    let filter = EnvFilter::try_new(filter).map_err(|error| refused(error.to_string()))?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        // The request's span carries its id; without the span an event could not be laid beside the answer it belongs to.
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init()
        .map_err(|error| refused(error.to_string()))?;
    std::panic::set_hook(Box::new(|panic| {
        // A message made at run time may hold what was sent; one that stands in the source cannot.
        let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(
            event = "process.panicked",
            place,
            message,
            "a defect of mainstay; please report it with its place"
        );
    }));
    Ok(())
}

/// Upper bounds of the buckets in which durations are counted, in seconds: from an answer out of memory to a provider that hardly
/// answers. Few, since each is a line for every route.
const BUCKETS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0];

/// What is measured, ready to be rendered.
#[derive(Clone)]
pub(crate) struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts recording; once a process.
    pub(crate) fn install() -> Result<Self, Failure> {
        let refused = |error: BuildError| {
            Failure::new(
                "metrics cannot be recorded",
                error,
                "this is a defect of mainstay; please report it",
            )
        };
        let builder = PrometheusBuilder::new().set_buckets(BUCKETS).map_err(refused)?;
        builder.install_recorder().map(Self).map_err(refused)
    }

    /// The text that `/metrics` answers.
    pub(crate) fn render(&self) -> String {
        self.0.render()
    }

    /// Folds what was recorded into its summaries from time to time, so that a scrape finds little to do and a
    /// deployment that nobody scrapes does not grow.
    pub(crate) fn keep(&self, tasks: &TaskTracker, stopping: CancellationToken) {
        let handle = self.0.clone();
        tasks.spawn(async move {
            while stopping.run_until_cancelled(tokio::time::sleep(Duration::from_secs(5))).await.is_some() {
                handle.run_upkeep();
            }
        });
    }
}
