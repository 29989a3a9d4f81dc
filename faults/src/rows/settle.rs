//! How a struck refresh comes to its end.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::Outcome;
use crate::scene::{Refresh, Scene, is_good, successes};
use crate::seeds::Provider;
use crate::watch::quiet;

/// What must become of the struck grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It goes on by itself.
    GoesOn,
    /// It is over, for the reason that an answer was lost, and a person is asked.
    Lost,
}

/// How many refresh requests the provider may have seen in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Requests {
    pub(super) least: usize,
    pub(super) most: usize,
}

impl Requests {
    pub(super) const fn exactly(count: usize) -> Self {
        Self { least: count, most: count }
    }
}

/// A lease that must stand still for 15 s, a request that may be under way for 60 s after that, and the turns of schedulers.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// Waits until the struck end is settled at an instance.
pub(super) async fn settled(scene: &Scene, number: usize) -> Result<Value> {
    scene.end_is(number, SETTLED_WITHIN, |end| is_good(end, 2) || end["state"] == "ended").await
}

/// Compares what was promised with what is there now, at an instance.
pub(super) async fn compare(scene: &Scene, number: usize, end: End, requests: Requests) -> Result<String> {
    let target = scene.plan.target;
    // What should not happen any more has no event to wait for.
    quiet(Duration::from_millis(1200)).await;
    let connection = scene.connection(number).await?;
    let struck = &connection[target.end()];
    let refreshes = scene.refreshes().await?;
    let told = told(&refreshes);
    ensure!(
        (requests.least..=requests.most).contains(&refreshes.len()),
        "the provider saw {told}, where {requests:?} was promised; the end is {struck}"
    );
    if target != Provider::Xero {
        let twice = successes(&refreshes).into_values().any(|count| count > 1);
        ensure!(!twice, "a refresh token that works once worked twice: {told}");
    }
    match end {
        End::GoesOn => {
            ensure!(is_good(struck, 2), "the end did not go on by itself: {struck}; the provider saw {told}");
            ensure!(connection["state"] == "active", "the connection is {}", connection["state"]);
            scene.call_works(number, target).await?;
            Ok(format!("generation 2, active, a call works; {told}"))
        }
        End::Lost => {
            let reason = connection.pointer("/reason/code").and_then(Value::as_str).unwrap_or_default();
            ensure!(
                struck["state"] == "ended"
                    && connection["state"] == "attention"
                    && reason == "refresh_answer_lost",
                "the connection is {} ({reason}), its end {struck}; the provider saw {told}",
                connection["state"]
            );
            let other = target.other();
            scene.call_works(number, other).await.context("the healthy end suffers")?;
            let refused = scene.call(number, target).await?.status.as_u16();
            ensure!(refused == 409, "a call to the ended end is answered {refused}");
            Ok(format!("ended, refresh_answer_lost, a person is asked; {} goes on; {told}", other.name()))
        }
    }
}

/// The provider's journal in words.
pub(super) fn told(refreshes: &[Refresh]) -> String {
    let tokens: std::collections::BTreeSet<_> = refreshes.iter().map(|refresh| &refresh.token).collect();
    let statuses: Vec<String> = refreshes
        .iter()
        .map(|refresh| refresh.status.map_or_else(|| "none".to_owned(), |status| status.to_string()))
        .collect();
    let requests = if refreshes.len() == 1 { "1 request" } else { &format!("{} requests", refreshes.len()) };
    let tokens =
        if tokens.len() == 1 { "1 refresh token" } else { &format!("{} refresh tokens", tokens.len()) };
    format!("{requests} with {tokens} ({})", statuses.join(", "))
}

/// A settled row.
pub(super) async fn end_of(scene: &Scene, number: usize, end: End, requests: Requests) -> Result<Outcome> {
    settled(scene, number).await?;
    compare(scene, number, end, requests).await.map(Outcome::Seen)
}
