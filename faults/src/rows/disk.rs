//! A disk that is full, and a directory that cannot be written.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::FutureExt as _;
use serde_json::json;

use super::settle::{End, Requests, end_of};
use crate::namespace::SmallDisk;
use crate::scene::{DatabaseKind, Plan, Scene, UNTIL_ALMOST_DUE, UNTIL_DUE};
use crate::seeds::Provider;
use crate::watch::{quiet, until};
use crate::{Outcome, Row};

const GROUP: &str = "the disk";

/// More than an instance writes in a row's time.
const DISK_BYTES: u64 = 12 * 1024 * 1024;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for target in Provider::ALL {
        for database in DatabaseKind::ALL {
            let plan = Plan { disk: Some(DISK_BYTES), ..Plan::new(database, target) };
            rows.push(Row::new(
                GROUP,
                format!("full before a token falls due, freed after it, {}, {}", target.name(), database.name()),
                "no request leaves without space for its answer; afterwards it goes on by itself, with one request",
                plan,
                |scene| full_before(scene).boxed_local(),
            ));
            let plan = Plan { obedient: true, ..Plan::new(database, target) };
            rows.push(Row::new(
                GROUP,
                format!("the directory of spill files read-only while a token falls due, {}, {}", target.name(), database.name()),
                "no request leaves without space for its answer; afterwards it goes on by itself, with one request",
                plan,
                |scene| read_only(scene).boxed_local(),
            ));
        }
        for killed in [false, true] {
            let then = if killed { "kill -9, freed, started again" } else { "freed" };
            rows.push(Row::new(
                GROUP,
                format!("full while a request is out, {then}, {}, SQLite", target.name()),
                "the space for the answer was kept: it is put there, and stored afterwards; one request",
                Plan { disk: Some(DISK_BYTES), ..Plan::new(DatabaseKind::Sqlite, target) },
                move |scene| full_meanwhile(scene, killed).boxed_local(),
            ));
        }
    }
    rows
}

fn disk(scene: &Scene) -> Result<&SmallDisk> {
    scene.disk.as_ref().context("there is no small disk")
}

/// Longer than until the token is due, and some turns of the scheduler.
const PAST_DUE: Duration = Duration::from_secs(15);

/// Lets the token fall due while nothing can be written, and insists that nothing leaves.
async fn nothing_leaves(scene: &Scene) -> Result<()> {
    quiet(PAST_DUE).await;
    let early = scene.refreshes().await?.len();
    ensure!(early == 0, "{early} requests left although there was no space for an answer");
    Ok(())
}

async fn full_before(scene: &mut Scene) -> Result<Outcome> {
    scene.advance(UNTIL_ALMOST_DUE).await?;
    disk(scene)?.fill()?;
    nothing_leaves(scene).await?;
    disk(scene)?.free()?;
    end_of(scene, 0, End::GoesOn, Requests::exactly(1)).await
}

async fn full_meanwhile(scene: &mut Scene, killed: bool) -> Result<Outcome> {
    scene.disturb("after", "delay", &json!({"delay_ms": 3000})).await?;
    scene.advance(UNTIL_DUE).await?;
    scene.refreshes_reach(1, Scene::patience()).await?;
    disk(scene)?.fill()?;
    let spilled = until(Scene::patience(), async || Ok(scene.has_spilled(0).then_some(()))).await?;
    spilled.context("the answer did not come to lie on the disk")?;
    if killed {
        scene.take(0)?.kill().await?;
    }
    disk(scene)?.free()?;
    if killed {
        scene.start(0).await?;
    }
    let outcome = end_of(scene, 0, End::GoesOn, Requests::exactly(1)).await?;
    ensure!(!scene.has_spilled(0), "the answer still lies on disk");
    Ok(outcome)
}

async fn read_only(scene: &mut Scene) -> Result<Outcome> {
    let directory = scene.instances[0].data.join("instance/spill");
    set_permissions(&directory, Permissions::from_mode(0o500))?;
    scene.advance(UNTIL_ALMOST_DUE).await?;
    nothing_leaves(scene).await?;
    set_permissions(&directory, Permissions::from_mode(0o700))?;
    end_of(scene, 0, End::GoesOn, Requests::exactly(1)).await
}
