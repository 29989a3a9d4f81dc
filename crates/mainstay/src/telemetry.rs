//! Logs as JSON lines on standard error, and metrics as Prometheus text.

use std::fmt;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, FormatEvent, FormatFields, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, format};
use tracing_subscriber::registry::LookupSpan;

use crate::failure::Failure;

mod catalogue;

pub(crate) use catalogue::METRICS;

/// Starts logging. `filter` is the configured one; without it servers tell what happens and commands only what is odd.
pub(crate) fn start_logging(filter: Option<&str>, server: bool) -> Result<(), Failure> {
    let refused =
        |why: String| Failure::new("logging cannot start", why, "set MAINSTAY_LOG to `info`, or unset it");
    let filter = filter.unwrap_or(if server { "info" } else { "warn" });
    let filter = EnvFilter::try_new(filter).map_err(|error| refused(error.to_string()))?;
    tracing_subscriber::fmt()
        .json()
        .map_event_format(|_| Lines::new())
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

/// Lines of JSON. One that is written within a request tells of it in the member `span`; without the request's id a line could not be
/// laid beside the answer it belongs to.
struct Lines(Format<Json>);

impl Lines {
    fn new() -> Self {
        Self(format().json().flatten_event(true).with_current_span(false).with_span_list(false))
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(request) = web::shared::request_in_hand() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let object = line.trim_end().strip_suffix('}').ok_or(fmt::Error)?;
        let request = serde_json::to_string(&request).map_err(|_| fmt::Error)?;
        writeln!(writer, "{object},\"span\":{request}}}")
    }
}

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
        let builder = catalogue::with_buckets(PrometheusBuilder::new()).map_err(refused)?;
        let metrics = builder.install_recorder().map(Self).map_err(refused)?;
        catalogue::describe();
        Ok(metrics)
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

#[cfg(test)]
mod tests;
