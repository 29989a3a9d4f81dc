//! The writes of the authority that touch more than one table.

use base::{StoreError, Timestamp};
use refresh::{
    AttemptRecord, EndReason, Failure, GivenCredential, GrantChange, GrantEvent, GrantId, GrantState,
    Rotation, RotationStored,
};

use super::rows;
use crate::{Tx, params};

pub(super) fn store_rotation(tx: &mut Tx, rotation: &Rotation) -> Result<RotationStored, StoreError> {
    // What it was decides what the event says. The condition itself stands in the UPDATE.
    let Some(before) = rows::grant(tx, rotation.grant, "{for_update}")? else {
        return Ok(RotationStored::NoLongerFits);
    };
    let generation = rotation.from_generation + 1;
    let stored = tx.execute(
        "UPDATE grants SET generation = $3, access_token = $4, refresh_token = $5, scope = coalesce($6, scope),
                obtained_at = $7, expires_at = $8, refresh_token_expires_at = $9, proven_at = $7, next_action_at = $10,
                state = 'active', state_reason = NULL, state_since = $7, failures = 0, stored_attempt = $11,
                overtaken_attempt = CASE WHEN marker_attempt <> $11 THEN marker_attempt END,
                marker_attempt = NULL, marker_generation = NULL, marker_at = NULL, marker_unknown_in_a_row = NULL
         WHERE id = $1 AND generation = $2
           AND ((state <> 'ended' AND (marker_attempt = $11 OR obtained_at = $12))
             OR (state = 'ended' AND state_reason = 'refresh_answer_lost' AND CAST($13 AS BIGINT) = 1))",
        params![
            rotation.grant,
            rotation.from_generation,
            generation,
            rotation.credential.access_token,
            rotation.credential.refresh_token,
            rotation.scope,
            rotation.obtained_at,
            rotation.expires_at,
            rotation.refresh_token_expires_at,
            rotation.next_action_at,
            rotation.attempt,
            rotation.from_obtained_at,
            rotation.renews,
        ],
    )?;
    if stored == 0 {
        let again = tx.query_opt(
            "SELECT generation_after FROM refresh_attempts
             WHERE id = $1 AND outcome = 'advanced' AND generation_after <= $2",
            params![rotation.attempt, before.generation],
        )?;
        if let Some(attempt) = again {
            return Ok(RotationStored::AlreadyStored { generation: attempt.get("generation_after")? });
        }
        let may_go_on = match before.state {
            GrantState::Ended { reason, .. } => reason == EndReason::RefreshAnswerLost && rotation.renews,
            _ => true,
        };
        if before.generation == generation && before.overtaken == Some(rotation.attempt) && may_go_on {
            return Ok(RotationStored::Overtaken { obtained_at: before.obtained_at });
        }
        let record = AttemptRecord {
            outcome: refresh::AttemptOutcome::AnswerNoLongerFits,
            reason: "the grant had gone on without this answer".to_owned(),
            generation_after: before.generation,
            ..rotation.record.clone()
        };
        append_attempt(tx, &record)?;
        return Ok(RotationStored::NoLongerFits);
    }
    append_attempt(tx, &rotation.record)?;
    let change = match before.state {
        GrantState::Ended { .. } => GrantChange::Revived,
        GrantState::Active => GrantChange::Refreshed { recovered: false },
        GrantState::Degraded { .. } | GrantState::Unknown { .. } => {
            GrantChange::Refreshed { recovered: true }
        }
    };
    append_event(tx, &GrantEvent { grant: rotation.grant, at: rotation.obtained_at, generation, change })?;
    Ok(RotationStored::Stored)
}

