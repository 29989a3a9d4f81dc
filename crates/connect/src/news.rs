//! What happened to grants is told onward as events of the connections that draw on them. The refresh authority writes its events
//! with the change itself; a cursor, moved in the transaction that writes ours, makes each of them told once.

use std::time::Duration;

use base::StoreError;
use refresh::{GrantChange, GrantEvent};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{Connect, Connection, ConnectionId, End, Event, EventType, StateKind, Told, words};

/// How many events of grants are taken together.
const BATCH: u32 = 100;
/// How often grants' events of other processes are looked for.
const LOOK: Duration = Duration::from_millis(500);
/// How often walks that nobody finished or that are long over are looked for, and connections are counted.
const SWEEP: Duration = Duration::from_mins(1);
/// How often announcements that are due are looked for.
const ANNOUNCE: Duration = Duration::from_mins(30);

impl Connect {
    /// Tells onward what happens to grants, follows what other processes change, and clears away walks that nobody finished
    /// and those that are long over,
    /// until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        // Beside one another: however much there is to tell, changes are heard of in time.
        futures_util::future::join(self.follow(&stop), self.tell_and_clear(&stop)).await;
    }

    async fn tell_and_clear(&self, stop: &CancellationToken) {
        let mut positions = self.authority().positions();
        let mut swept: Option<Duration> = None;
        let mut announced: Option<Duration> = None;
        loop {
            match self.tell_news().await {
                // There may be more.
                Ok(count) if count == BATCH as usize => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "what happened to grants could not be told onward; it is tried again");
                }
            }
            let now = self.clock().monotonic();
            if swept.is_none_or(|at| now.saturating_sub(at) >= SWEEP) {
                swept = Some(now);
                self.count_connections().await;
                if let Err(error) = self.sweep_walks().await {
                    tracing::warn!(%error, "unfinished walks could not be cleared away; it is tried again");
                }
                if let Err(error) = self.delete_finished_walks().await {
                    tracing::warn!(%error, "walks that are long over could not be deleted; it is tried again");
                }
            }
            if announced.is_none_or(|at| now.saturating_sub(at) >= ANNOUNCE) {
                announced = Some(now);
                if let Err(error) = self.announce().await {
                    tracing::warn!(%error, "announcements could not be made; it is tried again");
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = tokio::time::timeout(LOOK, positions.changed()) => {}
            }
        }
    }

    async fn count_connections(&self) {
        match self.connection_counts().await {
            Ok(counts) => {
                for state in StateKind::ALL {
                    let count =
                        counts.iter().find(|(counted, _)| *counted == state).map_or(0, |(_, count)| *count);
                    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
                    metrics::gauge!("mainstay_connections", "state" => state.as_str()).set(count);
                }
            }
            Err(error) => tracing::warn!(%error, "connections could not be counted"),
        }
    }

    /// Tells onward what has happened to grants so far, at most a batch; how many events that were.
    pub async fn tell_news(&self) -> Result<usize, StoreError> {
        let news = self.store().grant_news(BATCH).await?;
        let Some(last) = news.news.last() else { return Ok(0) };
        let to = last.event.position;
        let mut told: Vec<Told> = Vec::new();
        for item in &news.news {
            for (id, end) in &item.connections {
                let Some(connection) = self.store().connection(*id).await? else { continue };
                if !connection.is_live() {
                    continue;
                }
                // What was said before in this batch counts as told.
                let before = told
                    .iter()
                    .rev()
                    .find_map(|told| (told.connection == *id).then_some(told.state).flatten());
                told.extend(self.tell(
                    &connection,
                    *end,
                    &item.event.event,
                    before.unwrap_or(connection.told),
                ));
            }
        }
        let count = news.news.len();
        if self.store().take_grant_news(news.cursor, to, &told).await? {
            for told in &told {
                self.connection_changed(told.connection);
            }
            for item in &news.news {
                for (id, _) in &item.connections {
                    self.inner.connections.forget(id);
                }
            }
        }
        Ok(count)
    }

    /// What an event of a grant means for one connection.
    fn tell(&self, connection: &Connection, end: End, event: &GrantEvent, told: StateKind) -> Option<Told> {
        if event.change == GrantChange::Given {
            // Who gave it has told of it.
            return None;
        }
        let mut events = Vec::new();
        let state = connection.state();
        let side = connection.side(end);
        let name = self.directory().name(&side.provider);
        let mut say = |kind: EventType, data: serde_json::Value, sentence: String| {
            events.push(Event { at: event.at, ..self.event(kind, connection.id, data, sentence) });
        };
        match event.change {
            GrantChange::Refreshed { .. } => say(
                EventType::CredentialRefreshed,
                json!({ "end": end, "generation": side.generation_base + event.generation, "expires_at": side.facts.expires_at }),
                format!("The sign-in at {name} was refreshed."),
            ),
            GrantChange::Degraded { reason, next_try_at, .. } => say(
                EventType::CredentialRefreshFailed,
                json!({ "end": end, "reason": reason.code(), "next_try_at": next_try_at }),
                format!(
                    "The sign-in at {name} could not be refreshed: {}. The next try is on {}.",
                    in_words(reason.code()),
                    next_try_at.to_sentence()
                ),
            ),
            GrantChange::Unknown { next_try_at } => say(
                EventType::CredentialRefreshFailed,
                json!({ "end": end, "reason": "refresh_outcome_unknown", "next_try_at": next_try_at }),
                format!(
                    "{name} has not answered a refresh. It will be looked into on {}.",
                    next_try_at.to_sentence()
                ),
            ),
            GrantChange::Ended { reason } if state == StateKind::Attention => say(
                EventType::CredentialRefreshFailed,
                json!({ "end": end, "reason": reason.code() }),
                format!("The sign-in at {name} has ended: {}.", in_words(reason.code())),
            ),
            GrantChange::Given | GrantChange::Ended { .. } | GrantChange::Revived => {}
        }
        if state != told
            && let Some((kind, sentence)) = self.of_state(connection, state)
        {
            let reason = words::reason(connection, self.directory());
            let worst = connection.worst_end().map(|(end, _)| end);
            let mut data = json!({ "end": worst, "reason": reason, "state": state });
            if state == StateKind::Attention {
                // Where a link for the person is to be had; a link itself is a secret and stands in no event.
                data["reauthorise"] = json!(format!("/v1/connections/{}/reauthorise", connection.id));
            }
            say(kind, data, sentence);
        }
        (!events.is_empty()).then_some(Told {
            connection: connection.id,
            state: (state != told).then_some(state),
            events,
        })
    }

    fn of_state(&self, connection: &Connection, state: StateKind) -> Option<(EventType, String)> {
        let reason =
            || words::reason(connection, self.directory()).map_or_else(String::new, |reason| reason.sentence);
        match state {
            StateKind::Active => Some((EventType::Recovered, "The connection works again.".to_owned())),
            StateKind::Degraded => Some((EventType::Degraded, reason())),
            StateKind::Attention => {
                let (end, _) = connection.worst_end()?;
                let request = words::request_for_sign_in(connection, end, self.directory());
                Some((EventType::AttentionRequired, format!("{} {request}", reason())))
            }
            StateKind::Pending | StateKind::Disconnected => None,
        }
    }

    /// Connections whose grant was exchanged along with another one's: their state is told anew.
    pub(crate) async fn reconsider(&self, ids: &[ConnectionId]) -> Result<(), StoreError> {
        for id in ids {
            let Some(connection) = self.store().connection(*id).await? else { continue };
            let state = connection.state();
            if connection.is_live()
                && state != connection.told
                && let Some((kind, sentence)) = self.of_state(&connection, state)
            {
                let event = self.event(kind, *id, json!({ "state": state }), sentence);
                let told = Told { connection: *id, state: Some(state), events: vec![event] };
                let cursor = self.store().grant_news(1).await?.cursor;
                self.store().take_grant_news(cursor, cursor, &[told]).await?;
                self.connection_changed(*id);
            }
        }
        Ok(())
    }
}

/// A stable code as words.
fn in_words(code: &str) -> String {
    code.replace('_', " ")
}
