//! A database that was put back from a backup.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::FutureExt as _;
use serde_json::Value;

use super::settle::{End, Requests, compare, end_of, settled, told};
use crate::process::run;
use crate::scene::{DatabaseKind, Plan, Scene, UNTIL_DUE, is_good};
use crate::seeds::Provider;
use crate::{Outcome, Row};

const GROUP: &str = "restored backups";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for database in DatabaseKind::ALL {
        for target in Provider::ALL {
            let plan = Plan::new(database, target);
            let names = format!("{}, {}", target.name(), database.name());
            let promise = match target {
                Provider::Pleo => {
                    "noticed; the token is asked about, found spent and not presented; a person is asked, for that reason"
                }
                Provider::Xero => "noticed; waits for the operator, and goes on when that one says so",
                Provider::Fortnox => {
                    "noticed; waits for the operator; the spent token is presented only after the word of that one"
                }
            };
            rows.push(Row::new(
                GROUP,
                format!("an older copy is put back, {names}"),
                promise,
                plan.clone(),
                |scene| older(scene).boxed_local(),
            ));
            let promise = match target {
                Provider::Pleo => "in doubt; the token is asked about, found alive, and it goes on by itself",
                Provider::Xero | Provider::Fortnox => {
                    "in doubt; waits for the operator, and goes on when that one says so"
                }
            };
            let fault = format!("the instance has lost its memory, {names}");
            rows.push(Row::new(GROUP, fault, promise, plan.clone(), |scene| {
                without_memory(scene).boxed_local()
            }));
            let fault = format!("a copy is put back that misses nothing, {names}");
            let promise = "no alarm; goes on by itself, with one request";
            rows.push(Row::new(GROUP, fault, promise, plan.clone(), |scene| {
                nothing_missing(scene).boxed_local()
            }));
            // A second process on one SQLite database is refused at its start.
            if database == DatabaseKind::Postgres {
                let fault = format!("an instance without memory starts beside another one, {names}");
                let promise = "the other one vouches for the database: no alarm; it goes on by itself, with one request";
                rows.push(Row::new(GROUP, fault, promise, Plan { instances: 2, ..plan }, |scene| {
                    vouched_for(scene).boxed_local()
                }));
            }
        }
    }
    rows
}

/// How many grants are in doubt, as the operator is told.
async fn in_doubt(scene: &Scene) -> Result<u64> {
    let mut status = scene.command_of(0);
    status.args(["recover", "status", "--json"]);
    let told: Value = serde_json::from_str(&run(status).await?)?;
    told["in_doubt"].as_u64().ok_or_else(|| anyhow::anyhow!("`recover status` says {told}"))
}

async fn accept(scene: &Scene) -> Result<()> {
    let mut accept = scene.command_of(0);
    accept.args(["recover", "accept"]);
    run(accept).await.map(drop)
}

/// Waits until the struck end waits for the operator, and insists that nothing has left until then.
async fn waits_for_operator(scene: &Scene, requests: usize) -> Result<()> {
    let end = scene.end_is(0, Scene::patience(), |end| end["state"] == "degraded").await?;
    ensure!(end.pointer("/reason/code").is_some_and(|code| code == "possibly_restored"), "the end is {end}");
    let seen = scene.refreshes().await?;
    ensure!(seen.len() == requests, "a token in doubt was presented: {}", told(&seen));
    Ok(())
}

async fn older(scene: &mut Scene) -> Result<Outcome> {
    scene.take(0)?.finish().await?;
    let backup = scene.back_up().await?;
    scene.start(0).await?;
    scene.advance(UNTIL_DUE).await?;
    let end = settled(scene, 0).await?;
    ensure!(is_good(&end, 2), "the end was not refreshed: {end}");
    scene.take(0)?.finish().await?;
    scene.restore(backup).await?;
    scene.start(0).await?;
    let doubted = in_doubt(scene).await?;
    ensure!(doubted == 2, "{doubted} of 2 grants are in doubt");
    scene.advance(UNTIL_DUE).await?;
    let target = scene.plan.target;
    let ended_for = async |scene: &Scene, code: &str, requests: usize| -> Result<Outcome> {
        // What was sent before the restore must have come to its end before anybody is asked.
        let patience = Duration::from_mins(1) + Scene::patience();
        let end = scene.end_is(0, patience, |end| end["state"] == "ended").await?;
        let reason = end.pointer("/reason/code").and_then(Value::as_str).unwrap_or_default();
        let (seen, asked) = (scene.refreshes().await?, scene.questions().await? > 0);
        let told = told(&seen);
        ensure!(reason == code, "the end is {end}; the provider saw {told}");
        ensure!(seen.len() == requests, "the provider saw {told}");
        scene.call_works(0, target.other()).await?;
        ensure!(asked == (target == Provider::Pleo), "whether anybody was asked: {asked}");
        let asked = if asked { "asked, " } else { "" };
        Ok(Outcome::Seen(format!("{asked}ended, {code}; {told}; {} goes on", target.other().name())))
    };
    match target {
        Provider::Pleo => ended_for(scene, "restored_backup", 1).await,
        Provider::Xero => {
            waits_for_operator(scene, 1).await?;
            accept(scene).await?;
            end_of(scene, 0, End::GoesOn, Requests::exactly(2)).await
        }
        Provider::Fortnox => {
            waits_for_operator(scene, 1).await?;
            accept(scene).await?;
            ended_for(scene, "access_withdrawn", 2).await
        }
    }
}

/// Takes an instance's memory away.
fn forget(scene: &Scene, number: usize) -> Result<()> {
    Ok(std::fs::remove_file(scene.instances[number].data.join("instance/newest-rotation"))?)
}

async fn without_memory(scene: &mut Scene) -> Result<Outcome> {
    scene.take(0)?.finish().await?;
    forget(scene, 0)?;
    scene.start(0).await?;
    let doubted = in_doubt(scene).await?;
    ensure!(doubted == 2, "{doubted} of 2 grants are in doubt");
    scene.advance(UNTIL_DUE).await?;
    if scene.plan.target == Provider::Pleo {
        settled(scene, 0).await?;
        let questions = scene.questions().await?;
        ensure!(questions > 0, "nobody was asked");
    } else {
        waits_for_operator(scene, 0).await?;
        accept(scene).await?;
    }
    end_of(scene, 0, End::GoesOn, Requests::exactly(1)).await
}

async fn vouched_for(scene: &mut Scene) -> Result<Outcome> {
    forget(scene, 1)?;
    scene.start(1).await?;
    let doubted = in_doubt(scene).await?;
    ensure!(doubted == 0, "{doubted} grants are in doubt");
    scene.advance(UNTIL_DUE).await?;
    end_of(scene, 1, End::GoesOn, Requests::exactly(1)).await
}

async fn nothing_missing(scene: &mut Scene) -> Result<Outcome> {
    scene.take(0)?.finish().await?;
    let backup = scene.back_up().await?;
    scene.restore(backup).await?;
    scene.start(0).await?;
    let doubted = in_doubt(scene).await?;
    ensure!(doubted == 0, "{doubted} grants are in doubt");
    scene.advance(UNTIL_DUE).await?;
    settled(scene, 0).await?;
    compare(scene, 0, End::GoesOn, Requests::exactly(1)).await.map(Outcome::Seen)
}
