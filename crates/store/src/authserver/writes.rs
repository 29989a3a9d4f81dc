use std::sync::LazyLock;

use authserver::{
    ActiveTokens, Authorisation, AuthorisationId, AuthorisationState, ClientId, EarlierTokens, EndReason,
    EndSelection, Exchange, Rotate,
};
use base::{StoreError, Timestamp};

use super::rotations;
use crate::{RecordedChange, ToValue as _, Tx, Value, params};

/// The end of authorisations: every hash goes with it, so that nothing can bring them back. `$1` is the reason, `$2` the
/// moment; further conditions follow.
pub(super) const END: &str = "UPDATE authorisations SET state = 'ended', ended_reason = $1, ended_at = $2, \
    code_hash = NULL, access_hash = NULL, refresh_hash = NULL, predecessor_hash = NULL, successor = NULL \
    WHERE state <> 'ended'";

/// The columns of [`token_values`], from `$3` on.
const SET_TOKENS: &str = "generation = $3, issued_at = $4, access_hash = $5, access_expires_at = $6, access_scope = $7, \
    refresh_generation = $8, refresh_hash = $9, refresh_issued_at = $10, refresh_expires_at = $11, \
    absolute_expires_at = $12, predecessor_generation = $13, predecessor_hash = $14, predecessor_retry_until = $15, \
    successor = $16";

/// A refresh and its row in the log of rotations; their values are [`rotate_values`] and [`rotations::values`].
pub(super) static ROTATE: LazyLock<RecordedChange> = LazyLock::new(|| {
    let change = format!(
        "UPDATE authorisations SET last_used_at = $2, {SET_TOKENS} \
         WHERE id = $1 AND state = 'active' AND generation = $17"
    );
    RecordedChange::new(change, rotations::INSERT)
});

pub(super) fn insert(tx: &mut Tx, authorisation: &Authorisation) -> Result<(), StoreError> {
    let AuthorisationState::AwaitingExchange(code) = &authorisation.state else {
        return Err(StoreError::Statement("an authorisation begins by awaiting its exchange".to_owned()));
    };
    tx.execute(
        "INSERT INTO authorisations (id, client_id, subject, granted_by, scope, created_at, state, code_hash, \
         code_expires_at, code_redirect_uri, code_challenge, generation) \
         VALUES ($1, $2, $3, $4, $5, $6, 'awaiting_exchange', $7, $8, $9, $10, 0)",
        params![
            authorisation.id,
            authorisation.client_id.as_str(),
            authorisation.subject,
            authorisation.granted_by,
            authorisation.scope,
            authorisation.created_at,
            code.hash.to_string(),
            code.expires_at,
            code.redirect_uri,
            code.challenge.as_ref().map(ToString::to_string)
        ],
    )
    .map(drop)
}

pub(super) fn insert_active(tx: &mut Tx, authorisation: &Authorisation) -> Result<(), StoreError> {
    let AuthorisationState::Active(tokens) = &authorisation.state else {
        return Err(StoreError::Statement(
            "an authorisation without tokens among those that have some".to_owned(),
        ));
    };
    let at = authorisation.last_used_at.unwrap_or(authorisation.created_at);
    let mut values = token_values(authorisation.id, at, tokens);
    values.extend_from_slice(params![
        authorisation.client_id.as_str(),
        authorisation.subject,
        authorisation.granted_by,
        authorisation.scope,
        authorisation.created_at
    ]);
    tx.execute(
        "INSERT INTO authorisations (id, last_used_at, generation, issued_at, access_hash, access_expires_at, access_scope, \
         refresh_generation, refresh_hash, refresh_issued_at, refresh_expires_at, absolute_expires_at, \
         predecessor_generation, predecessor_hash, predecessor_retry_until, successor, client_id, subject, granted_by, \
         scope, created_at, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 'active')",
        &values,
    )
    .map(drop)
}

pub(super) fn exchange(tx: &mut Tx, exchange: &Exchange) -> Result<bool, StoreError> {
    let sql = format!(
        "UPDATE authorisations SET state = 'active', last_used_at = $2, code_hash = NULL, code_challenge = NULL, \
         {SET_TOKENS} WHERE id = $1 AND state = 'awaiting_exchange'"
    );
    Ok(tx.execute(&sql, &token_values(exchange.id, exchange.at, &exchange.tokens))? == 1)
}

