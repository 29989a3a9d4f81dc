//! A client that refreshes again and again.

use anyhow::{Result, bail};
use http::StatusCode;

use super::house::{Client, Doors, Pair};

/// All pairs that a client was given for one authorisation, the newest last.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) client: Client,
    pub(super) pairs: Vec<Pair>,
}

impl Chain {
    pub(super) fn new(client: Client, first: Pair) -> Self {
        Self { client, pairs: vec![first] }
    }

    pub(super) fn newest(&self) -> &Pair {
        // There is one from the beginning, and none is ever taken away.
        &self.pairs[self.pairs.len() - 1]
    }

    /// Refreshes until that is refused, by turns at each process.
    pub(super) async fn refresh_until_refused(&mut self, doors: &[Doors]) -> Result<()> {
        for door in doors.iter().cycle() {
            let answer = door.refresh(&self.client, &self.newest().refresh).await?;
            match answer.status {
                StatusCode::OK => self.pairs.push(answer.pair()?),
                // A secret that was called compromised is none any more.
                StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => return Ok(()),
                other => bail!("a refresh is answered {other}: {}", answer.json["error"]),
            }
        }
        Ok(())
    }

    /// Which of its tokens are alive, as an authenticated client and a resource API see it.
    pub(super) async fn alive(&self, client: &Client, door: &Doors) -> Result<Vec<String>> {
        let mut alive = Vec::new();
        for (at, pair) in self.pairs.iter().enumerate() {
            if door.is_active(client, &pair.refresh).await? {
                alive.push(format!("refresh token {at}"));
            }
            if door.works(&pair.access).await? {
                alive.push(format!("access token {at}"));
            }
        }
        Ok(alive)
    }
}
