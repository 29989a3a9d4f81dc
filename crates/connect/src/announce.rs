//! What is said ahead of time, and said again: a credential that will end, a person who has not come yet.

use std::time::Duration;

use base::{StoreError, Timestamp};
use refresh::{CredentialKind, GrantState};
use serde_json::json;

use crate::{
    Connect, ConnectionFilter, ConnectionId, End, Event, EventType, FoundConnection, StateKind, words,
};

/// How many connections are looked at together.
const BATCH: u32 = 200;
const DAY: Duration = Duration::from_hours(24);
/// A person who is needed is asked again so many days after the first time.
const ASK_AGAIN: [u32; 3] = [3, 7, 14];
/// An end is announced so many days before (`refresh-authority` rule 12).
const AHEAD: [u32; 3] = [30, 7, 1];

/// An event that is told once, however many processes think of it.
struct Announcement {
    event: Event,
    /// Told since then, it is not told again.
    since: Timestamp,
}

impl Connect {
    /// Looks at every live connection and tells what is due. Returns how many events were written.
    pub async fn announce(&self) -> Result<usize, StoreError> {
        let mut told = 0;
        let mut after: Option<ConnectionId> = None;
        loop {
            let filter = ConnectionFilter { after, limit: BATCH, ..ConnectionFilter::default() };
            let batch = self.connections(&filter).await?;
            for found in batch.iter().filter(|found| found.connection.is_live()) {
                for due in self.due(found) {
                    if self.store().tell_once(&due.event, due.since).await? {
                        told += 1;
                        self.wake_readers();
                    }
                }
            }
            match batch.last() {
                Some(last) if batch.len() == BATCH as usize => after = Some(last.connection.id),
                _ => return Ok(told),
            }
        }
    }

    fn due(&self, found: &FoundConnection) -> Vec<Announcement> {
        let now = self.now();
        let mut due = Vec::new();
        for end in End::BOTH {
            if let GrantState::Ended { at, .. } = found.connection.side(end).facts.state {
                due.extend(self.remind(found, end, at, now));
            } else if let Some(ends_at) = found.ends_at(end) {
                due.extend(self.ends_soon(found, end, ends_at, now));
            }
        }
        due
    }

    fn remind(
        &self,
        found: &FoundConnection,
        end: End,
        ended_at: Timestamp,
        now: Timestamp,
    ) -> Option<Announcement> {
        let connection = &found.connection;
        let days = ASK_AGAIN.into_iter().rev().find(|days| now.since(ended_at) >= DAY * *days)?;
        let request = words::request_for_sign_in(connection, end, self.directory());
        let sentence = found.side_reason(end).map_or("", |reason| reason.sentence.as_str());
        let data = json!({
            "end": end,
            "reason": found.side_reason(end),
            "state": StateKind::Attention,
            "announcement": format!("{end}-after-{days}-days"),
            "reauthorise": format!("/v1/connections/{}/reauthorise", connection.id),
        });
        let event =
            self.event(EventType::AttentionRequired, connection.id, data, format!("{sentence} {request}"));
        Some(Announcement { event, since: ended_at })
    }

    fn ends_soon(
        &self,
        found: &FoundConnection,
        end: End,
        ends_at: Timestamp,
        now: Timestamp,
    ) -> Option<Announcement> {
        let side = found.connection.side(end);
        let days = AHEAD.into_iter().rev().find(|days| ends_at.since(now) <= DAY * *days)?;
        let name = self.directory().name(&side.provider);
        let what = match side.facts.kind {
            CredentialKind::OAuth => "sign-in",
            CredentialKind::ApiKey => "API key",
        };
        let data = json!({
            "end": end,
            "ends_at": ends_at,
            "announcement": format!("{end}-in-{days}-days"),
            "reauthorise": format!("/v1/connections/{}/reauthorise", found.connection.id),
        });
        let sentence = format!(
            "The {what} at {name} for {} ends on {}, and nothing here can prolong it. Give a new one before that.",
            side.company.name,
            ends_at.to_sentence()
        );
        let event = self.event(EventType::Expiring, found.connection.id, data, sentence);
        Some(Announcement { event, since: side.facts.granted_at })
    }
}