pub(super) fn record_failure(
    tx: &mut Tx,
    fence: u64,
    owner: &str,
    failure: &Failure,
) -> Result<bool, StoreError> {
    let is_first = append_attempt(tx, &failure.record)?;
    let (reason, since) = rows::state_columns(&failure.state, failure.record.finished_at);
    let ended = matches!(failure.state, GrantState::Ended { .. });
    let marker = failure.marker.as_ref();
    let written = tx.execute(
        "UPDATE grants SET state = $4, state_reason = $5, state_since = $6, next_action_at = $7, failures = $8,
                marker_attempt = $9, marker_generation = $10, marker_at = $11, marker_unknown_in_a_row = $12,
                lease_owner = CASE WHEN CAST($13 AS BIGINT) = 1 THEN NULL ELSE lease_owner END,
                access_token = CASE WHEN CAST($13 AS BIGINT) = 1 THEN NULL ELSE access_token END,
                refresh_token = CASE WHEN CAST($13 AS BIGINT) = 1 THEN NULL ELSE refresh_token END
         WHERE id = $1 AND lease_fence = $2 AND lease_owner = $14 AND generation = $3 AND state <> 'ended'",
        params![
            failure.grant,
            fence,
            failure.generation,
            failure.state.as_str(),
            reason,
            since,
            failure.next_action_at,
            failure.failures,
            marker.map(|marker| marker.attempt),
            marker.map(|marker| marker.generation),
            marker.map(|marker| marker.at),
            marker.map(|marker| marker.unknown_in_a_row),
            ended,
            owner,
        ],
    )?;
    if written == 1 {
        // Who is not told that it was written writes it again.
        if let Some(event) = failure.event.as_ref().filter(|_| is_first) {
            append_event(tx, event)?;
        }
    } else if failure.marker.is_none() {
        // Whatever was stored meanwhile, no answer of this attempt is to be expected any more.
        tx.execute(
            "UPDATE grants SET overtaken_attempt = NULL WHERE id = $1 AND overtaken_attempt = $2",
            params![failure.grant, failure.record.id],
        )?;
    }
    Ok(written == 1)
}

pub(super) fn end(tx: &mut Tx, id: GrantId, generation: u64, event: &GrantEvent) -> Result<bool, StoreError> {
    let GrantChange::Ended { reason } = event.change else {
        return Err(StoreError::Statement("a grant is ended by an event that says so".to_owned()));
    };
    let written = destroy(tx, id, Some(generation), event.at, reason)?;
    if written {
        append_event(tx, event)?;
    }
    Ok(written)
}

/// Ends a grant whatever its generation: it was replaced, or its connection disconnected. For the rooms that make connections.
/// `false`: there is none, or it had ended before.
pub(crate) fn end_grant(
    tx: &mut Tx,
    id: GrantId,
    at: Timestamp,
    reason: EndReason,
) -> Result<bool, StoreError> {
    if !destroy(tx, id, None, at, reason)? {
        return Ok(false);
    }
    let generation =
        tx.query_one("SELECT generation FROM grants WHERE id = $1", params![id])?.get("generation")?;
    append_event(tx, &GrantEvent { grant: id, at, generation, change: GrantChange::Ended { reason } })?;
    Ok(true)
}

fn destroy(
    tx: &mut Tx,
    id: GrantId,
    generation: Option<u64>,
    at: Timestamp,
    reason: EndReason,
) -> Result<bool, StoreError> {
    // The fence is raised: who works on the grant finds that its lease is gone, and its answer fits no more.
    let written = tx.execute(
        "UPDATE grants SET state = 'ended', state_reason = $3, state_since = $4, access_token = NULL, refresh_token = NULL,
                next_action_at = NULL, lease_owner = NULL, lease_fence = lease_fence + 1,
                marker_attempt = NULL, marker_generation = NULL, marker_at = NULL, marker_unknown_in_a_row = NULL
         WHERE id = $1 AND generation = coalesce($2, generation) AND state <> 'ended'",
        params![id, generation, reason.code(), at],
    )?;
    Ok(written == 1)
}

