//! What a row asks the house, and does to it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use http::Method;
use serde_json::{Value, json};
use visitor::{Seen, Unexpected};

use super::Scene;
use crate::seeds::{self, Provider};
use crate::watch::until;

/// A refresh request as the provider saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refresh {
    /// Which refresh token was presented, as a fingerprint.
    pub(crate) token: String,
    /// What was answered, or would have been if a fault had let it.
    pub(crate) status: Option<u64>,
}

fn told(error: Unexpected) -> anyhow::Error {
    anyhow!(error.0)
}

impl Scene {
    /// Reads from an instance's API.
    pub(crate) async fn read(&self, number: usize, path: &str) -> Result<Value> {
        let seen = self.backend().get(&self.connect_url(number, path)?).await;
        seen.and_then(|seen| seen.expect(200)).and_then(|seen| seen.json()).map_err(told)
    }

    /// The connection as an instance shows it.
    pub(crate) async fn connection(&self, number: usize) -> Result<Value> {
        self.read(number, &format!("/v1/connections/{}", self.connection)).await
    }

    /// The struck end of the connection, as an instance shows it.
    pub(crate) async fn end(&self, number: usize) -> Result<Value> {
        Ok(self.connection(number).await?[self.plan.target.end()].clone())
    }

    /// Waits until the struck end is as wanted.
    pub(crate) async fn end_is(
        &self,
        number: usize,
        within: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let mut last = Value::Null;
        let found = until(within, async || {
            // An instance that is cut off from its database may say so instead.
            if let Ok(end) = self.end(number).await {
                last = end;
            }
            Ok(wanted(&last).then(|| last.clone()))
        });
        let found = found.await?;
        found.with_context(|| format!("the end stays as it is: {last}"))
    }

    /// A call through the proxy of an instance, to the end of that provider.
    pub(crate) async fn call(&self, number: usize, provider: Provider) -> Result<Seen> {
        let path =
            format!("/v1/connections/{}/{}/proxy/{}", self.connection, provider.end(), provider.probe());
        let url = self.connect_url(number, &path)?;
        self.backend().call(Method::GET, &url, None, &[]).await.map_err(told)
    }

    /// Insists on a call that works.
    pub(crate) async fn call_works(&self, number: usize, provider: Provider) -> Result<()> {
        let seen = self.call(number, provider).await?;
        seen.expect(200)
            .map(drop)
            .map_err(|error| anyhow!("a call to {} does not work: {error}", provider.name()))
    }

    /// The status with which an instance answers a reader of the struck end's token.
    pub(crate) async fn token(&self, number: usize) -> Result<Seen> {
        let path = format!("/v1/connections/{}/{}/token", self.connection, self.plan.target.end());
        self.backend().get(&self.connect_url(number, &path)?).await.map_err(told)
    }

    /// Moves the clocks of all sides.
    pub(crate) async fn advance(&self, seconds: i64) -> Result<()> {
        let mut urls = vec![
            self.provider_url(Provider::Pleo, "/sandbox/clock")?,
            self.provider_url(self.accounting(), "/sandbox/clock")?,
        ];
        // Those on one database follow each other.
        let running = (0..self.instances.len()).find(|number| {
            self.instances[*number].server.as_ref().is_some_and(|server| !server.stands_still())
        });
        if let Some(number) = running {
            urls.push(self.connect_url(number, "/sandbox/clock")?);
        }
        for url in urls {
            let moved = self.switches().post(&url, &json!({"advance_seconds": seconds})).await;
            moved.and_then(|seen| seen.expect(200)).map_err(told)?;
        }
        Ok(())
    }

    /// By how much an instance's clock is moved, in seconds.
    pub(crate) async fn clock_of(&self, number: usize) -> Result<i64> {
        let read = self.switches().get(&self.connect_url(number, "/sandbox/clock")?).await;
        let clock = read.and_then(|seen| seen.expect(200)).and_then(|seen| seen.json()).map_err(told)?;
        clock["offset_seconds"].as_i64().context("the clock tells no offset")
    }

