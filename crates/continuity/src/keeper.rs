use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Clock, StoreError};
use tokio_util::sync::CancellationToken;

use crate::{Doubt, Found, Memory, RestoreSign, Standing, Store};

/// How often the database is looked at: a doubt and its end are followed within this time in every process.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a database is marked that nobody else can have open. A restored backup that is younger is not noticed by its beats.
const BEAT_ALONE: Duration = Duration::from_secs(10);

/// Why it cannot be told whether a database was restored.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The memory cannot be read.
    #[error("what this instance remembers of the database cannot be read: {0}")]
    Memory(#[from] std::io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an instance finds out when it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was the first to see that the database looks restored.
    Raised(Doubt),
    /// The operator has accepted the database.
    Accepted,
}

/// Keeps watch over one side's database: marks it, remembers the marks outside of it, and says when it has gone backwards.
#[derive(Clone)]
pub struct Keeper {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    memory: Arc<dyn Memory>,
    clock: Arc<dyn Clock>,
    held: AtomicBool,
    started: AtomicBool,
    seen: Mutex<Seen>,
}

/// What this process knows.
#[derive(Debug, Default)]
struct Seen {
    doubt: Option<Doubt>,
    /// The highest beat this instance has seen.
    beats: u64,
    /// What the file holds.
    noted: u64,
    /// When the beats moved last, on the monotonic clock.
    moved_at: Option<Duration>,
}

impl Keeper {
    /// A keeper that has not looked yet and holds nothing back.
    pub fn new(store: Arc<dyn Store>, memory: Arc<dyn Memory>, clock: Arc<dyn Clock>) -> Self {
        let inner = Inner {
            store,
            memory,
            clock,
            held: AtomicBool::new(false),
            started: AtomicBool::new(false),
            seen: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The doubt that holds the side back, as this process knows it. Costs one atomic read where there is none.
    pub fn doubt(&self) -> Option<Doubt> {
        if self.inner.held.load(Ordering::Acquire) { self.inner.seen().doubt } else { None }
    }

    /// Whether it has been started.
    pub fn has_started(&self) -> bool {
        self.inner.started.load(Ordering::Acquire)
    }

    /// At the start, before anything is served: compares the database with what this instance remembers. An instance without memory
    /// on a database that others may have open takes up to five seconds to see whether one of them is there.
    pub async fn start(&self) -> Result<Option<Change>, StartError> {
        let inner = &self.inner;
        inner.started.store(true, Ordering::Release);
        let remembered = inner.memory.recall().await?;
        {
            let mut seen = inner.seen();
            seen.beats = remembered.unwrap_or(0);
            seen.noted = seen.beats;
        }
        let standing = inner.store.standing().await?;
        if standing.doubt.is_none()
            && let Some(sign) = inner.sign(remembered, &standing).await?
        {
            return Ok(inner.raise(sign, remembered.unwrap_or(0), &standing).await?);
        }
        Ok(inner.look(true).await?)
    }

    /// Looks now, for a process that does not want to wait for the next second.
    pub async fn look(&self) -> Result<Option<Change>, StoreError> {
        self.inner.look(false).await
    }

    /// Looks every second until `stopping`, and tells `changed` what it finds out.
    pub async fn run<F, Told>(&self, stopping: CancellationToken, changed: F)
    where
        F: Fn(Change) -> Told + Send,
        Told: Future<Output = ()> + Send,
    {
        while stopping.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            match self.inner.look(false).await {
                Ok(Some(change)) => changed(change).await,
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(event = "continuity.not_seen", %error, "it is looked again in a second");
                }
            }
        }
    }

    /// The operator says that the database is the right one. Gives the doubt that stood.
    pub async fn accept(&self) -> Result<Option<Doubt>, StoreError> {
        let accepted = self.inner.store.accept(self.inner.clock.now()).await?;
        self.inner.look(false).await?;
        Ok(accepted)
    }

    /// How the database stands, read now.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        self.inner.store.standing().await
    }
}

