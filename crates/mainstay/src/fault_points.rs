//! Places at which this process ends or stands still by itself, to show that a refresh survives it there
//! (`docs/real-process-faults.md`), and a slow database, to show that races are won over it (`docs/platform-faults.md`). Offered with
//! the sandbox switches alone.
//!
//! They lie around the ports of the refresh authority and never inside it, so that what is shown is what runs.

mod ports;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

/// A step of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The lease is held; the marker is not written.
    BeforeMarker,
    /// The marker is written; nothing has left.
    AfterMarker,
    /// The request is written and the provider has it; its answer is still out.
    AfterSending,
    /// The whole answer is in memory, and nowhere else.
    AfterAnswer,
    /// The store refused the answer, and it is on disk. Implies a store that refuses until then.
    AfterSpill,
    /// The answer is sealed; the store has not been asked to take it.
    BeforeCommit,
    /// The store has it; nobody has been told.
    AfterCommit,
}

/// What happens there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// SIGKILL.
    Kill,
    /// SIGSTOP, until somebody sends SIGCONT.
    Stop,
}

/// What `MAINSTAY_FAULT_POINT` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultPoint {
    /// The process strikes itself at a step of a refresh.
    Strike(StrikePoint),
    /// Each transaction of the database waits so long before it begins.
    SlowStore(Duration),
}

impl FaultPoint {
    /// How long each transaction waits, if it does.
    pub(crate) const fn slows_store_by(self) -> Option<Duration> {
        match self {
            Self::SlowStore(pause) => Some(pause),
            Self::Strike(_) => None,
        }
    }
}

/// Where a process is to be struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StrikePoint {
    step: Step,
    act: Act,
    /// At which time that the step is reached, counted from 1.
    occasion: u32,
}

/// Understands `STEP:kill|stop[:n]` and `slow-store:MILLISECONDS`.
pub(crate) fn parse(text: &str) -> Result<FaultPoint, String> {
    match text.strip_prefix("slow-store:").map(str::parse::<u64>) {
        None => strike(text).map(FaultPoint::Strike),
        Some(Ok(pause @ 1..=1000)) => Ok(FaultPoint::SlowStore(Duration::from_millis(pause))),
        Some(_) => Err("after `slow-store:` stands no number of milliseconds from 1 to 1000".to_owned()),
    }
}

fn strike(text: &str) -> Result<StrikePoint, String> {
    let mut parts = text.split(':');
    let step = match parts.next() {
        Some("before-marker") => Step::BeforeMarker,
        Some("after-marker") => Step::AfterMarker,
        Some("after-sending") => Step::AfterSending,
        Some("after-answer") => Step::AfterAnswer,
        Some("after-spill") => Step::AfterSpill,
        Some("before-commit") => Step::BeforeCommit,
        Some("after-commit") => Step::AfterCommit,
        _ => {
            return Err(
                "it begins with none of the steps before-marker, after-marker, after-sending, after-answer, \
                        after-spill, before-commit and after-commit, nor with `slow-store`"
                    .to_owned(),
            );
        }
    };
    let act = match parts.next() {
        Some("kill") => Act::Kill,
        Some("stop") => Act::Stop,
        _ => return Err("its second part is neither `kill` nor `stop`".to_owned()),
    };
    let occasion = match parts.next().map(str::parse::<u32>) {
        None => 1,
        Some(Ok(occasion @ 1..)) => occasion,
        Some(_) => return Err("its third part is no number from 1".to_owned()),
    };
    match parts.next() {
        None => Ok(StrikePoint { step, act, occasion }),
        Some(_) => Err("it has more than three parts".to_owned()),
    }
}

/// The ports of the authority with this point in them.
pub(crate) fn around(point: FaultPoint, parts: refresh::Parts) -> refresh::Parts {
    let FaultPoint::Strike(point) = point else { return parts };
    tracing::warn!(event = "fault_point.armed", ?point, "this process will strike itself during a refresh");
    let strike = Arc::new(Strike { point, left: AtomicU32::new(point.occasion) });
    refresh::Parts {
        store: Arc::new(ports::Store { inner: parts.store, strike: Arc::clone(&strike) }),
        http: Arc::new(ports::Http { inner: parts.http, strike: Arc::clone(&strike) }),
        spill: Arc::new(ports::Spill { inner: parts.spill, strike }),
        ..parts
    }
}

/// A point that waits for its occasion.
#[derive(Debug)]
struct Strike {
    point: StrikePoint,
    left: AtomicU32,
}

/// Longer than the kernel takes to stop the other threads once a stop was asked for.
const STOPPING: Duration = Duration::from_millis(50);

impl Strike {
    /// Whether it is at this step, and its occasion has not passed.
    fn waits_at(&self, step: Step) -> bool {
        self.point.step == step && self.left.load(Ordering::SeqCst) > 0
    }

    /// A step was reached: strikes if this is the one.
    fn reached(&self, step: Step) {
        if self.point.step != step {
            return;
        }
        let before = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if before != Ok(1) {
            return;
        }
        let signal = match self.point.act {
            Act::Kill => Signal::KILL,
            Act::Stop => Signal::STOP,
        };
        if let Err(error) = kill_process(getpid(), signal) {
            tracing::error!(event = "fault_point.failed", %error, "this process cannot strike itself");
        }
        // The stop may be taken by another thread first. This one must not go on before it stands still with it.
        std::thread::sleep(STOPPING);
    }
}

#[cfg(test)]
mod tests;
