//! kill -9 at every step of a refresh.

use std::time::Duration;

use anyhow::Result;
use futures_util::FutureExt as _;
use serde_json::json;

use super::settle::{End, Requests, end_of};
use crate::scene::{DatabaseKind, Plan, Scene, UNTIL_DUE};
use crate::seeds::Provider;
use crate::{Outcome, Row};

pub(super) const GROUP: &str = "kill -9";

/// A step at which a process is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// As the fault point is called.
    pub(super) name: &'static str,
    /// As the table says it.
    pub(super) told: &'static str,
    /// Where the provider's answer is at that time.
    pub(super) answer: Answer,
}

/// Where the provider's answer is when a process is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// There is none: nothing has been sent, and no marker stands.
    NoMarker,
    /// There is none: nothing has been sent, but a marker stands.
    NothingSent,
    /// There is none: the request has arrived, and is given up by the provider.
    NeverProcessed,
    /// There is none yet: the request waits at the provider, and is processed after its sender is gone.
    ProcessedLater,
    /// On its way, or in memory alone.
    InNobodysHands,
    /// On this machine's disk or in the database.
    Safe,
}

pub(super) const STEPS: [Step; 9] = [
    Step { name: "before-marker", told: "before the marker", answer: Answer::NoMarker },
    Step { name: "after-marker", told: "after the marker, before sending", answer: Answer::NothingSent },
    Step {
        name: "after-sending",
        told: "after sending, request never processed",
        answer: Answer::NeverProcessed,
    },
    Step { name: "after-sending", told: "after sending, processed later", answer: Answer::ProcessedLater },
    Step { name: "after-sending", told: "after sending, answer out", answer: Answer::InNobodysHands },
    Step { name: "after-answer", told: "after the answer", answer: Answer::InNobodysHands },
    Step { name: "before-commit", told: "before the commit", answer: Answer::InNobodysHands },
    Step { name: "after-spill", told: "after the spill", answer: Answer::Safe },
    Step { name: "after-commit", told: "after the commit", answer: Answer::Safe },
];

impl Step {
    /// Makes the provider hold its answer back, where the process is struck while the answer is out.
    pub(super) async fn prepare(&self, scene: &Scene) -> Result<()> {
        if self.name != "after-sending" {
            return Ok(());
        }
        let hold = json!({"delay_ms": HELD_BACK.as_millis()});
        match self.answer {
            Answer::NeverProcessed => scene.disturb("before", "close", &hold).await,
            Answer::ProcessedLater => scene.disturb("before", "delay", &hold).await,
            _ => scene.disturb("after", "delay", &hold).await,
        }
    }
}

/// Longer than a process waits until it strikes itself.
const HELD_BACK: Duration = Duration::from_secs(2);

/// What a strict reading of the rules gives: the end, how often the provider is asked for tokens, and the promise in words.
pub(super) fn promise(target: Provider, answer: Answer) -> (End, Requests, &'static str) {
    let once = Requests::exactly(1);
    let twice = Requests::exactly(2);
    match (target, answer) {
        (_, Answer::Safe) => (
            End::GoesOn,
            once,
            "the token is on disk, or in the database: it is used, and nothing is sent again",
        ),
        (_, Answer::NoMarker) => (End::GoesOn, once, "goes on by itself, with one request"),
        (Provider::Xero, Answer::NothingSent) => (
            End::GoesOn,
            once,
            "the request may be sent whatever became of it: goes on by itself, with one request",
        ),
        (Provider::Xero, _) => {
            (End::GoesOn, twice, "the same request is sent again, which Xero answers for 30 minutes")
        }
        (Provider::Pleo, Answer::NothingSent) => {
            (End::GoesOn, once, "asked, the old token is found alive: goes on by itself, with one request")
        }
        (Provider::Pleo, Answer::NeverProcessed) => {
            (End::GoesOn, twice, "asked, the old token is found alive: it is sent once more")
        }
        (Provider::Pleo, _) => (
            End::Lost,
            once,
            "a window that nobody can close: the old token is found dead without being presented again; a person is asked, for that reason",
        ),
        (Provider::Fortnox, Answer::NothingSent) => {
            (End::GoesOn, once, "waits until nothing can be under way; goes on by itself, with one request")
        }
        (Provider::Fortnox, Answer::NeverProcessed) => {
            (End::GoesOn, twice, "nobody can be asked: sent again as late as the old access token allows")
        }
        (Provider::Fortnox, _) => (
            End::Lost,
            twice,
            "a window that nobody can close: sent again as late as the old access token allows, refused; a person is asked, for that reason",
        ),
    }
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for database in DatabaseKind::ALL {
        for target in Provider::ALL {
            for step in STEPS {
                let (end, requests, promise) = promise(target, step.answer);
                let fault = format!("{}, {}, {}", step.told, target.name(), database.name());
                let plan =
                    Plan { fault_point: Some(format!("{}:kill", step.name)), ..Plan::new(database, target) };
                rows.push(Row::new(GROUP, fault, promise, plan, move |scene| {
                    kill(scene, step, end, requests).boxed_local()
                }));
            }
        }
    }
    rows
}

async fn kill(scene: &mut Scene, step: Step, end: End, requests: Requests) -> Result<Outcome> {
    step.prepare(scene).await?;
    scene.advance(UNTIL_DUE).await?;
    scene.take(0)?.struck(Scene::patience()).await?;
    scene.start(0).await?;
    end_of(scene, 0, end, requests).await
}
