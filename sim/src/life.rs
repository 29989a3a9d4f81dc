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
    traps: Mutex<Vec<Trap>>,
    killed: Mutex<Option<(Duration, bool)>>,
    is_dead: AtomicBool,
    paused_until: Moment,
    store_away_until: Moment,
}

/// A moment of the simulation that tasks share, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Moment(AtomicU64);

impl Moment {
    /// Moves it to a later time.
    pub(crate) fn put_off_to(&self, at: Duration) {
        self.0.fetch_max(u64::try_from(at.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// It is over.
    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// How long it is until then.
    pub(crate) fn left(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed)).saturating_sub(elapsed())
    }
}

impl Life {
    /// A new life.
    pub(crate) fn new(place: Place, traps: Vec<Trap>) -> Self {
        Self {
            place,
            stop: CancellationToken::new(),
            traps: Mutex::new(traps),
            killed: Mutex::default(),
            is_dead: AtomicBool::new(false),
            paused_until: Moment::default(),
            store_away_until: Moment::default(),
        }
    }

    /// Sets a trap.
    pub(crate) fn set_trap(&self, trap: Trap) {
        self.traps.lock().expect("no code panics while it holds a trap").push(trap);
    }

    /// Takes its traps away, and ends what they have brought about.
    pub(crate) fn set_free(&self) {
        self.traps.lock().expect("no code panics while it holds a trap").clear();
        self.paused_until.clear();
        self.store_away_until.clear();
    }

    /// Whether it was killed at a step: for how long it stays down, and whether the power went.
    pub(crate) fn killed(&self) -> Option<(Duration, bool)> {
        *self.killed.lock().expect("no code panics while it holds this")
    }

    /// Whether the store is away for this process.
    pub(crate) fn has_lost_store(&self) -> bool {
        !self.store_away_until.left().is_zero()
    }

    /// Never comes back if the process is dead: what its tasks would still do before the host is torn down is not to be seen.
    pub(crate) async fn live(&self) {
        if self.is_dead.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    /// Comes to a step: goes on, stands still for a while, or never comes back.
    pub(crate) async fn step(&self, step: Step, scene: &Scene) {
        self.live().await;
        let sprung = {
            let mut traps = self.traps.lock().expect("no code panics while it holds a trap");
            let sprung = traps.iter().position(|trap| trap.step.is_none_or(|wanted| wanted == step));
            sprung.map(|index| traps.remove(index).kind)
        };
        if let Some(kind) = sprung {
            scene.note(self.place, Event::Trapped(step, kind));
            self.spring(kind, scene);
        }
        while !self.paused_until.left().is_zero() {
            // In parts, so that it can be woken early.
            tokio::time::sleep(self.paused_until.left().min(Duration::from_secs(1))).await;
        }
        self.live().await;
    }

    fn spring(&self, kind: TrapKind, scene: &Scene) {
        match kind {
            TrapKind::Kill { down, power } => {
                self.is_dead.store(true, Ordering::Relaxed);
                *self.killed.lock().expect("no code panics while it holds this") = Some((down, power));
            }
            TrapKind::Pause(pause) => self.paused_until.put_off_to(elapsed() + pause),
            TrapKind::StoreAway { lasts, for_all: false } => {
                self.store_away_until.put_off_to(elapsed() + lasts);
            }
            TrapKind::StoreAway { lasts, for_all: true } => {
                scene.store_away_until.put_off_to(elapsed() + lasts);
            }
        }
    }
}