pub(super) fn rotate_values(rotate: &Rotate) -> Vec<Value> {
    let mut values = token_values(rotate.id, rotate.at, &rotate.tokens);
    values.push(rotate.expected_generation.to_value());
    values
}

/// What becomes of the earlier tokens of a stand-in.
pub(super) fn keep_earlier(tx: &mut Tx, rotate: &Rotate) -> Result<(), StoreError> {
    if rotate.forget_earlier_refresh {
        tx.execute(
            "UPDATE earlier_tokens SET refresh_hash = NULL WHERE authorisation_id = $1",
            params![rotate.id],
        )?;
    }
    if let Some(earlier) = &rotate.retire {
        retire(tx, rotate.id, earlier)?;
    }
    Ok(())
}

fn retire(tx: &mut Tx, id: AuthorisationId, earlier: &EarlierTokens) -> Result<(), StoreError> {
    let EarlierTokens { generation, access, refresh } = earlier;
    let ends =
        [access.as_ref().map(|token| token.expires_at), refresh.as_ref().map(|token| token.expires_at)];
    let Some(expires_at) = ends.into_iter().flatten().max() else { return Ok(()) };
    tx.execute(
        "INSERT INTO earlier_tokens (authorisation_id, generation, access_hash, access_expires_at, access_scope, \
         refresh_generation, refresh_hash, refresh_issued_at, refresh_expires_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            id,
            *generation,
            access.as_ref().map(|token| token.hash.to_string()),
            access.as_ref().map(|token| token.expires_at),
            access.as_ref().and_then(|token| token.narrowed_scope.clone()),
            refresh.as_ref().map(|token| token.generation),
            refresh.as_ref().map(|token| token.hash.to_string()),
            refresh.as_ref().map(|token| token.issued_at),
            refresh.as_ref().map(|token| token.expires_at),
            expires_at
        ],
    )
    .map(drop)
}

pub(super) fn end_selected(
    tx: &mut Tx,
    selection: &EndSelection,
    reason: EndReason,
    at: Timestamp,
) -> Result<usize, StoreError> {
    let EndSelection { client_id, subject, granted_by } = selection;
    let mut values = params![reason.as_str(), at].to_vec();
    let conditions = conditions(client_id.as_ref(), subject.as_deref(), granted_by.as_deref(), &mut values);
    tx.execute(&format!("{END}{conditions}"), &values)
}

/// What narrows a statement to some authorisations. Only what is asked for is written down, so that an index serves it.
pub(super) fn conditions(
    client_id: Option<&ClientId>,
    subject: Option<&str>,
    granted_by: Option<&str>,
    values: &mut Vec<Value>,
) -> String {
    let asked =
        [("client_id", client_id.map(ClientId::as_str)), ("subject", subject), ("granted_by", granted_by)];
    let mut conditions = String::new();
    for (column, value) in asked {
        if let Some(value) = value {
            values.push(value.to_value());
            let number = values.len();
            conditions.extend([" AND ", column, " = $", &number.to_string()]);
        }
    }
    conditions
}

/// `$1` the id, `$2` the moment, then the columns of [`SET_TOKENS`].
fn token_values(id: AuthorisationId, at: Timestamp, tokens: &ActiveTokens) -> Vec<Value> {
    let ActiveTokens { generation, issued_at, access, refresh, absolute_expires_at, predecessor } = tokens;
    params![
        id,
        at,
        *generation,
        *issued_at,
        access.as_ref().map(|token| token.hash.to_string()),
        access.as_ref().map(|token| token.expires_at),
        access.as_ref().and_then(|token| token.narrowed_scope.clone()),
        refresh.as_ref().map(|token| token.generation),
        refresh.as_ref().map(|token| token.hash.to_string()),
        refresh.as_ref().map(|token| token.issued_at),
        refresh.as_ref().map(|token| token.expires_at),
        *absolute_expires_at,
        predecessor.as_ref().map(|before| before.generation),
        predecessor.as_ref().map(|before| before.hash.to_string()),
        predecessor.as_ref().map(|before| before.retry_until),
        predecessor.as_ref().and_then(|before| before.successor.clone())
    ]
    .to_vec()
}