/// Writes a credential that a person gave: a new grant at generation 1, or the replacement of the credential of one that is
/// still at `generation - 1`, which also brings an ended one back. For the rooms that make connections.
/// `false`: the grant has moved on.
pub(crate) fn put_given(tx: &mut Tx, given: &GivenCredential) -> Result<bool, StoreError> {
    let values = params![
        given.grant,
        given.provider,
        given.client_id,
        given.kind.as_str(),
        given.given_at,
        given.generation,
        given.credential.access_token,
        given.credential.refresh_token,
        given.scope,
        given.expires_at,
        given.refresh_token_expires_at,
        given.next_action_at,
    ];
    let written = if given.generation == 1 {
        tx.execute(
            "INSERT INTO grants (id, provider, client_id, kind, state, state_since, generation, access_token, refresh_token,
                    scope, obtained_at, expires_at, refresh_token_expires_at, granted_at, used_at, proven_at, next_action_at,
                    failures, lease_fence, lease_renewals, epoch)
             VALUES ($1, $2, $3, $4, 'active', $5, $6, $7, $8, $9, $5, $10, $11, $5, $5, $5, $12, 0, 0, 0,
                     (SELECT value FROM counters WHERE name = 'epoch'))",
            values,
        )?
    } else {
        tx.execute(
            "UPDATE grants SET provider = $2, client_id = $3, kind = $4, state = 'active', state_reason = NULL,
                    state_since = $5, generation = $6, access_token = $7, refresh_token = $8, scope = $9, obtained_at = $5,
                    expires_at = $10, refresh_token_expires_at = $11, granted_at = $5, used_at = $5, proven_at = $5,
                    next_action_at = $12, failures = 0, lease_owner = NULL, lease_fence = lease_fence + 1,
                    marker_attempt = NULL, marker_generation = NULL, marker_at = NULL, marker_unknown_in_a_row = NULL,
                    stored_attempt = NULL, overtaken_attempt = NULL, forced_at = NULL, epoch = (SELECT value FROM counters WHERE name = 'epoch')
             WHERE id = $1 AND generation = CAST($6 AS BIGINT) - 1",
            values,
        )?
    };
    if written == 1 {
        let change = GrantChange::Given;
        append_event(
            tx,
            &GrantEvent { grant: given.grant, at: given.given_at, generation: given.generation, change },
        )?;
    }
    Ok(written == 1)
}

/// `false`: it is there already.
fn append_attempt(tx: &mut Tx, record: &AttemptRecord) -> Result<bool, StoreError> {
    let lease_wait_millis = u64::try_from(record.lease_wait.as_millis()).unwrap_or(u64::MAX >> 1);
    let appended = tx.execute(
        "INSERT INTO refresh_attempts (id, grant_id, started_at, finished_at, instance, cause, outcome, reason,
                lease_wait_millis, generation_before, generation_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING",
        params![
            record.id,
            record.grant,
            record.started_at,
            record.finished_at,
            record.instance,
            record.cause.code(),
            record.outcome.code(),
            record.reason,
            lease_wait_millis,
            record.generation_before,
            record.generation_after,
        ],
    )?;
    Ok(appended == 1)
}

/// The last statement of its transaction: from here to the commit every other writer of events waits.
fn append_event(tx: &mut Tx, event: &GrantEvent) -> Result<(), StoreError> {
    let position: u64 = tx
        .query_one(
            "UPDATE counters SET value = value + 1 WHERE name = 'grant_events' RETURNING value",
            params![],
        )?
        .get("value")?;
    let (reason, next_try_at, flag) = match event.change {
        GrantChange::Given | GrantChange::Revived => (None, None, false),
        GrantChange::Refreshed { recovered } => (None, None, recovered),
        GrantChange::Degraded { reason, next_try_at, again } => {
            (Some(reason.code()), Some(next_try_at), again)
        }
        GrantChange::Unknown { next_try_at } => (None, Some(next_try_at), false),
        GrantChange::Ended { reason } => (Some(reason.code()), None, false),
    };
    tx.execute(
        "INSERT INTO grant_events (position, grant_id, at, generation, change, reason, next_try_at, flag)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            position,
            event.grant,
            event.at,
            event.generation,
            event.change.as_str(),
            reason,
            next_try_at,
            flag
        ],
    )?;
    Ok(())
}
