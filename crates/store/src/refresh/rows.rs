//! Rows read into the authority's types.

use std::time::Duration;

use base::{StoreError, Timestamp};
use refresh::{
    AttemptRecord, CredentialKind, DegradedReason, DueGrant, EndReason, Grant, GrantChange, GrantEvent,
    GrantId, GrantState, Lease, Marker, NumberedGrantEvent, SealedCredential,
};

use crate::{Row, Tx, params};

pub(super) fn grant(tx: &mut Tx, id: GrantId, lock: &str) -> Result<Option<Grant>, StoreError> {
    let row = tx.query_opt(
        &format!(
            "SELECT id, provider, client_id, kind, state, state_reason, state_since, generation, access_token, refresh_token,
                    scope, obtained_at, expires_at, refresh_token_expires_at, granted_at, used_at, proven_at, next_action_at,
                    failures, lease_owner, lease_fence, lease_renewals, marker_attempt, marker_generation, marker_at,
                    marker_unknown_in_a_row, forced_at, overtaken_attempt,
                    CAST(CASE WHEN epoch < (SELECT value FROM counters WHERE name = 'epoch') THEN 1 ELSE 0 END AS BIGINT) AS in_doubt
             FROM grants WHERE id = $1 {lock}"
        ),
        params![id],
    )?;
    row.as_ref().map(read_grant).transpose()
}

fn read_grant(row: &Row) -> Result<Grant, StoreError> {
    let access_token: Option<_> = row.get("access_token")?;
    let refresh_token = row.get("refresh_token")?;
    Ok(Grant {
        id: row.get("id")?,
        provider: row.get("provider")?,
        client_id: row.get("client_id")?,
        kind: kind(row)?,
        state: state(row)?,
        generation: row.get("generation")?,
        credential: access_token.map(|access_token| SealedCredential { access_token, refresh_token }),
        scope: row.get("scope")?,
        obtained_at: row.get("obtained_at")?,
        expires_at: row.get("expires_at")?,
        refresh_token_expires_at: row.get("refresh_token_expires_at")?,
        granted_at: row.get("granted_at")?,
        used_at: row.get("used_at")?,
        proven_at: row.get("proven_at")?,
        next_action_at: row.get("next_action_at")?,
        failures: row.get("failures")?,
        in_doubt: row.get("in_doubt")?,
        lease: Lease {
            owner: row.get("lease_owner")?,
            fence: row.get("lease_fence")?,
            renewals: row.get("lease_renewals")?,
        },
        marker: marker(row)?,
        forced_at: row.get("forced_at")?,
        overtaken: row.parse_opt("overtaken_attempt")?,
    })
}

fn kind(row: &Row) -> Result<CredentialKind, StoreError> {
    match row.get::<String>("kind")?.as_str() {
        "oauth" => Ok(CredentialKind::OAuth),
        "api_key" => Ok(CredentialKind::ApiKey),
        other => Err(unknown_word("kind", other)),
    }
}

fn state(row: &Row) -> Result<GrantState, StoreError> {
    let since: Timestamp = row.get("state_since")?;
    match row.get::<String>("state")?.as_str() {
        "active" => Ok(GrantState::Active),
        "degraded" => Ok(GrantState::Degraded { since, reason: row.parse("state_reason")? }),
        "unknown" => Ok(GrantState::Unknown { since }),
        "ended" => Ok(GrantState::Ended { at: since, reason: row.parse("state_reason")? }),
        other => Err(unknown_word("state", other)),
    }
}

fn unknown_word(column: &str, word: &str) -> StoreError {
    StoreError::Corrupt(format!("column {column} holds the unknown word {word:?}"))
}

fn marker(row: &Row) -> Result<Option<Marker>, StoreError> {
    let Some(attempt) = row.parse_opt("marker_attempt")? else { return Ok(None) };
    Ok(Some(Marker {
        attempt,
        generation: row.get("marker_generation")?,
        at: row.get("marker_at")?,
        unknown_in_a_row: row.get("marker_unknown_in_a_row")?,
    }))
}

/// The two columns of a state beside its word: reason and since.
pub(super) fn state_columns(state: &GrantState, now: Timestamp) -> (Option<&'static str>, Timestamp) {
    match state {
        GrantState::Active => (None, now),
        GrantState::Degraded { since, reason } => (Some(reason.code()), *since),
        GrantState::Unknown { since } => (None, *since),
        GrantState::Ended { at, reason } => (Some(reason.code()), *at),
    }
}

pub(super) fn due(row: &Row) -> Result<DueGrant, StoreError> {
    let marker: Option<String> = row.get("marker_attempt")?;
    Ok(DueGrant {
        id: row.get("id")?,
        provider: row.get("provider")?,
        kind: kind(row)?,
        generation: row.get("generation")?,
        healthy: marker.is_none() && row.get::<String>("state")? == "active",
        obtained_at: row.get("obtained_at")?,
        used_at: row.get("used_at")?,
        due_at: row.get("next_action_at")?,
    })
}

pub(super) fn attempt(row: &Row) -> Result<AttemptRecord, StoreError> {
    Ok(AttemptRecord {
        id: row.get("id")?,
        grant: row.get("grant_id")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
        instance: row.get("instance")?,
        cause: row.parse("cause")?,
        outcome: row.parse("outcome")?,
        reason: row.get("reason")?,
        lease_wait: Duration::from_millis(row.get("lease_wait_millis")?),
        generation_before: row.get("generation_before")?,
        generation_after: row.get("generation_after")?,
    })
}

/// A row of `grant_events` with all its columns.
pub(crate) fn read_event(row: &Row) -> Result<NumberedGrantEvent, StoreError> {
    let next_try_at = || {
        row.get::<Option<Timestamp>>("next_try_at")?
            .ok_or_else(|| StoreError::Corrupt("column next_try_at is NULL".to_owned()))
    };
    let flag: bool = row.get("flag")?;
    let change = match row.get::<String>("change")?.as_str() {
        "given" => GrantChange::Given,
        "refreshed" => GrantChange::Refreshed { recovered: flag },
        "degraded" => {
            let reason: DegradedReason = row.parse("reason")?;
            GrantChange::Degraded { reason, next_try_at: next_try_at()?, again: flag }
        }
        "unknown" => GrantChange::Unknown { next_try_at: next_try_at()? },
        "ended" => {
            let reason: EndReason = row.parse("reason")?;
            GrantChange::Ended { reason }
        }
        "revived" => GrantChange::Revived,
        other => return Err(unknown_word("change", other)),
    };
    let event = GrantEvent {
        grant: row.get("grant_id")?,
        at: row.get("at")?,
        generation: row.get("generation")?,
        change,
    };
    Ok(NumberedGrantEvent { position: row.get("position")?, event })
}
