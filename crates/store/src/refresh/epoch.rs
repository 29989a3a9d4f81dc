//! Epochs: what is known of restored backups, and which grants are in doubt because of one.

use base::{StoreError, Timestamp};
use refresh::{Epoch, GrantId};

use crate::{Tx, params};

/// The counter that holds when an instance marked the database last, in milliseconds.
pub(super) const HEARTBEAT: &str = "heartbeat";
/// The counter that holds when the epoch was raised last, in milliseconds.
const RAISED_AT: &str = "epoch_raised_at";

pub(super) fn read(tx: &mut Tx, is_exclusive: bool) -> Result<Epoch, StoreError> {
    let row = tx.query_one(
        "SELECT (SELECT value FROM counters WHERE name = 'epoch') AS number,
                (SELECT value FROM counters WHERE name = 'grant_events') AS last_event,
                (SELECT value FROM counters WHERE name = $1) AS heartbeat,
                (SELECT value FROM counters WHERE name = $2) AS raised_at,
                CAST(CASE WHEN EXISTS (SELECT 1 FROM grants) THEN 1 ELSE 0 END AS BIGINT) AS has_grants",
        params![HEARTBEAT, RAISED_AT],
    )?;
    Ok(Epoch {
        number: row.get("number")?,
        raised_at: row.get("raised_at")?,
        last_event: row.get("last_event")?,
        heartbeat: row.get("heartbeat")?,
        has_grants: row.get("has_grants")?,
        is_exclusive,
    })
}

pub(super) fn raise(tx: &mut Tx, from: u64, now: Timestamp) -> Result<bool, StoreError> {
    let raised = tx.execute(
        "UPDATE counters SET value = value + 1 WHERE name = 'epoch' AND value = $1",
        params![from],
    )?;
    if raised == 1 {
        put_moment(tx, RAISED_AT, now)?;
    }
    Ok(raised == 1)
}

pub(super) fn put_moment(tx: &mut Tx, name: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO counters (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![name, now],
    )?;
    Ok(())
}

pub(super) fn clear(
    tx: &mut Tx,
    id: GrantId,
    fence: u64,
    owner: &str,
    generation: u64,
    epoch: u64,
) -> Result<bool, StoreError> {
    // Not the present number: another restore may have been noticed since the question was asked.
    let cleared = tx.execute(
        "UPDATE grants SET epoch = $5 WHERE id = $1 AND lease_fence = $2 AND generation = $3 AND lease_owner = $4",
        params![id, fence, generation, owner, epoch],
    )?;
    Ok(cleared == 1)
}

pub(super) fn count_in_doubt(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.query_one(
        "SELECT count(*) AS count FROM grants
         WHERE state <> 'ended' AND epoch < (SELECT value FROM counters WHERE name = 'epoch')",
        params![],
    )?
    .get("count")
}

pub(super) fn accept(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE grants SET next_action_at = $1 WHERE state = 'degraded' AND state_reason = 'possibly_restored'",
        params![now],
    )?;
    let accepted = tx.execute(
        "UPDATE grants SET epoch = (SELECT value FROM counters WHERE name = 'epoch')
         WHERE state <> 'ended' AND epoch < (SELECT value FROM counters WHERE name = 'epoch')",
        params![],
    )?;
    Ok(u64::try_from(accepted).unwrap_or(u64::MAX))
}
