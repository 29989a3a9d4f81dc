//! Many readers of one expiring token at several instances.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use serde_json::json;

use super::settle::told;
use crate::scene::{DatabaseKind, Plan, Scene, successes};
use crate::seeds::Provider;
use crate::watch::until;
use crate::{Outcome, Row};

const GROUP: &str = "200 readers of one expiring token";
const READERS: usize = 200;
const GENERATIONS: usize = 3;
/// Past the end of the token's life, so that nobody can be served from what there is.
const PAST_EXPIRY: i64 = 125;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for instances in [2, 3] {
        for target in Provider::ALL {
            rows.push(Row::new(
                GROUP,
                format!("{instances} instances on one PostgreSQL, {}", target.name()),
                "one request in the provider's journal for each generation; every reader is served",
                Plan { instances, ..Plan::new(DatabaseKind::Postgres, target) },
                |scene| crowd(scene).boxed_local(),
            ));
        }
    }
    rows
}

async fn crowd(scene: &mut Scene) -> Result<Outcome> {
    let instances = scene.instances.len();
    for number in 1..instances {
        scene.start(number).await?;
    }
    for round in 1..=GENERATIONS {
        // The answer is kept back, so that all of them come while it is out.
        scene.disturb("after", "delay", &json!({"delay_ms": 1500})).await?;
        scene.advance(PAST_EXPIRY).await?;
        let wanted = scene.clock_of(0).await?;
        for number in 1..instances {
            let follows = until(Duration::from_secs(10), async || {
                Ok((scene.clock_of(number).await? == wanted).then_some(()))
            });
            follows.await?.with_context(|| format!("instance {number} does not follow the clock"))?;
        }
        let readers = (0..READERS).map(async |reader| {
            let seen = scene.token(reader % instances).await?;
            ensure!(seen.status.as_u16() == 200, "a reader is answered {}", seen.status);
            Ok(seen.json().map_err(|error| anyhow::anyhow!(error.0))?["generation"].as_u64())
        });
        let generations: BTreeSet<Option<u64>> = try_join_all(readers).await?.into_iter().collect();
        let generation = u64::try_from(round + 1).ok();
        ensure!(
            generations == BTreeSet::from([generation]),
            "in round {round} the readers were served the generations {generations:?}"
        );
    }
    let refreshes = scene.refreshes().await?;
    let told = told(&refreshes);
    let each_once = successes(&refreshes).into_values().all(|count| count == 1);
    ensure!(each_once && refreshes.len() == GENERATIONS, "the provider saw {told}");
    let served = READERS * GENERATIONS;
    Ok(Outcome::Seen(format!("{served} of {served} readers served over {GENERATIONS} generations; {told}")))
}
