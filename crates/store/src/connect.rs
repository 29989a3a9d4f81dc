//! The connect side's tables.

mod clients;
mod events;
mod pairs;
mod rows;
mod sessions;

use async_trait::async_trait;
use base::{StoreError, Timestamp};
use connect::{
    Advanced, ApiToken, ApiTokenId, ConnectSession, ConnectSessionId, Connection, ConnectionFilter,
    ConnectionId, End, Event, GrantNews, NumberedEvent, OAuthClient, Paired, Pairing, StateKind, Step, Store,
    Swap, Swapped, Told, ToldAfter,
};
use refresh::GrantId;
use serde_json::{Map, Value as Json};

use crate::{Database, params};

/// JSON on its way into a TEXT column.
fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Statement(format!("a value cannot be written as JSON: {error}")))
}

#[async_trait]
impl Store for Database {
    async fn insert_api_token(&self, token: &ApiToken) -> Result<(), StoreError> {
        let token = token.clone();
        self.run_tx("connect_insert_api_token", move |tx| clients::insert_api_token(tx, &token)).await
    }

    async fn api_token(&self, id: ApiTokenId) -> Result<Option<ApiToken>, StoreError> {
        self.read("connect_api_token", move |tx| {
            let row = tx.query_opt("SELECT * FROM connect_api_tokens WHERE id = $1", params![id])?;
            row.as_ref().map(rows::api_token).transpose()
        })
        .await
    }

