//! The async runtime, and how everything on it comes to an end.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::failure::Failure;

/// A refresh is given 60 s to be answered; what is still running after this is not going to end.
const LONGEST_STOP: Duration = Duration::from_secs(75);

/// All tasks of the process, and the word that it is time to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tasks {
    /// Every task is spawned on this, so that none is lost at shutdown.
    pub(crate) tracker: TaskTracker,
    /// Cancelled when the process is asked to stop: nothing new is begun, what runs is finished.
    pub(crate) stopping: CancellationToken,
}

impl Tasks {
    /// Begins to listen for SIGTERM and SIGINT. The first asks for an orderly stop; a second ends the process at once.
    pub(crate) fn stop_on_signals(&self) -> Result<(), Failure> {
        let refused =
            |error| Failure::new("signals cannot be received", error, "look at the limits of this process");
        let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
        let stopping = self.stopping.clone();
        let waiting = async move {
            let mut asked = 0;
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                asked += 1;
                if asked > 1 {
                    tracing::warn!(
                        event = "process.aborted",
                        "asked to stop twice; ending without finishing what runs"
                    );
                    std::process::exit(1);
                }
                tracing::info!(event = "process.stopping", "asked to stop; finishing what runs");
                stopping.cancel();
            }
        };
        // Not tracked: it waits for a signal for as long as the process lives, and nothing is lost with it.
        drop(tokio::runtime::Handle::current().spawn(waiting));
        Ok(())
    }

    /// Asks all tasks to stop and waits until each has finished what it was doing.
    pub(crate) async fn finish(&self) -> Result<(), Failure> {
        self.stopping.cancel();
        self.tracker.close();
        let running = self.tracker.len();
        tokio::time::timeout(LONGEST_STOP, self.tracker.wait()).await.map_err(|_| {
            Failure::new(
                "the process was stopped with work unfinished",
                format!(
                    "of {running} tasks {} were still running after {} s",
                    self.tracker.len(),
                    LONGEST_STOP.as_secs()
                ),
                "start it again: what was under way is found by its markers and settled then",
            )
        })
    }
}

/// Runs a future on a runtime of two to four threads: the work is waiting, and threads are memory.
pub(crate) fn run<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_keep_alive(Duration::from_secs(5))
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new("the process cannot start its threads", error, "look at the limits of this process")
        })?;
    runtime.block_on(future)
}
