//! A revocation while refreshes run.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base::{EntropyExt as _, SystemEntropy};
use serde_json::Value;

use super::Policy;
use super::chain::Chain;
use super::house::{Client, Doors, House};
use crate::Outcome;
use crate::process::run;
use crate::watch::until;

pub(super) const PROMISE: &str =
    "afterwards no token of the authorisation lives: at once where it was revoked, within a second elsewhere";

/// Refreshes take a few milliseconds each, so that a revocation meets them at every step.
const LATEST: u64 = 40;
/// How long another process may take to learn of it.
const ELSEWHERE: Duration = Duration::from_secs(1);

/// Some milliseconds, others each time.
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(SystemEntropy.below(LATEST))).await;
}

fn doors(house: &House) -> Result<Vec<Doors>> {
    (0..house.processes()).map(|number| house.door(number)).collect()
}

/// Where a revocation was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// By the first process.
    AtTheFirst,
    /// By a process of its own, beside the servers.
    Elsewhere,
}

/// Nothing of it lives, at any door; and refreshing brings nothing back. `client` is who asks.
async fn over(chain: &Chain, client: &Client, doors: &[Doors], made: Made, round: u32) -> Result<()> {
    for (number, door) in doors.iter().enumerate() {
        let mut alive = chain.alive(client, door).await;
        let at_once = number == 0 && made == Made::AtTheFirst;
        if !at_once && !alive.as_ref().is_ok_and(Vec::is_empty) {
            let gone = until(ELSEWHERE, async || {
                let gone = chain.alive(client, door).await.is_ok_and(|alive| alive.is_empty());
                Ok(gone.then_some(()))
            });
            // The last question of the second was asked a little before its end; what counts is what holds after it.
            gone.await?;
            alive = chain.alive(client, door).await;
        }
        let alive = alive.with_context(|| format!("in round {round} at process {number}"))?;
        ensure!(alive.is_empty(), "in round {round} there lives at process {number}: {}", alive.join(", "));
    }
    for pair in &chain.pairs {
        let answer = doors[0].refresh(client, &pair.refresh).await?;
        ensure!(answer.is_refused(), "in round {round} a dead token is answered {}", answer.status);
    }
    Ok(())
}

fn told(rounds: u32, refreshes: usize) -> Outcome {
    Outcome::Seen(format!("{rounds} of {rounds} rounds, {refreshes} refreshes on the way; nothing lived on"))
}

fn policy(round: u32) -> Policy {
    Policy::ALL[usize::from(round.is_multiple_of(2))]
}

pub(super) async fn endpoint(house: &mut House, rounds: u32) -> Result<Outcome> {
    let doors = doors(house)?;
    let mut refreshes = 0;
    for round in 1..=rounds {
        let client = Client::of(policy(round));
        let mut chain = Chain::new(client.clone(), house.authorise(&client).await?);
        let first = chain.newest().refresh.clone();
        // An old refresh token names its family too, so the one that was first is right whatever has happened.
        let revoking = async {
            a_moment().await;
            doors[0].revoke(&client, &first).await
        };
        tokio::try_join!(chain.refresh_until_refused(&doors), revoking)?;
        refreshes += chain.pairs.len() - 1;
        over(&chain, &client, &doors, Made::AtTheFirst, round).await?;
    }
    Ok(told(rounds, refreshes))
}

pub(super) async fn withdrawn(house: &mut House, rounds: u32) -> Result<Outcome> {
    let doors = doors(house)?;
    let mut refreshes = 0;
    for round in 1..=rounds {
        let client = Client::of(policy(round));
        let mut chain = Chain::new(client.clone(), house.authorise(&client).await?);
        let withdrawal = house.withdrawing(&client)?;
        let withdrawing = async {
            a_moment().await;
            withdrawal.await
        };
        tokio::try_join!(chain.refresh_until_refused(&doors), withdrawing)?;
        refreshes += chain.pairs.len() - 1;
        over(&chain, &client, &doors, Made::AtTheFirst, round).await?;
    }
    Ok(told(rounds, refreshes))
}

pub(super) async fn compromised(house: &mut House, rounds: u32) -> Result<Outcome> {
    let doors = doors(house)?;
    let mut refreshes = 0;
    let mut clients = Policy::ALL.map(Client::of);
    // Each round starts a program of its own.
    let rounds = (rounds / 4).max(1);
    for round in 1..=rounds {
        let client = &mut clients[usize::from(round.is_multiple_of(2))];
        let mut chain = Chain::new(client.clone(), house.authorise(client).await?);
        let mut rotating = house.command(0);
        rotating.args(["platform", "clients", "rotate-secret", client.id, "--compromised", "--json"]);
        let ((), told) = tokio::try_join!(chain.refresh_until_refused(&doors), run(rotating))?;
        let told: Value = serde_json::from_str(&told).context("read the new secret")?;
        told["client_secret"].as_str().context("there is no new secret")?.clone_into(&mut client.secret);
        refreshes += chain.pairs.len() - 1;
        // A database with one process alone is asked through that process.
        let made = if house.has_one_process() { Made::AtTheFirst } else { Made::Elsewhere };
        over(&chain, client, &doors, made, round).await?;
    }
    Ok(told(rounds, refreshes))
}