    async fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.read("connect_api_tokens", |tx| {
            let rows =
                tx.query("SELECT * FROM connect_api_tokens ORDER BY created_at DESC, id DESC", params![])?;
            rows.iter().map(rows::api_token).collect()
        })
        .await
    }

    async fn revoke_api_token(&self, id: ApiTokenId, at: Timestamp) -> Result<bool, StoreError> {
        self.run_tx("connect_revoke_api_token", move |tx| {
            let sql = "UPDATE connect_api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
            Ok(tx.execute(sql, params![id, at])? == 1)
        })
        .await
    }

    async fn put_oauth_client(&self, client: &OAuthClient, keep: u32) -> Result<(), StoreError> {
        let client = client.clone();
        self.run_tx("connect_put_client", move |tx| clients::put(tx, &client, keep)).await
    }

    async fn oauth_client(
        &self,
        provider: &str,
        environment: &str,
    ) -> Result<Option<OAuthClient>, StoreError> {
        let (provider, environment) = (provider.to_owned(), environment.to_owned());
        self.read("connect_client", move |tx| {
            let sql = "SELECT * FROM connect_clients WHERE provider = $1 AND environment = $2";
            let row = tx.query_opt(sql, params![provider, environment])?;
            row.map(|row| clients::with_secrets(tx, &row)).transpose()
        })
        .await
    }

    async fn oauth_clients(&self) -> Result<Vec<OAuthClient>, StoreError> {
        self.read("connect_clients", |tx| {
            let rows = tx.query("SELECT * FROM connect_clients ORDER BY provider, environment", params![])?;
            rows.iter().map(|row| clients::with_secrets(tx, row)).collect()
        })
        .await
    }

    async fn insert_session(
        &self,
        session: &ConnectSession,
        event: Option<&Event>,
    ) -> Result<(), StoreError> {
        let (session, event) = (session.clone(), event.cloned());
        self.run_tx("connect_insert_session", move |tx| {
            sessions::insert(tx, &session)?;
            events::append(tx, event.as_slice())
        })
        .await
    }

    async fn session(&self, id: ConnectSessionId) -> Result<Option<ConnectSession>, StoreError> {
        self.read("connect_session", move |tx| {
            let row = tx.query_opt("SELECT * FROM connect_sessions WHERE id = $1", params![id])?;
            row.as_ref().map(rows::session).transpose()
        })
        .await
    }

    async fn advance(&self, step: &Step<'_>) -> Result<Advanced, StoreError> {
        let (session, given, at) = (step.session.clone(), step.given.cloned(), step.at);
        let (dropped, events) = (step.dropped.to_vec(), step.events.to_vec());
        self.run_tx("connect_advance", move |tx| {
            if !sessions::advance(tx, &session)? {
                return Ok(Advanced::Stale);
            }
            if let Some(given) = &given
                && !crate::refresh::put_given(tx, given)?
            {
                tx.discard();
                return Ok(Advanced::Stale);
            }
            for grant in &dropped {
                pairs::end_unless_shared(tx, *grant, at, refresh::EndReason::Replaced)?;
            }
            events::append(tx, &events)?;
            Ok(Advanced::Yes)
        })
        .await
    }

    async fn abandoned_sessions(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ConnectSession>, StoreError> {
        self.read("connect_abandoned_sessions", move |tx| {
            let sql = "SELECT * FROM connect_sessions WHERE open = 1 AND expires_at <= $1 ORDER BY expires_at LIMIT $2";
            tx.query(sql, params![now, limit])?.iter().map(rows::session).collect()
        })
        .await
    }

    async fn delete_finished_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.run_tx("connect_delete_finished_sessions", move |tx| {
            let sql = "DELETE FROM connect_sessions WHERE id IN
                       (SELECT id FROM connect_sessions WHERE open = 0 AND expires_at < $1 ORDER BY expires_at LIMIT $2)";
            tx.execute(sql, params![before, limit])
        })
        .await
    }

    async fn pair(&self, pairing: &Pairing<'_>) -> Result<Paired, StoreError> {
        let (session, connection) = (pairing.session.clone(), pairing.connection.clone());
        let (moved, event) = (pairing.moved.to_vec(), pairing.event.clone());
        self.run_tx("connect_pair", move |tx| {
            if !sessions::advance(tx, &session)? {
                return Ok(Paired::Stale);
            }
            let paired = pairs::insert(tx, &connection)?;
            if paired != Paired::Yes {
                tx.discard();
                return Ok(paired);
            }
            let (end, grant) = (End::Accounting, connection.accounting.grant);
            let moved = pairs::move_along(tx, &moved, end, grant, connection.created_at)?;
            events::append(tx, std::slice::from_ref(&event))?;
            events::append(tx, &moved)?;
            Ok(Paired::Yes)
        })
        .await
    }

    async fn confirm_pair(
        &self,
        id: ConnectionId,
        version: u64,
        event: &Event,
    ) -> Result<Paired, StoreError> {
        let event = event.clone();
        self.run_tx("connect_confirm_pair", move |tx| pairs::confirm(tx, id, version, &event)).await
    }

    async fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.read("connect_connection", move |tx| {
            let row = tx.query_opt(&format!("{} WHERE c.id = $1", rows::CONNECTION), params![id])?;
            row.as_ref().map(rows::connection).transpose()
        })
        .await
    }

    async fn connections(&self, filter: &ConnectionFilter) -> Result<Vec<Connection>, StoreError> {
        let filter = filter.clone();
        self.read("connect_connections", move |tx| pairs::list(tx, &filter)).await
    }

    async fn connection_counts(&self) -> Result<Vec<(StateKind, u64)>, StoreError> {
        self.read("connect_counts", |tx| {
            let rows = tx.query(
                "SELECT told, count(*) AS count FROM connections GROUP BY told ORDER BY told",
                params![],
            )?;
            rows.iter().map(|row| Ok((row.parse("told")?, row.get("count")?))).collect()
        })
        .await
    }

    async fn connection_of(
        &self,
        end: End,
        provider: &str,
        environment: &str,
        company: &str,
    ) -> Result<Option<ConnectionId>, StoreError> {
        let (provider, environment, company) =
            (provider.to_owned(), environment.to_owned(), company.to_owned());
        self.read("connect_connection_of", move |tx| pairs::owner(tx, end, &provider, &environment, &company))
            .await
    }

    async fn swap_grant(&self, swap: &Swap<'_>) -> Result<Swapped, StoreError> {
        let change = pairs::Change::of(swap)?;
        self.run_tx("connect_swap_grant", move |tx| pairs::swap(tx, &change)).await
    }

    async fn disconnect(
        &self,
        id: ConnectionId,
        version: u64,
        at: Timestamp,
        left_to_do: &[String],
        event: &Event,
    ) -> Result<bool, StoreError> {
        let (left_to_do, event) = (json(&left_to_do)?, event.clone());
        self.run_tx("connect_disconnect", move |tx| {
            pairs::disconnect(tx, id, version, at, &left_to_do, &event)
        })
        .await
    }

    async fn is_shared(&self, grant: GrantId, apart_from: ConnectionId) -> Result<bool, StoreError> {
        self.read("connect_is_shared", move |tx| {
            let sql = "SELECT 1 AS one FROM connections
                       WHERE (platform_grant = $1 OR accounting_grant = $1) AND stage <> 'disconnected' AND id <> $2 LIMIT 1";
            Ok(tx.query_opt(sql, params![grant, apart_from])?.is_some())
        })
        .await
    }

    async fn put_settings(
        &self,
        id: ConnectionId,
        version: u64,
        reference: Option<&str>,
        settings: &Map<String, Json>,
        event: &Event,
    ) -> Result<bool, StoreError> {
        let (reference, settings, event) = (reference.map(ToOwned::to_owned), json(settings)?, event.clone());
        self.run_tx("connect_put_settings", move |tx| {
            let written = tx.execute(
                "UPDATE connections SET settings = $3, reference = coalesce($4, reference), version = version + 1
                 WHERE id = $1 AND version = $2",
                params![id, version, settings, reference],
            )?;
            if written == 0 {
                return Ok(false);
            }
            events::append(tx, std::slice::from_ref(&event))?;
            Ok(true)
        })
        .await
    }

    async fn tell(&self, told: &[Event]) -> Result<(), StoreError> {
        let told = told.to_vec();
        self.run_tx("connect_tell", move |tx| events::append(tx, &told)).await
    }

    async fn tell_once(&self, event: &Event, since: Timestamp) -> Result<bool, StoreError> {
        let event = event.clone();
        self.run_tx("connect_tell_once", move |tx| events::append_once(tx, &event, since)).await
    }

    async fn events_after(&self, after: u64, limit: u32) -> Result<Vec<NumberedEvent>, StoreError> {
        self.read("connect_events_after", move |tx| {
            let sql = "SELECT * FROM connect_events WHERE is_public = 1 AND position > $1 ORDER BY position LIMIT $2";
            // The cursor comes from outside: one beyond every number that is counted has nothing behind it.
            let after = i64::try_from(after).unwrap_or(i64::MAX);
            tx.query(sql, params![after, limit])?.iter().map(rows::event).collect()
        })
        .await
    }

    async fn told_after(&self, after: u64, limit: u32) -> Result<ToldAfter, StoreError> {
        self.read("connect_told_after", move |tx| {
            let sql = "SELECT value FROM counters WHERE name = 'connect_events'";
            let newest = tx.query_one(sql, params![])?.get("value")?;
            let sql = "SELECT position, connection FROM connect_events WHERE position > $1 ORDER BY position LIMIT $2";
            let told = tx.query(sql, params![after, limit])?;
            let told = told.iter().map(|row| Ok((row.get("position")?, row.get("connection")?)));
            Ok(ToldAfter { newest, told: told.collect::<Result<_, StoreError>>()? })
        })
        .await
    }

    async fn last_position(&self) -> Result<u64, StoreError> {
        self.read("connect_last_position", |tx| {
            tx.query_one("SELECT coalesce(max(position), 0) AS position FROM connect_events", params![])?
                .get("position")
        })
        .await
    }

    async fn timeline(
        &self,
        id: ConnectionId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<NumberedEvent>, StoreError> {
        self.read("connect_timeline", move |tx| {
            let sql = "SELECT * FROM connect_events WHERE connection = $1 AND position < $2 ORDER BY position DESC LIMIT $3";
            // Positions are counted: none comes near the largest number.
            let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
            tx.query(sql, params![id, before, limit])?.iter().map(rows::event).collect()
        })
        .await
    }

    async fn grant_news(&self, limit: u32) -> Result<GrantNews, StoreError> {
        self.read("connect_grant_news", move |tx| events::news(tx, limit)).await
    }

    async fn take_grant_news(&self, from: u64, to: u64, told: &[Told]) -> Result<bool, StoreError> {
        let told = told.to_vec();
        self.run_tx("connect_take_grant_news", move |tx| events::take(tx, from, to, &told)).await
    }
}
