use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::elapsed;
use crate::journal::{Event, Place};
use crate::plan::{Step, Trap, TrapKind};
use crate::scene::Scene;

/// One life of a process. Each await on a port goes through [`Life::step`], so that it can be killed or stopped at each of them:
/// as nothing but its ports is seen from outside, a process that never comes back from one is dead.
#[derive(Debug)]
pub(crate) struct Life {
    /// Which instance, in its how many-th life.
    pub(crate) place: Place,
    /// Told to stop.
    pub(crate) stop: CancellationToken,
    trap: Mutex<Option<Trap>>,
    killed: Mutex<Option<(Duration, bool)>>,
    is_dead: AtomicBool,
    /// In milliseconds of the simulation.
    paused_until: AtomicU64,
}

impl Life {
    /// A new life.
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            stop: CancellationToken::new(),
            trap: Mutex::default(),
            killed: Mutex::default(),
            is_dead: AtomicBool::new(false),
            paused_until: AtomicU64::new(0),
        }
    }

    /// Sets a trap, in place of any other.
    pub(crate) fn set_trap(&self, trap: Option<Trap>) {
        *self.trap.lock().expect("no code panics while it holds a trap") = trap;
    }

    /// Whether it was killed at a step: for how long it stays down, and whether the power went.
    pub(crate) fn killed(&self) -> Option<(Duration, bool)> {
        *self.killed.lock().expect("no code panics while it holds this")
    }

    /// Never comes back if the process is dead: what its tasks would still do before the host is torn down is not to be seen.
    pub(crate) async fn live(&self) {
        if self.is_dead.load(Ordering::Relaxed) {
            std::future::pending().await
        }
    }

    /// Ends a pause.
    pub(crate) fn wake(&self) {
        self.paused_until.store(0, Ordering::Relaxed);
    }

    /// Comes to a step: goes on, stands still for a while, or never comes back.
    pub(crate) async fn step(&self, step: Step, scene: &Scene) {
        self.live().await;
        let sprung = {
            let mut trap = self.trap.lock().expect("no code panics while it holds a trap");
            trap.take_if(|trap| trap.step.is_none_or(|wanted| wanted == step))
        };
        match sprung.map(|trap| trap.kind) {
            Some(kind @ TrapKind::Kill { down, power }) => {
                scene.note(self.place, Event::Trapped(step, kind));
                self.is_dead.store(true, Ordering::Relaxed);
                *self.killed.lock().expect("no code panics while it holds this") = Some((down, power));
                return std::future::pending().await;
            }
            Some(kind @ TrapKind::Pause(pause)) => {
                scene.note(self.place, Event::Trapped(step, kind));
                let until = elapsed() + pause;
                self.paused_until
                    .store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
            None => {}
        }
        loop {
            let until = Duration::from_millis(self.paused_until.load(Ordering::Relaxed));
            let left = until.saturating_sub(elapsed());
            if left.is_zero() {
                break;
            }
            // In parts, so that it can be woken early.
            tokio::time::sleep(left.min(Duration::from_secs(1))).await;
        }
        self.live().await;
    }
}