    /// Orders a fault at the struck provider's token endpoint, once.
    pub(crate) async fn disturb(&self, moment: &str, kind: &str, more: &Value) -> Result<()> {
        let mut fault = json!({"endpoint": "token", "moment": moment, "kind": kind, "times": 1});
        if let (Some(fault), Some(more)) = (fault.as_object_mut(), more.as_object()) {
            fault.extend(more.clone());
        }
        let url = self.provider_url(self.plan.target, "/sandbox/faults")?;
        let set = self.switches().call(Method::PUT, &url, Some(&json!([fault])), &[]).await;
        set.and_then(|seen| seen.expect(200)).map(drop).map_err(told)
    }

    /// What the struck provider's journal holds of this integration, newest last.
    async fn journal(&self) -> Result<Vec<Value>> {
        let url =
            self.provider_url(self.plan.target, &format!("/sandbox/journal?client_id={}", seeds::CLIENT))?;
        let page =
            self.switches().get(&url).await.and_then(|seen| seen.expect(200)).and_then(|seen| seen.json());
        let mut page = page.map_err(told)?;
        ensure!(page["next"].is_null(), "the journal is longer than a page");
        match page["data"].take() {
            Value::Array(entries) => Ok(entries),
            other => Err(anyhow!("the journal is no list: {other}")),
        }
    }

    /// The refresh requests that the struck provider has seen.
    pub(crate) async fn refreshes(&self) -> Result<Vec<Refresh>> {
        let journal = self.journal().await?;
        let refreshes = journal.iter().filter(|entry| entry["parameters"]["grant_type"] == "refresh_token");
        let read = |entry: &Value| Refresh {
            token: entry["parameters"]["refresh_token"].to_string(),
            status: entry["answer"]["status"].as_u64(),
        };
        Ok(refreshes.map(read).collect())
    }

    /// How often the struck provider was asked whether a token is alive.
    pub(crate) async fn questions(&self) -> Result<usize> {
        Ok(self.journal().await?.iter().filter(|entry| entry["endpoint"] == "introspect").count())
    }

    /// Waits until the struck provider has seen so many refresh requests, their answers perhaps still out.
    pub(crate) async fn refreshes_reach(&self, count: usize, within: Duration) -> Result<()> {
        let reached = until(within, async || Ok((self.refreshes().await?.len() >= count).then_some(())));
        reached.await?.with_context(|| format!("the provider has not seen {count} refresh requests"))
    }

    /// Whether the answer of a lost refresh lies on an instance's disk, waiting.
    pub(crate) fn has_spilled(&self, number: usize) -> bool {
        let directory = match (&self.disk, number) {
            (Some(disk), 0) => disk.seen().join("instance/spill"),
            _ => self.instances[number].data.join("instance/spill"),
        };
        let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
        entries.filter_map(|entry| std::fs::read(entry.path()).ok()).any(|bytes| bytes.starts_with(b"MSTSPL"))
    }
}

/// How often each refresh token was presented and worked, which is once where tokens work once.
pub(crate) fn successes(refreshes: &[Refresh]) -> BTreeMap<&str, usize> {
    let mut successes = BTreeMap::new();
    for refresh in refreshes.iter().filter(|refresh| refresh.status == Some(200)) {
        *successes.entry(refresh.token.as_str()).or_default() += 1;
    }
    successes
}

/// Whether an end is in order at a generation.
pub(crate) fn is_good(end: &Value, generation: u64) -> bool {
    end["generation"] == generation && end["state"] == "active"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refresh(token: &str, status: Option<u64>) -> Refresh {
        Refresh { token: token.to_owned(), status }
    }

    #[test]
    fn only_what_worked_counts_and_each_token_by_itself() {
        let seen = [
            refresh("a", None),
            refresh("a", Some(200)),
            refresh("a", Some(400)),
            refresh("b", Some(200)),
            refresh("b", Some(200)),
        ];
        assert_eq!(successes(&seen), BTreeMap::from([("a", 1), ("b", 2)]));
    }

    #[test]
    fn an_end_is_good_at_its_generation_and_active() {
        assert!(is_good(&json!({"generation": 2, "state": "active"}), 2));
        assert!(!is_good(&json!({"generation": 1, "state": "active"}), 2));
        assert!(!is_good(&json!({"generation": 2, "state": "unknown"}), 2));
    }
}
