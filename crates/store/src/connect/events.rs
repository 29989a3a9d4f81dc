//! Events of connections, and the cursor over events of grants.

use base::{StoreError, Timestamp};
use connect::{ConnectionId, End, Event, GrantNews, GrantNewsItem, Told};
use refresh::GrantId;

use super::json;
use crate::{Tx, params};

/// Appends events. The counter's row stays locked until the commit, so positions rise in commit order and nothing appears behind
/// one that has been read. Call it last in a transaction: from here on every other writer of events waits.
pub(super) fn append(tx: &mut Tx, events: &[Event]) -> Result<(), StoreError> {
    for event in events {
        let sql = "UPDATE counters SET value = value + 1 WHERE name = 'connect_events' RETURNING value";
        let position: u64 = tx.query_one(sql, params![])?.get("value")?;
        tx.execute(
            "INSERT INTO connect_events (position, id, connection, kind, is_public, at, data, sentence)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                position,
                event.id,
                event.connection,
                event.kind.as_str(),
                event.kind.is_public(),
                event.at,
                json(&event.data)?,
                event.sentence,
            ],
        )?;
    }
    Ok(())
}

/// Appends an event that must not be told twice. The connection's row is locked, so that of two processes one sees the other's.
pub(super) fn append_once(tx: &mut Tx, event: &Event, since: Timestamp) -> Result<bool, StoreError> {
    let Some(announcement) = event.data.get("announcement").and_then(serde_json::Value::as_str) else {
        return Err(StoreError::Statement("an event that is told once carries its announcement".to_owned()));
    };
    let lock = "UPDATE connections SET version = version WHERE id = $1 AND stage = 'live'";
    if tx.execute(lock, params![event.connection])? == 0 {
        return Ok(false);
    }
    let told = tx.query(
        "SELECT data FROM connect_events WHERE connection = $1 AND kind = $2 AND at >= $3",
        params![event.connection, event.kind.as_str(), since],
    )?;
    for row in &told {
        let data: serde_json::Value = row.json("data")?;
        if data["announcement"] == announcement {
            return Ok(false);
        }
    }
    append(tx, std::slice::from_ref(event))?;
    Ok(true)
}

pub(super) fn news(tx: &mut Tx, limit: u32) -> Result<GrantNews, StoreError> {
    let cursor: u64 = tx
        .query_one("SELECT value FROM counters WHERE name = 'connect_grant_news'", params![])?
        .get("value")?;
    let rows = tx.query(
        "SELECT position, grant_id, at, generation, change, reason, next_try_at, flag FROM grant_events
         WHERE position > $1 ORDER BY position LIMIT $2",
        params![cursor, limit],
    )?;
    let news = rows
        .iter()
        .map(|row| {
            let event = crate::refresh::read_event(row)?;
            let connections = drawing_on(tx, event.event.grant)?;
            Ok(GrantNewsItem { event, connections })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(GrantNews { cursor, news })
}

fn drawing_on(tx: &mut Tx, grant: GrantId) -> Result<Vec<(ConnectionId, End)>, StoreError> {
    let mut found = Vec::new();
    for end in End::BOTH {
        let sql = format!("SELECT id FROM connections WHERE {end}_grant = $1 AND stage = 'live' ORDER BY id");
        for row in tx.query(&sql, params![grant])? {
            found.push((row.get("id")?, end));
        }
    }
    Ok(found)
}

pub(super) fn take(tx: &mut Tx, from: u64, to: u64, told: &[Told]) -> Result<bool, StoreError> {
    let sql = "UPDATE counters SET value = $2 WHERE name = 'connect_grant_news' AND value = $1";
    if tx.execute(sql, params![from, to])? == 0 {
        return Ok(false);
    }
    for told in told {
        if let Some(state) = told.state {
            // A connection that was ended or reauthorised meanwhile is told of by those who did it; the state is only what was
            // last said, what is shown is always worked out anew.
            tx.execute(
                "UPDATE connections SET told = $2 WHERE id = $1 AND stage = 'live'",
                params![told.connection, state.as_str()],
            )?;
        }
    }
    for told in told {
        append(tx, &told.events)?;
    }
    Ok(true)
}
