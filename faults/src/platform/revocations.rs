//! A revocation while refreshes run.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base::{EntropyExt as _, SystemEntropy};
use serde_json::Value;

use super::Policy;
use super::chain::Chain;
use super::house::{Client, Doors, End, House};
use crate::Outcome;
use crate::process::run;
use crate::watch::until;

pub(super) const PROMISE: &str =
    "afterwards no token of the authorisation lives: at once where it was revoked, within a second elsewhere";

/// Refreshes take a few milliseconds each, so that a revocation meets them at every step.
const LATEST: u64 = 40;
/// How long another process may take to learn of it.
pub(super) const ELSEWHERE: Duration = Duration::from_secs(1);

/// Some milliseconds, others each time.
pub(super) async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(SystemEntropy.below(LATEST))).await;
}

pub(super) fn doors(house: &House) -> Result<Vec<Doors>> {
    (0..house.processes()).map(|number| house.door(number)).collect()
}

/// Where a revocation was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// By the first process.
    AtTheFirst,
    /// By a process of its own, beside the servers.
    Elsewhere,
}

impl Made {
    /// By a command. A database with one process alone is asked through that process.
    pub(super) fn by_command(house: &House) -> Self {
        if house.has_one_process() { Self::AtTheFirst } else { Self::Elsewhere }
    }
}

/// Nothing of it lives, at any door; and refreshing brings nothing back. `client` is who asks.
async fn over(chain: &Chain, client: &Client, doors: &[Doors], made: Made, round: u32) -> Result<()> {
    over_for(End::Authorisation, chain, client, doors, made, round).await
}

/// The same where it came to this end.
pub(super) async fn over_for(
    end: End,
    chain: &Chain,
    client: &Client,
    doors: &[Doors],
    made: Made,
    round: u32,
) -> Result<()> {
    let at_once = |number: usize| number == 0 && made == Made::AtTheFirst;
    for (number, door) in doors.iter().enumerate() {
        let mut alive = chain.alive_after(end, client, door).await;
        if !at_once(number) && !alive.as_ref().is_ok_and(Vec::is_empty) {
            let gone = until(ELSEWHERE, async || {
                let gone = chain.alive_after(end, client, door).await.is_ok_and(|alive| alive.is_empty());
                Ok(gone.then_some(()))
            });
            // The last question of the second was asked a little before its end; what counts is what holds after it.
            gone.await?;
            alive = chain.alive_after(end, client, door).await;
        }
        let alive = alive.with_context(|| format!("in round {round} at process {number}"))?;
        ensure!(alive.is_empty(), "in round {round} there lives at process {number}: {}", alive.join(", "));
    }
    for (number, door) in doors.iter().enumerate() {
        for pair in &chain.pairs {
            let answer = door.refresh(client, &pair.refresh).await?;
            // Within the second, a process may know that the authorisation has ended and not yet that its client is gone.
            let halfway = end == End::ClientRemoved && !at_once(number) && answer.is_refused();
            ensure!(
                halfway || answer.is_refused_for(end),
                "in round {round} a dead token is answered {} at process {number}: {}",
                answer.status,
                answer.json["error"]
            );
        }
    }
    Ok(())
}

pub(super) fn told(rounds: u32, refreshes: usize) -> Outcome {
    Outcome::Seen(format!("{rounds} of {rounds} rounds, {refreshes} refreshes on the way; nothing lived on"))
}

pub(super) fn policy(round: u32) -> Policy {
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
        over(&chain, client, &doors, Made::by_command(house), round).await?;
    }
    Ok(told(rounds, refreshes))
}