impl Inner {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be thought of the database at the start. Each mark raises the beats, which are what is remembered.
    async fn sign(
        &self,
        remembered: Option<u64>,
        standing: &Standing,
    ) -> Result<Option<RestoreSign>, StoreError> {
        let beats = standing.beats;
        let found = Found {
            position: beats,
            is_begun: beats > 0,
            marked_at: standing.beat_at,
            is_exclusive: standing.is_exclusive,
            counts_marks: true,
        };
        found
            .sign_unless_vouched_for(remembered, self.clock.now(), || async move {
                let standing = self.store.standing().await?;
                Ok(standing.beats > beats || standing.doubt.is_some())
            })
            .await
    }

    async fn raise(
        &self,
        sign: RestoreSign,
        remembered: u64,
        standing: &Standing,
    ) -> Result<Option<Change>, StoreError> {
        let since = self.clock.now();
        let doubt = Doubt { sign, since, remembered, found: standing.beats, last_beat_at: standing.beat_at };
        let is_new = self.store.raise_doubt(&doubt).await?;
        self.hold(Some(doubt));
        if !is_new {
            return Ok(None);
        }
        metrics::counter!("mainstay_platform_possible_restores_total", "sign" => sign.code()).increment(1);
        tracing::error!(
            event = "continuity.possibly_restored",
            sign = sign.code(),
            remembered,
            found = standing.beats,
            "the database looks restored from a backup: what was revoked since may be back in it, so nothing is served until the \
             operator has said `mainstay recover accept --side platform`"
        );
        Ok(Some(Change::Raised(doubt)))
    }

    /// Whether something was held back until now and is not any more.
    fn hold(&self, doubt: Option<Doubt>) -> bool {
        let mut seen = self.seen();
        let is_released = seen.doubt.is_some() && doubt.is_none();
        if is_released {
            tracing::info!(
                event = "continuity.accepted",
                "the database was accepted as it is; everything is served again"
            );
        }
        seen.doubt = doubt;
        self.held.store(doubt.is_some(), Ordering::Release);
        metrics::gauge!("mainstay_platform_held").set(if doubt.is_some() { 1.0 } else { 0.0 });
        is_released
    }

    async fn look(&self, beat_now: bool) -> Result<Option<Change>, StoreError> {
        let mut standing = self.store.standing().await?;
        let remembered = self.seen().beats;
        if let Some(doubt) = standing.doubt {
            if remembered > doubt.remembered && remembered > standing.beats {
                // Acceptance must come out above what this instance remembers, too.
                self.store.raise_doubt(&Doubt { remembered, ..doubt }).await?;
            }
            self.hold(Some(doubt));
            return Ok(None);
        }
        if remembered > standing.beats {
            return self.raise(RestoreSign::StepBack, remembered, &standing).await;
        }
        let is_released = self.hold(None);
        let monotonic = self.clock.monotonic();
        let due = {
            let mut seen = self.seen();
            if standing.beats > seen.beats {
                // Somebody else has just done it.
                seen.beats = standing.beats;
                seen.moved_at = Some(monotonic);
            }
            let every = if standing.is_exclusive { BEAT_ALONE } else { LOOK_EVERY };
            beat_now || seen.moved_at.is_none_or(|at| monotonic >= at + every)
        };
        if due {
            standing = self.store.beat(self.clock.now()).await?;
            let mut seen = self.seen();
            seen.beats = seen.beats.max(standing.beats);
            seen.moved_at = Some(monotonic);
        }
        self.note().await;
        Ok(is_released.then_some(Change::Accepted))
    }

    async fn note(&self) {
        let position = {
            let seen = self.seen();
            (seen.beats > seen.noted).then_some(seen.beats)
        };
        let Some(position) = position else { return };
        match self.memory.note(position).await {
            Ok(()) => self.seen().noted = position,
            // The next start then finds an older memory, or none: it asks more than it must.
            Err(error) => {
                tracing::warn!(event = "continuity.not_noted", %error, "the newest beat could not be noted outside the database");
            }
        }
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("doubt", &self.doubt()).finish_non_exhaustive()
    }
}
