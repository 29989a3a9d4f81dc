//! A client that refreshes again and again.

use anyhow::{Result, bail, ensure};
use http::StatusCode;

use super::Policy;
use super::house::{Client, Doors, End, Pair};

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
        self.alive_after(End::Authorisation, client, door).await
    }

    /// The same where it came to this end.
    pub(super) async fn alive_after(&self, end: End, client: &Client, door: &Doors) -> Result<Vec<String>> {
        let mut alive = Vec::new();
        for (at, pair) in self.pairs.iter().enumerate() {
            if door.is_active_after(end, client, &pair.refresh).await? {
                alive.push(format!("refresh token {at}"));
            }
            if door.works(&pair.access).await? {
                alive.push(format!("access token {at}"));
            }
        }
        Ok(alive)
    }

    /// The newest pair lives, and nothing else does.
    pub(super) async fn newest_alone_lives(&self, door: &Doors) -> Result<()> {
        let newest = self.pairs.len() - 1;
        let wanted = vec![format!("refresh token {newest}"), format!("access token {newest}")];
        let mut alive = self.alive(&self.client, door).await?;
        if alive != wanted && self.client == Client::of(Policy::RetryWindow) {
            // Until the successor is used, the token before it stands for the same pair. The access token has just been used.
            alive = self.alive(&self.client, door).await?;
        }
        ensure!(alive == wanted, "of {} pairs there live: {}", self.pairs.len(), alive.join(", "));
        Ok(())
    }
}
