//! A client that is removed or suspended while its tokens are refreshed.

use anyhow::{Context as _, Result, ensure};

use super::chain::Chain;
use super::house::{Client, Doors, End, House};
use super::revocations::{ELSEWHERE, Made, a_moment, doors, over_for, policy, told};
use crate::Outcome;
use crate::process::run;
use crate::watch::until;

pub(super) const SUSPENDED: &str = "until it is approved again no token of it is taken: at once where it was suspended, within a second \
                                    elsewhere; then the last pair that it was given works, and no other";

/// How the operator does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// On the client's page, at the first process.
    Page,
    /// By a command.
    Command,
}

impl Way {
    async fn act(self, house: &mut House, client: &Client, act: &str) -> Result<()> {
        match self {
            Self::Page => house.administer(client, act).await,
            Self::Command => {
                let mut command = house.command(0);
                command.args(["platform", "clients", act, client.id]);
                run(command).await.map(drop)
            }
        }
    }

    /// Commands are programs that start and end, and meanwhile the chain grows, of which each token is asked for again and again.
    fn rounds(self, rounds: u32) -> u32 {
        let divided = match self {
            Self::Page => 4,
            Self::Command => 8,
        };
        (rounds / divided).max(1)
    }

    fn made(self, house: &House) -> Made {
        match self {
            Self::Page => Made::AtTheFirst,
            Self::Command => Made::by_command(house),
        }
    }
}

/// An authorisation that is refreshed until its client is stopped.
async fn stopped(house: &mut House, doors: &[Doors], round: u32, way: Way, act: &str) -> Result<Chain> {
    let client = Client::of(policy(round));
    let mut chain = Chain::new(client.clone(), house.authorise(&client).await?);
    let stopping = async {
        a_moment().await;
        way.act(house, &client, act).await
    };
    tokio::try_join!(chain.refresh_until_refused(doors), stopping)?;
    Ok(chain)
}

pub(super) async fn removed(house: &mut House, rounds: u32, way: Way) -> Result<Outcome> {
    let doors = doors(house)?;
    let mut refreshes = 0;
    let rounds = way.rounds(rounds);
    for round in 1..=rounds {
        let chain = stopped(house, &doors, round, way, "remove").await?;
        refreshes += chain.pairs.len() - 1;
        over_for(End::ClientRemoved, &chain, &chain.client, &doors, way.made(house), round).await?;
        // Not merely hidden behind a client that is gone: once there is one of its name and secret again, it holds nothing.
        house.seed().await?;
        over_for(End::Authorisation, &chain, &chain.client, &doors, Made::by_command(house), round).await?;
    }
    Ok(told(rounds, refreshes))
}

pub(super) async fn suspended(house: &mut House, rounds: u32, way: Way) -> Result<Outcome> {
    let doors = doors(house)?;
    let mut refreshes = 0;
    let rounds = way.rounds(rounds);
    for round in 1..=rounds {
        let chain = stopped(house, &doors, round, way, "suspend").await?;
        refreshes += chain.pairs.len() - 1;
        let made = way.made(house);
        over_for(End::ClientSuspended, &chain, &chain.client, &doors, made, round).await?;
        way.act(house, &chain.client, "approve").await?;
        for (number, door) in doors.iter().enumerate() {
            let whose = || format!("in round {round} at process {number}, approved again");
            if number > 0 || made == Made::Elsewhere {
                let newest = &chain.newest().refresh;
                let is_served = async || {
                    Ok(door.is_active(&chain.client, newest).await.is_ok_and(|active| active).then_some(()))
                };
                // What counts is what holds after the second.
                until(ELSEWHERE, is_served).await?;
            }
            chain.newest_alone_lives(door).await.with_context(whose)?;
        }
        // By turns at each, as the client is known at all of them.
        let door = &doors[usize::try_from(round)? % doors.len()];
        let answer = door.refresh(&chain.client, &chain.newest().refresh).await?;
        let next = answer.pair().with_context(|| format!("in round {round}, approved again"))?;
        for (number, door) in doors.iter().enumerate() {
            let old = door.works(&chain.newest().access).await?;
            let new = door.works(&next.access).await?;
            ensure!(
                new && !old,
                "in round {round} at process {number} the new token works: {new}, the old one: {old}"
            );
        }
    }
    ensure!(refreshes > 0, "nothing was refreshed meanwhile");
    Ok(Outcome::Seen(format!(
        "{rounds} of {rounds} rounds, {refreshes} refreshes on the way; nothing was taken, and each went on with its last pair"
    )))
}
