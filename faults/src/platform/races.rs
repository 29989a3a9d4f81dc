//! Twenty refreshes with one token at the same moment.

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use http::StatusCode;

use super::Policy;
use super::house::{Answer, Client, Doors, House};
use crate::Outcome;

pub(super) const STRICT: &str =
    "at most one answer is 200, all others are `invalid_grant`; never two live branches";
pub(super) const WINDOW: &str =
    "twenty times 200, one successor, and the authorisation lives, round after round";

const AT_ONCE: usize = 20;

fn doors(house: &House) -> Result<Vec<Doors>> {
    (0..house.processes()).map(|number| house.door(number)).collect()
}

/// All at once, by turns at each process.
async fn twenty(doors: &[Doors], client: &Client, token: &str) -> Result<Vec<Answer>> {
    try_join_all((0..AT_ONCE).map(|at| doors[at % doors.len()].refresh(client, token))).await
}

pub(super) async fn strict(house: &mut House, rounds: u32) -> Result<Outcome> {
    let client = Client::of(Policy::Strict);
    let doors = doors(house)?;
    let mut won = 0;
    for round in 1..=rounds {
        let before = house.authorise(&client).await?;
        let answers = twenty(&doors, &client, &before.refresh).await?;
        let winners: Vec<&Answer> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
        ensure!(winners.len() <= 1, "in round {round} {} answers were 200", winners.len());
        let refused = answers.iter().filter(|answer| answer.is_refused()).count();
        ensure!(
            refused + winners.len() == AT_ONCE,
            "in round {round} an answer was neither 200 nor invalid_grant: {:?}",
            answers.iter().map(|answer| answer.status.as_u16()).collect::<Vec<_>>()
        );
        won += winners.len();
        // The others were replays, so the authorisation is over whoever came first.
        for door in &doors {
            ensure!(!door.is_active(&client, &before.refresh).await?, "round {round}: the old token lives");
            ensure!(!door.works(&before.access).await?, "round {round}: the old access token works");
            for winner in &winners {
                let pair = winner.pair()?;
                ensure!(!door.is_active(&client, &pair.refresh).await?, "round {round}: a branch lives on");
                ensure!(!door.works(&pair.access).await?, "round {round}: a branch works on");
            }
        }
    }
    Ok(Outcome::Seen(format!(
        "{rounds} of {rounds} rounds; {won} times one answer was 200; no branch lived on"
    )))
}

pub(super) async fn window(house: &mut House, rounds: u32) -> Result<Outcome> {
    let client = Client::of(Policy::RetryWindow);
    let doors = doors(house)?;
    let mut live = house.authorise(&client).await?;
    for round in 1..=rounds {
        let answers = twenty(&doors, &client, &live.refresh).await?;
        let pairs = answers.iter().map(Answer::pair).collect::<Result<Vec<_>>>();
        let pairs = pairs.with_context(|| format!("round {round}"))?;
        let next = &pairs[0];
        let others = pairs.iter().filter(|pair| *pair != next).count();
        ensure!(others == 0, "in round {round} {others} answers held another successor");
        ensure!(!doors[0].works(&live.access).await?, "round {round}: the access token before works on");
        live = next.clone();
    }
    for door in &doors {
        ensure!(door.works(&live.access).await?, "the last access token does not work");
    }
    doors[0].refresh(&client, &live.refresh).await?.pair().context("the authorisation is over")?;
    Ok(Outcome::Seen(format!(
        "{rounds} of {rounds} rounds: {} times 200, {rounds} successors, the authorisation alive",
        usize::try_from(rounds)? * AT_ONCE
    )))
}
