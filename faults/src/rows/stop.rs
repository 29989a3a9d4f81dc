//! A process that stands still at a step and is woken long after its lease was lost.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::FutureExt as _;

use super::kill::{Answer, STEPS, Step};
use super::settle::{End, Requests, compare, end_of, settled};
use crate::scene::{DatabaseKind, Plan, Scene, UNTIL_DUE, is_good};
use crate::seeds::Provider;
use crate::watch::quiet;
use crate::{Outcome, Row};

const ALONE: &str = "SIGSTOP, SIGCONT";
const OVERTAKEN: &str = "SIGSTOP, another instance takes over, SIGCONT";
const REPLACED: &str = "kill -9, another instance takes over";

/// Longer than a lease of 15 s.
const LONGER_THAN_A_LEASE: Duration = Duration::from_secs(17);

/// The steps at which a stop differs from one at another.
fn steps() -> impl Iterator<Item = Step> {
    STEPS.into_iter().filter(|step| !matches!(step.answer, Answer::NeverProcessed | Answer::ProcessedLater))
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for target in Provider::ALL {
        for step in steps() {
            let fault = format!("{}, {}, SQLite", step.told, target.name());
            let plan = Plan {
                fault_point: Some(format!("{}:stop", step.name)),
                ..Plan::new(DatabaseKind::Sqlite, target)
            };
            rows.push(Row::new(
                ALONE,
                fault,
                "woken after 17 s it goes on by itself; one request",
                plan,
                move |scene| alone(scene, step).boxed_local(),
            ));
        }
    }
    for target in Provider::ALL {
        for step in steps() {
            let fault = format!("{}, {}, PostgreSQL", step.told, target.name());
            let plan = Plan {
                instances: 2,
                fault_point: Some(format!("{}:stop", step.name)),
                ..Plan::new(DatabaseKind::Postgres, target)
            };
            let course = Course::of(target, step);
            rows.push(Row::new(OVERTAKEN, fault, course.promise(target), plan, move |scene| {
                overtaken(scene, step, course).boxed_local()
            }));
        }
    }
    for target in Provider::ALL {
        let plan = Plan {
            instances: 2,
            fault_point: Some("after-spill:kill".to_owned()),
            ..Plan::new(DatabaseKind::Postgres, target)
        };
        let fault = format!("after the spill, whose disk comes back later, {}, PostgreSQL", target.name());
        let promise = match target {
            Provider::Xero => {
                "the other one gets a token of its own; what comes back late is recorded and does no harm"
            }
            Provider::Pleo | Provider::Fortnox => {
                "the other one finds the token dead and asks for a person; what comes back late brings the grant back"
            }
        };
        rows.push(Row::new(REPLACED, fault, promise, plan, |scene| replaced(scene).boxed_local()));
    }
    rows
}

async fn alone(scene: &mut Scene, step: Step) -> Result<Outcome> {
    stop(scene, step).await?;
    quiet(LONGER_THAN_A_LEASE).await;
    scene.server(0)?.wake()?;
    end_of(scene, 0, End::GoesOn, Requests::exactly(1)).await
}

/// Lets the first instance come to its step and stand still there.
async fn stop(scene: &mut Scene, step: Step) -> Result<()> {
    step.prepare(scene).await?;
    scene.advance(UNTIL_DUE).await?;
    scene.server(0)?.stopped(Scene::patience()).await
}

/// What the other instance does meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// It refreshes; the woken one must send nothing.
    Refreshes,
    /// It sends the same request again, as it may.
    SendsAgain,
    /// It finds the old token dead; the woken one brings the answer.
    FindsItDead,
    /// It may do nothing yet when the other one is woken, which brings the answer.
    Waits,
    /// It finds the new token in the database.
    FindsItDone,
}

impl Course {
    fn of(target: Provider, step: Step) -> Self {
        match (target, step.answer, step.name) {
            (.., "after-commit") => Self::FindsItDone,
            (_, Answer::NoMarker, _) | (Provider::Pleo | Provider::Fortnox, Answer::NothingSent, _) => {
                Self::Refreshes
            }
            (Provider::Xero, ..) => Self::SendsAgain,
            (Provider::Pleo, ..) => Self::FindsItDead,
            (Provider::Fortnox, ..) => Self::Waits,
        }
    }

    fn promise(self, target: Provider) -> &'static str {
        match self {
            Self::Refreshes => "the other one refreshes; the woken one sends nothing, and uses that token",
            Self::SendsAgain => {
                "the other one sends the same again, as it may; the late answer is recorded and does no harm"
            }
            Self::FindsItDead => {
                "the other one asks, finds it dead and asks for a person; the late answer brings it back"
            }
            Self::Waits => "the other one waits until nothing can be under way; the late answer is stored",
            Self::FindsItDone if target == Provider::Xero => "the other one uses the new token",
            Self::FindsItDone => "the other one uses the new token; nothing is sent again",
        }
    }

    fn requests(self) -> Requests {
        Requests::exactly(if self == Self::SendsAgain { 2 } else { 1 })
    }
}

async fn overtaken(scene: &mut Scene, step: Step, course: Course) -> Result<Outcome> {
    stop(scene, step).await?;
    scene.start(1).await?;
    match course {
        Course::Refreshes | Course::SendsAgain | Course::FindsItDone => {
            let end = settled(scene, 1).await?;
            ensure!(is_good(&end, 2), "the other instance did not take over: {end}");
            scene.call_works(1, scene.plan.target).await?;
        }
        Course::FindsItDead => {
            let end = settled(scene, 1).await?;
            ensure!(end["state"] == "ended", "the other instance did not find it dead: {end}");
        }
        Course::Waits => {
            scene.end_is(1, Scene::patience(), |end| end["state"] == "unknown").await?;
        }
    }
    scene.server(0)?.wake()?;
    both(scene, course.requests()).await
}

/// Both instances have the grant in good order.
pub(super) async fn both(scene: &Scene, requests: Requests) -> Result<Outcome> {
    scene.end_is(0, Scene::patience(), |end| is_good(end, 2)).await.context("the first instance")?;
    let first = compare(scene, 0, End::GoesOn, requests).await.context("the first instance")?;
    scene.end_is(1, Scene::patience(), |end| is_good(end, 2)).await.context("the other instance")?;
    compare(scene, 1, End::GoesOn, requests).await.context("the other instance")?;
    Ok(Outcome::Seen(format!("at both instances: {first}")))
}

async fn replaced(scene: &mut Scene) -> Result<Outcome> {
    scene.advance(UNTIL_DUE).await?;
    scene.take(0)?.struck(Scene::patience()).await?;
    ensure!(scene.has_spilled(0), "nothing lies on the first instance's disk");
    scene.start(1).await?;
    let (target, end) = (scene.plan.target, settled(scene, 1).await?);
    let over = end["state"] == "ended";
    ensure!(over == (target != Provider::Xero), "the other instance came to {end}");
    scene.start(0).await?;
    // The one that had nothing but the spent token presents it where there is nobody to ask.
    let requests = Requests::exactly(if target == Provider::Pleo { 1 } else { 2 });
    let outcome = both(scene, requests).await?;
    ensure!(!scene.has_spilled(0), "what lay on the first instance's disk was not cleared");
    Ok(outcome)
}
