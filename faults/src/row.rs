//! A row of the table: a fault, a promise, and how to see whether it was kept.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};
use base::Clock as _;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
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

type Run = Box<dyn FnOnce(Ground) -> BoxFuture<'static, Result<Outcome>> + Send>;

/// A row.
pub struct Row {
    /// What kind of fault it is.
    pub group: &'static str,
    /// The fault, which names the row.
    pub fault: String,
    /// What is promised.
    pub promise: String,
    run: Run,
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
    pub(crate) fn new<A>(group: &'static str, fault: String, promise: impl Into<String>, plan: Plan, act: A) -> Self
    where
        A: AsyncFnOnceOn,
    {
        let name = format!("{group}: {fault}");
        let run: Run = Box::new(move |ground| {
            async move {
                let mut scene = Scene::build(&ground, plan).await.context("the house could not be built")?;
                let acted = tokio::time::timeout(AT_MOST, act.call(&mut scene)).await;
                let acted = acted.unwrap_or_else(|_| Err(anyhow::anyhow!("it did not come to an end")));
                let closed = scene.close(&name, acted.is_ok()).await;
                closed.and(acted)
            }
            .boxed()
        });
        Self { group, fault, promise: promise.into(), run }
    }

    /// Tries it.
    pub async fn run(self, ground: &Ground) -> Tried {
        let started = ground.clock().monotonic();
        let result = (self.run)(ground.clone()).await;
        let took = ground.clock().monotonic().saturating_sub(started);
        let (verdict, seen, missing) = match result {
            Ok(Outcome::Seen(seen)) => (Verdict::Held, seen, None),
            Ok(Outcome::Open(why)) => (Verdict::Open, why, None),
            Err(error) => match error.chain().find_map(|cause| cause.downcast_ref::<Missing>()) {
                Some(missing) => (Verdict::Open, format!("not tried: {missing}"), Some(missing.clone())),
                None => (Verdict::Failed, format!("{error:#}"), None),
            },
        };
        Tried { group: self.group, fault: self.fault, promise: self.promise, seen, verdict, took, missing }
    }
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
