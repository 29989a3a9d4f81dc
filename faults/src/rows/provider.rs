//! Faults at the provider's token endpoint, while the process that refreshes lives.

use anyhow::{Result, ensure};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::kill::{Answer, promise};
use super::settle::{End, Requests, end_of};
use crate::scene::{DatabaseKind, Plan, Scene, UNTIL_DUE};
use crate::seeds::Provider;
use crate::{Outcome, Row};

const GROUP: &str = "the provider's token endpoint";

struct Disturbance {
    told: &'static str,
    moment: &'static str,
    kind: &'static str,
    more: fn() -> Value,
    course: Course,
}

#[derive(Clone, Copy)]
enum Course {
    /// As when the sender had been killed.
    As(Answer),
    /// It is certain that nothing was done.
    TriedAgain,
    /// It only takes long.
    WaitedFor,
}

const DISTURBANCES: [Disturbance; 10] = [
    Disturbance {
        told: "closes before acting",
        moment: "before",
        kind: "close",
        more: nothing,
        course: NEVER,
    },
    Disturbance {
        told: "answers 500 before acting",
        moment: "before",
        kind: "status",
        more: || json!({"status": 500}),
        course: NEVER,
    },
    Disturbance {
        told: "answers a page before acting",
        moment: "before",
        kind: "html",
        more: nothing,
        course: NEVER,
    },
    Disturbance {
        told: "answers 429",
        moment: "before",
        kind: "status",
        more: || json!({"status": 429}),
        course: Course::TriedAgain,
    },
    Disturbance { told: "closes after acting", moment: "after", kind: "close", more: nothing, course: LOST },
    Disturbance {
        told: "answers 500 after acting",
        moment: "after",
        kind: "status",
        more: || json!({"status": 500}),
        course: LOST,
    },
    Disturbance {
        told: "answers a page after acting",
        moment: "after",
        kind: "html",
        more: nothing,
        course: LOST,
    },
    Disturbance {
        told: "breaks its answer off",
        moment: "after",
        kind: "truncate",
        more: nothing,
        course: LOST,
    },
    Disturbance {
        told: "answers after 8 s",
        moment: "after",
        kind: "delay",
        more: || json!({"delay_ms": 8000}),
        course: Course::WaitedFor,
    },
    Disturbance {
        told: "answers after the deadline of 60 s",
        moment: "after",
        kind: "delay",
        more: || json!({"delay_ms": 70_000}),
        course: LOST,
    },
];

const NEVER: Course = Course::As(Answer::NeverProcessed);
const LOST: Course = Course::As(Answer::InNobodysHands);

fn nothing() -> Value {
    json!({})
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for target in Provider::ALL {
        for Disturbance { told, moment, kind, more, course } in DISTURBANCES {
            let (end, requests, promise) = match course {
                Course::As(answer) => promise(target, answer),
                Course::TriedAgain => {
                    (End::GoesOn, Requests::exactly(2), "certainly not processed: sent again after a pause")
                }
                Course::WaitedFor => (
                    End::GoesOn,
                    Requests::exactly(1),
                    "waited for, as hanging up would lose the answer; a reader is served meanwhile",
                ),
            };
            let plan = Plan::new(DatabaseKind::Sqlite, target);
            let is_slow = matches!(course, Course::WaitedFor);
            rows.push(Row::new(GROUP, format!("{} {told}", target.name()), promise, plan, move |scene| {
                disturbed(scene, (moment, kind, more()), is_slow, end, requests).boxed_local()
            }));
        }
    }
    rows
}

async fn disturbed(
    scene: &mut Scene,
    (moment, kind, more): (&'static str, &'static str, Value),
    is_slow: bool,
    end: End,
    requests: Requests,
) -> Result<Outcome> {
    scene.disturb(moment, kind, &more).await?;
    scene.advance(UNTIL_DUE).await?;
    scene.refreshes_reach(1, Scene::patience()).await?;
    if is_slow {
        let status = scene.token(0).await?.status.as_u16();
        ensure!(status == 200, "a reader who comes meanwhile is answered {status}");
    }
    end_of(scene, 0, end, requests).await
}
