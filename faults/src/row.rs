//! A row of the table: a fault, a promise, and how to see whether it was kept.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures_util::future::LocalBoxFuture;
use testkit::Missing;

use crate::Ground;
use crate::scene::{Plan, Scene};

/// What a row came to, when nothing went wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The promise was kept; what was seen, in words.
    Seen(String),
    /// The promise cannot be kept yet; why.
    Open(String),
}

/// What is to be thought of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The promise was kept.
    Held,
    /// It could not be tried, or is not built yet.
    Open,
    /// It was broken.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "ok",
            Self::Open => "OPEN",
            Self::Failed => "FAILED",
        })
    }
}

/// What is done in a house that stands.
type Act = Box<dyn for<'scene> FnOnce(&'scene mut Scene) -> LocalBoxFuture<'scene, Result<Outcome>>>;

/// A row.
pub struct Row {
    /// What kind of fault it is.
    pub group: &'static str,
    /// The fault, which names the row.
    pub fault: String,
    /// What is promised.
    pub promise: String,
    plan: Plan,
    act: Act,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("group", &self.group).field("fault", &self.fault).finish_non_exhaustive()
    }
}

/// Longer than any row takes on a machine that is busy with others.
const AT_MOST: Duration = Duration::from_mins(6);

impl Row {
    /// A row that needs a house built by `plan`; `act` is given it, and says what was seen.
    pub(crate) fn new(
        group: &'static str,
        fault: impl Into<String>,
        promise: impl Into<String>,
        plan: Plan,
        act: impl for<'scene> FnOnce(&'scene mut Scene) -> LocalBoxFuture<'scene, Result<Outcome>> + 'static,
    ) -> Self {
        Self { group, fault: fault.into(), promise: promise.into(), plan, act: Box::new(act) }
    }

    /// Group and fault.
    pub fn name(&self) -> String {
        format!("{}: {}", self.group, self.fault)
    }

    /// Tries it.
    pub async fn run(self, ground: &Ground) -> Tried {
        let name = self.name();
        let Self { group, fault, promise, plan, act } = self;
        Tried::of(ground, group, fault, promise, async {
            let scene = Scene::build(ground, plan).await.context("the house could not be built")?;
            acted_in(scene, &name, AT_MOST, act).await
        })
        .await
    }
}

/// What is built for a row, and ended after it.
pub(crate) trait Stage {
    /// Ends everything, and says whether it came to its end in order. A row that did not hold leaves its logs where they were asked
    /// for.
    async fn close(self, row: &str, held: bool) -> Result<()>;
}

/// Acts on a stage, for a bounded time, and closes it whatever came of that.
pub(crate) async fn acted_in<S: Stage>(
    mut stage: S,
    row: &str,
    at_most: Duration,
    act: impl for<'stage> FnOnce(&'stage mut S) -> LocalBoxFuture<'stage, Result<Outcome>>,
) -> Result<Outcome> {
    let acted = tokio::time::timeout(at_most, act(&mut stage)).await;
    let acted = acted.unwrap_or_else(|_| bail!("it did not come to an end"));
    let closed = stage.close(row, acted.is_ok()).await;
    acted.and_then(|outcome| closed.map(|()| outcome))
}

/// A row that was tried.
#[derive(Debug, Clone)]
pub struct Tried {
    /// What kind of fault it is.
    pub group: &'static str,
    /// The fault.
    pub fault: String,
    /// What was promised.
    pub promise: String,
    /// What was seen instead, or of it.
    pub seen: String,
    /// What to think of it.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
    /// The part of the machine that was missing for it.
    pub missing: Option<Missing>,
}

impl Tried {
    /// What is to be thought of a row when `trying` it has come to its end.
    pub(crate) async fn of(
        ground: &Ground,
        group: &'static str,
        fault: String,
        promise: String,
        trying: impl Future<Output = Result<Outcome>>,
    ) -> Self {
        let started = ground.clock().monotonic();
        let result = trying.await;
        let took = ground.clock().monotonic().saturating_sub(started);
        let (verdict, seen, missing) = match result {
            Ok(Outcome::Seen(seen)) => (Verdict::Held, seen, None),
            Ok(Outcome::Open(why)) => (Verdict::Open, why, None),
            Err(error) => match error.chain().find_map(|cause| cause.downcast_ref::<Missing>()) {
                Some(missing) => (Verdict::Open, format!("not tried: {missing}"), Some(missing.clone())),
                None => (Verdict::Failed, format!("{error:#}"), None),
            },
        };
        Self { group, fault, promise, seen, verdict, took, missing }
    }
}
