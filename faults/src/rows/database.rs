//! A network between an instance and PostgreSQL that cuts, stalls and restores.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::FutureExt as _;
use serde_json::json;
use testkit::Flow;

use super::settle::{End, Requests, compare, end_of, settled};
use super::stop::both;
use crate::scene::{DatabaseKind, Plan, Scene, UNTIL_ALMOST_DUE, UNTIL_DUE, is_good};
use crate::seeds::Provider;
use crate::watch::{quiet, until};
use crate::{Outcome, Row};

const GROUP: &str = "the way to PostgreSQL";

/// By then a request that is out has been answered, and what the database did not take must be on disk.
const ON_DISK: Duration = Duration::from_secs(15);
/// The provider keeps its answer back for so long.
const HELD_BACK_MS: u64 = 2000;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let plan = |target| Plan { proxied: true, ..Plan::new(DatabaseKind::Postgres, target) };
    for target in Provider::ALL {
        for (flow, word) in [(Flow::Cut, "cut"), (Flow::Stalled, "stalled")] {
            rows.push(Row::new(
                GROUP,
                format!("{word} while a request is out, restored, {}", target.name()),
                "the answer is put on disk, and stored as soon as the database is there; one request",
                plan(target),
                move |scene| away(scene, flow, false).boxed_local(),
            ));
            rows.push(Row::new(
                GROUP,
                format!("{word} while a request is out, kill -9, restored, started again, {}", target.name()),
                "the answer is put on disk, and brought in by the next start; one request",
                plan(target),
                move |scene| away(scene, flow, true).boxed_local(),
            ));
        }
        rows.push(Row::new(
            GROUP,
            format!("cut before a token falls due, restored after it, {}", target.name()),
            "no request leaves without its marker; afterwards it goes on by itself, with one request",
            plan(target),
            |scene| away_before(scene).boxed_local(),
        ));
        rows.push(Row::new(
            GROUP,
            format!("cut and restored again and again, {}", target.name()),
            "it goes on by itself, with one request",
            plan(target),
            |scene| flapping(scene).boxed_local(),
        ));
        let promise = match target {
            Provider::Pleo => {
                "the other one asks, finds it dead and asks for a person; the answer on disk brings it back"
            }
            Provider::Xero => {
                "the other one sends the same again, as it may; the answer on disk is recorded and does no harm"
            }
            Provider::Fortnox => {
                "the other one waits until nothing can be under way; the answer on disk is stored"
            }
        };
        rows.push(Row::new(
            GROUP,
            format!("cut for one of two instances while its request is out, {}", target.name()),
            promise,
            Plan { instances: 2, ..plan(target) },
            |scene| one_of_two(scene).boxed_local(),
        ));
    }
    for (flow, word) in [(Flow::Cut, "cut"), (Flow::Stalled, "stalled")] {
        rows.push(Row::new(
            GROUP,
            format!("{word} while a token is young"),
            "its readers are served from memory, each within 10 s",
            plan(Provider::Pleo),
            move |scene| young(scene, flow).boxed_local(),
        ));
    }
    rows
}

/// The flow of the proxy between the first instance and its database.
fn set(scene: &Scene, flow: Flow) -> Result<()> {
    scene.proxy.as_ref().context("there is no proxy")?.set(flow);
    Ok(())
}

/// Lets a request leave and takes the database away before its answer comes.
async fn take_away(scene: &Scene, flow: Flow) -> Result<()> {
    scene.disturb("after", "delay", &json!({"delay_ms": HELD_BACK_MS})).await?;
    scene.advance(UNTIL_DUE).await?;
    scene.refreshes_reach(1, Scene::patience()).await?;
    set(scene, flow)
}

async fn spilled(scene: &Scene) -> Result<()> {
    let spilled = until(ON_DISK, async || Ok(scene.has_spilled(0).then_some(()))).await?;
    spilled.with_context(|| format!("after {} s the answer is in memory alone", ON_DISK.as_secs()))
}

async fn away(scene: &mut Scene, flow: Flow, killed: bool) -> Result<Outcome> {
    take_away(scene, flow).await?;
    spilled(scene).await?;
    if killed {
        scene.take(0)?.kill().await?;
    }
    set(scene, Flow::Open)?;
    if killed {
        scene.start(0).await?;
    }
    let outcome = end_of(scene, 0, End::GoesOn, Requests::exactly(1)).await?;
    ensure!(!scene.has_spilled(0), "the answer still lies on disk");
    Ok(outcome)
}

async fn away_before(scene: &mut Scene) -> Result<Outcome> {
    scene.advance(UNTIL_ALMOST_DUE).await?;
    set(scene, Flow::Cut)?;
    quiet(Duration::from_secs(15)).await;
    let early = scene.refreshes().await?.len();
    ensure!(early == 0, "{early} requests left although no marker could be written");
    set(scene, Flow::Open)?;
    end_of(scene, 0, End::GoesOn, Requests::exactly(1)).await
}

async fn flapping(scene: &mut Scene) -> Result<Outcome> {
    scene.disturb("after", "delay", &json!({"delay_ms": HELD_BACK_MS})).await?;
    scene.advance(UNTIL_DUE).await?;
    for _ in 0..20 {
        set(scene, Flow::Cut)?;
        quiet(Duration::from_millis(300)).await;
        set(scene, Flow::Open)?;
        quiet(Duration::from_millis(200)).await;
    }
    end_of(scene, 0, End::GoesOn, Requests::exactly(1)).await
}

async fn one_of_two(scene: &mut Scene) -> Result<Outcome> {
    take_away(scene, Flow::Cut).await?;
    spilled(scene).await?;
    scene.start(1).await?;
    let target = scene.plan.target;
    if target == Provider::Fortnox {
        scene.end_is(1, Scene::patience(), |end| end["state"] == "unknown").await?;
    } else {
        let end = settled(scene, 1).await?;
        ensure!(is_good(&end, 2) == (target == Provider::Xero), "the other instance came to {end}");
    }
    set(scene, Flow::Open)?;
    both(scene, Requests::exactly(if target == Provider::Xero { 2 } else { 1 })).await
}

async fn young(scene: &mut Scene, flow: Flow) -> Result<Outcome> {
    let clock = scene.ground.clone();
    scene.call_works(0, scene.plan.target).await?;
    ensure!(scene.token(0).await?.status.as_u16() == 200, "a reader is not served while all is well");
    set(scene, flow)?;
    let mut longest = Duration::ZERO;
    let started = clock.clock().monotonic();
    while clock.clock().monotonic().saturating_sub(started) < Duration::from_secs(20) {
        let asked = clock.clock().monotonic();
        let seen = scene.token(0).await?;
        let took = clock.clock().monotonic().saturating_sub(asked);
        longest = longest.max(took);
        ensure!(seen.status.as_u16() == 200, "a reader is answered {} after {took:?}", seen.status);
        ensure!(took < Duration::from_secs(10), "a reader waits for {took:?}");
        quiet(Duration::from_millis(200)).await;
    }
    set(scene, Flow::Open)?;
    scene.advance(UNTIL_DUE).await?;
    settled(scene, 0).await?;
    let after = compare(scene, 0, End::GoesOn, Requests::exactly(1)).await?;
    Ok(Outcome::Seen(format!(
        "served for 20 s, the slowest after {} ms; afterwards {after}",
        longest.as_millis()
    )))
}
