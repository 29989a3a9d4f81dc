//! kill -9 of a platform process while clients rotate.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base::{EntropyExt as _, SystemEntropy};
use futures_util::future::try_join_all;
use tokio::sync::watch;

use super::Policy;
use super::chain::Chain;
use super::house::{Client, Doors, House};
use crate::Outcome;

pub(super) const PROMISE: &str = "the last pair that a client was given works; where its refresh was in flight, the authorisation goes on, \
                                  or under the strict rule is over; none is doubled, and what was revoked or spent stays so";

/// Half of them strict, half with a window.
const CLIENTS: u32 = 12;
/// Kills in a run, at the most.
const KILLS: u32 = 20;
/// A kill comes at another moment of the refreshes each time.
const WITHIN_MICROS: u64 = 4000;

/// How the refreshes of a client stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// Nothing was out.
    BetweenRefreshes,
    /// A request was, and its answer never came.
    InFlight,
}

/// What became of refreshes in flight.
#[derive(Debug, Default)]
struct Tally {
    in_flight: u32,
    went_on: u32,
    over: u32,
}

/// What the clients share while they rotate.
struct Rotating {
    acknowledged: watch::Sender<u32>,
    stop: watch::Sender<bool>,
}

impl Rotating {
    /// Refreshes until the end of the world or the word to stop.
    async fn client(&self, chain: &mut Chain, doors: &[Doors]) -> Result<Stopped> {
        for door in doors.iter().cycle() {
            if *self.stop.borrow() {
                break;
            }
            match door.try_refresh(&chain.client, &chain.newest().refresh).await {
                Ok(answer) => {
                    chain.pairs.push(answer.pair().context("a pair that was acknowledged does not refresh")?);
                    self.acknowledged.send_modify(|count| *count += 1);
                }
                Err(error) if error.certainly_not_sent() => break,
                Err(_) => return Ok(Stopped::InFlight),
            }
        }
        Ok(Stopped::BetweenRefreshes)
    }

    /// Kills a process when so many rotations are acknowledged, in the middle of the next ones.
    async fn kill(&self, house: &mut House, number: usize, when: u32) -> Result<()> {
        let mut acknowledged = self.acknowledged.subscribe();
        acknowledged.wait_for(|count| *count >= when).await.context("nobody rotates any more")?;
        tokio::time::sleep(Duration::from_micros(SystemEntropy.below(WITHIN_MICROS))).await;
        house.kill(number).await?;
        self.stop.send_replace(true);
        Ok(())
    }
}

fn doors(house: &House) -> Result<Vec<Doors>> {
    (0..house.processes()).map(|number| house.door(number)).collect()
}

pub(super) async fn rotations(house: &mut House, rounds: u32) -> Result<Outcome> {
    let kills = KILLS.min(rounds.div_ceil(10));
    let rotating = Rotating { acknowledged: watch::Sender::new(0), stop: watch::Sender::new(false) };
    let mut chains = Vec::new();
    for number in 0..CLIENTS {
        let client = Client::of(Policy::ALL[usize::from(number.is_multiple_of(2))]);
        let first = house.authorise(&client).await?;
        chains.push(Chain::new(client, first));
    }
    let mut buried: Vec<Chain> = Vec::new();
    let mut tally = Tally::default();
    for kill in 1..=kills {
        buried.push(revoked(house).await?);
        rotating.stop.send_replace(false);
        let doors = doors(house)?;
        let struck = usize::try_from(kill)? % house.processes();
        let workers = chains.iter_mut().map(|chain| rotating.client(chain, &doors));
        let when = u32::try_from(u64::from(rounds) * u64::from(kill) / u64::from(kills))?;
        let (stopped, ()) = tokio::try_join!(try_join_all(workers), rotating.kill(house, struck, when))?;
        house.start(struck).await?;
        for (chain, stopped) in chains.iter_mut().zip(stopped) {
            if let Some(over) = after_kill(house, chain, stopped, &mut tally).await? {
                buried.push(over);
            }
        }
    }
    let doors = doors_checked(house, &chains, &buried).await?;
    for chain in &chains {
        doors[0].refresh(&chain.client, &chain.newest().refresh).await?.pair().context("at the end")?;
    }
    let acknowledged = *rotating.acknowledged.borrow();
    let Tally { in_flight, went_on, over } = tally;
    Ok(Outcome::Seen(format!(
        "{acknowledged} rotations, {kills} kills; {in_flight} refreshes were in flight: {went_on} authorisations went on, {over} \
         strict ones were over; none lost, none doubled, {} dead ones stayed dead",
        buried.len()
    )))
}

/// An authorisation whose revocation was acknowledged.
async fn revoked(house: &mut House) -> Result<Chain> {
    let client = Client::of(Policy::Strict);
    let chain = Chain::new(client.clone(), house.authorise(&client).await?);
    house.door(0)?.revoke(&client, &chain.newest().refresh).await?;
    Ok(chain)
}

/// Looks what a client has after a kill; the dead chain if its authorisation is over, which then is replaced by a new one.
async fn after_kill(
    house: &mut House,
    chain: &mut Chain,
    stopped: Stopped,
    tally: &mut Tally,
) -> Result<Option<Chain>> {
    let door = house.door(0)?;
    let client = chain.client.clone();
    let newest = chain.newest().clone();
    if stopped == Stopped::BetweenRefreshes {
        ensure!(door.is_active(&client, &newest.refresh).await?, "an acknowledged refresh token is lost");
        ensure!(door.works(&newest.access).await?, "an acknowledged access token is lost");
        return Ok(None);
    }
    tally.in_flight += 1;
    let is_strict = client == Client::of(Policy::Strict);
    let committed = !door.is_active(&client, &newest.refresh).await?;
    let answer = door.refresh(&client, &newest.refresh).await?;
    if is_strict && committed {
        ensure!(answer.is_refused(), "a spent refresh token is answered {}", answer.status);
        tally.over += 1;
        let first = house.authorise(&client).await?;
        return Ok(Some(std::mem::replace(chain, Chain::new(client, first))));
    }
    // Not processed, or answered again out of the window.
    chain.pairs.push(answer.pair().context("after a refresh in flight")?);
    tally.went_on += 1;
    Ok(None)
}

/// Of each living chain only the newest pair lives, of the buried ones nothing.
async fn doors_checked(house: &House, chains: &[Chain], buried: &[Chain]) -> Result<Vec<Doors>> {
    let doors = doors(house)?;
    for door in &doors {
        for chain in chains {
            chain.newest_alone_lives(door).await?;
        }
        for chain in buried {
            let alive = chain.alive(&chain.client, door).await?;
            ensure!(alive.is_empty(), "what was over lives again: {}", alive.join(", "));
        }
    }
    for chain in buried {
        let answer = doors[0].refresh(&chain.client, &chain.newest().refresh).await?;
        ensure!(answer.is_refused(), "a dead refresh token is answered {}", answer.status);
    }
    Ok(doors)
}
