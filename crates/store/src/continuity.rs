//! [`continuity::Store`] on all databases: named counters.

use async_trait::async_trait;
use base::{StoreError, Timestamp};
use continuity::{Doubt, RestoreSign, Standing, Store};

use crate::{Database, Tx, params};

const BEATS: &str = "continuity_beats";
const BEAT_AT: &str = "continuity_beat_at";
/// There only while a doubt stands.
const DOUBT_SINCE: &str = "continuity_doubt_since";
const DOUBT_SIGN: &str = "continuity_doubt_sign";
const DOUBT_REMEMBERED: &str = "continuity_doubt_remembered";
const DOUBT_FOUND: &str = "continuity_doubt_found";
const DOUBT_LAST_BEAT_AT: &str = "continuity_doubt_last_beat_at";

#[async_trait]
impl Store for Database {
    async fn standing(&self) -> Result<Standing, StoreError> {
        let is_exclusive = self.is_exclusive();
        self.read("continuity.standing", move |tx| standing(tx, is_exclusive)).await
    }

    async fn beat(&self, now: Timestamp) -> Result<Standing, StoreError> {
        let is_exclusive = self.is_exclusive();
        self.run_tx("continuity.beat", move |tx| {
            // The row of the beats is what everybody here waits for: no doubt can come between its look and this write.
            lock(tx)?;
            let before = standing(tx, is_exclusive)?;
            if before.doubt.is_some() {
                return Ok(before);
            }
            put(tx, BEATS, before.beats + 1)?;
            put(tx, BEAT_AT, now)?;
            Ok(Standing { beats: before.beats + 1, beat_at: Some(now), ..before })
        })
        .await
    }

    async fn raise_doubt(&self, doubt: &Doubt) -> Result<bool, StoreError> {
        let (doubt, is_exclusive) = (*doubt, self.is_exclusive());
        self.run_tx("continuity.raise_doubt", move |tx| {
            lock(tx)?;
            if let Some(standing) = standing(tx, is_exclusive)?.doubt {
                put(tx, DOUBT_REMEMBERED, standing.remembered.max(doubt.remembered))?;
                return Ok(false);
            }
            put(tx, DOUBT_SINCE, doubt.since)?;
            put(tx, DOUBT_SIGN, number_of(doubt.sign))?;
            put(tx, DOUBT_REMEMBERED, doubt.remembered)?;
            put(tx, DOUBT_FOUND, doubt.found)?;
            if let Some(at) = doubt.last_beat_at {
                put(tx, DOUBT_LAST_BEAT_AT, at)?;
            }
            Ok(true)
        })
        .await
    }

    async fn accept(&self, now: Timestamp) -> Result<Option<Doubt>, StoreError> {
        let is_exclusive = self.is_exclusive();
        self.run_tx("continuity.accept", move |tx| {
            lock(tx)?;
            let before = standing(tx, is_exclusive)?;
            let Some(doubt) = before.doubt else { return Ok(None) };
            put(tx, BEATS, before.beats.max(doubt.remembered) + 1)?;
            put(tx, BEAT_AT, now)?;
            for name in [DOUBT_SINCE, DOUBT_SIGN, DOUBT_REMEMBERED, DOUBT_FOUND, DOUBT_LAST_BEAT_AT] {
                tx.execute("DELETE FROM counters WHERE name = $1", params![name])?;
            }
            Ok(Some(doubt))
        })
        .await
    }
}

/// Makes the writers of marks wait for each other: on PostgreSQL the insert that finds the row locks it, and what is read afterwards is
/// newer than the lock.
fn lock(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO counters (name, value) VALUES ($1, 0) ON CONFLICT (name) DO UPDATE SET value = counters.value",
        params![BEATS],
    )
    .map(drop)
}

fn put(tx: &mut Tx, name: &'static str, value: impl crate::ToValue) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO counters (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[crate::ToValue::to_value(&name), value.to_value()],
    )
    .map(drop)
}

fn standing(tx: &mut Tx, is_exclusive: bool) -> Result<Standing, StoreError> {
    let rows = tx.query("SELECT name, value FROM counters WHERE name LIKE 'continuity%'", params![])?;
    let (mut standing, mut doubt) = (
        Standing { beats: 0, beat_at: None, doubt: None, is_exclusive },
        Doubt {
            sign: RestoreSign::StepBack,
            since: Timestamp::from_millis(0),
            remembered: 0,
            found: 0,
            last_beat_at: None,
        },
    );
    let mut is_doubted = false;
    for row in &rows {
        match row.get::<String>("name")?.as_str() {
            BEATS => standing.beats = row.get("value")?,
            BEAT_AT => standing.beat_at = Some(row.get("value")?),
            DOUBT_SINCE => {
                is_doubted = true;
                doubt.since = row.get("value")?;
            }
            DOUBT_SIGN => doubt.sign = sign_of(row.get("value")?)?,
            DOUBT_REMEMBERED => doubt.remembered = row.get("value")?,
            DOUBT_FOUND => doubt.found = row.get("value")?,
            DOUBT_LAST_BEAT_AT => doubt.last_beat_at = Some(row.get("value")?),
            _ => {}
        }
    }
    standing.doubt = is_doubted.then_some(doubt);
    Ok(standing)
}

fn number_of(sign: RestoreSign) -> u64 {
    match sign {
        RestoreSign::StepBack => 1,
        RestoreSign::NoMemory => 2,
        RestoreSign::NoHeartbeat => 3,
    }
}

fn sign_of(number: u64) -> Result<RestoreSign, StoreError> {
    RestoreSign::ALL
        .into_iter()
        .find(|sign| number_of(*sign) == number)
        .ok_or_else(|| StoreError::Corrupt(format!("a doubt with the sign {number}")))
}
