use std::sync::LazyLock;

use authserver::{
    ActiveTokens, Authorisation, AuthorisationState, ClientId, ClientState, EarlierTokens, EndReason,
    IssuedAccess, IssuedRefresh, LoadedAuthorisation, PendingCode, Predecessor,
};
use base::StoreError;

use crate::Row;

/// The columns of an authorisation; those of other tables in a join have the same names.
pub(super) const COLUMNS: &str = "authorisations.id AS id, authorisations.client_id AS client_id, \
    authorisations.subject AS subject, granted_by, scope, authorisations.created_at AS created_at, last_used_at, \
    authorisations.state AS state, ended_reason, ended_at, code_hash, code_expires_at, code_redirect_uri, \
    code_challenge, generation, issued_at, access_hash, access_expires_at, access_scope, refresh_generation, \
    refresh_hash, refresh_issued_at, refresh_expires_at, absolute_expires_at, predecessor_generation, \
    predecessor_hash, predecessor_retry_until, successor";

/// An authorisation by its id, `$1`, with what stands over it.
pub(super) static LOAD: LazyLock<String> = LazyLock::new(|| load(COLUMNS));

/// The same with the number that SQLite has given to the row, by which it tells of the row's changes.
pub(super) static LOAD_WITH_ROW: LazyLock<String> =
    LazyLock::new(|| load(&format!("authorisations.rowid AS row_number, {COLUMNS}")));

fn load(columns: &str) -> String {
    format!(
        "SELECT {columns}, clients.state AS client_state, \
         CASE WHEN suspended_subjects.subject IS NULL THEN 0 ELSE 1 END AS subject_suspended \
         FROM authorisations JOIN clients ON clients.client_id = authorisations.client_id \
         LEFT JOIN suspended_subjects ON suspended_subjects.subject = authorisations.subject \
         WHERE authorisations.id = $1"
    )
}

pub(super) fn loaded(row: &Row) -> Result<LoadedAuthorisation, StoreError> {
    let client_state: String = row.get("client_state")?;
    Ok(LoadedAuthorisation {
        authorisation: authorisation(row)?,
        client_state: ClientState::from_text(&client_state)
            .ok_or_else(|| unknown_word("state of clients"))?,
        subject_suspended: row.get("subject_suspended")?,
    })
}

pub(super) fn authorisation(row: &Row) -> Result<Authorisation, StoreError> {
    Ok(Authorisation {
        id: row.get("id")?,
        client_id: ClientId::new(row.get::<String>("client_id")?),
        subject: row.get("subject")?,
        granted_by: row.get("granted_by")?,
        scope: row.get("scope")?,
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
        state: state(row)?,
    })
}

fn state(row: &Row) -> Result<AuthorisationState, StoreError> {
    match row.get::<String>("state")?.as_str() {
        "awaiting_exchange" => Ok(AuthorisationState::AwaitingExchange(PendingCode {
            hash: row.parse("code_hash")?,
            expires_at: row.get("code_expires_at")?,
            redirect_uri: row.get("code_redirect_uri")?,
            challenge: row.parse_opt("code_challenge")?,
        })),
        "active" => Ok(AuthorisationState::Active(Box::new(ActiveTokens {
            generation: row.get("generation")?,
            issued_at: row.get("issued_at")?,
            access: access(row)?,
            refresh: refresh(row)?,
            absolute_expires_at: row.get("absolute_expires_at")?,
            predecessor: predecessor(row)?,
        }))),
        "ended" => {
            let reason: String = row.get("ended_reason")?;
            let reason = EndReason::from_text(&reason).ok_or_else(|| unknown_word("ended_reason"))?;
            Ok(AuthorisationState::Ended { reason, at: row.get("ended_at")? })
        }
        _ => Err(unknown_word("state of authorisations")),
    }
}

fn access(row: &Row) -> Result<Option<IssuedAccess>, StoreError> {
    let Some(hash) = row.parse_opt("access_hash")? else { return Ok(None) };
    let (expires_at, narrowed_scope) = (row.get("access_expires_at")?, row.get("access_scope")?);
    Ok(Some(IssuedAccess { hash, expires_at, narrowed_scope }))
}

fn refresh(row: &Row) -> Result<Option<IssuedRefresh>, StoreError> {
    let Some(hash) = row.parse_opt("refresh_hash")? else { return Ok(None) };
    Ok(Some(IssuedRefresh {
        generation: row.get("refresh_generation")?,
        hash,
        issued_at: row.get("refresh_issued_at")?,
        expires_at: row.get("refresh_expires_at")?,
    }))
}

fn predecessor(row: &Row) -> Result<Option<Predecessor>, StoreError> {
    let Some(hash) = row.parse_opt("predecessor_hash")? else { return Ok(None) };
    Ok(Some(Predecessor {
        generation: row.get("predecessor_generation")?,
        hash,
        retry_until: row.get("predecessor_retry_until")?,
        successor: row.get("successor")?,
    }))
}

pub(super) fn earlier(row: &Row) -> Result<EarlierTokens, StoreError> {
    Ok(EarlierTokens { generation: row.get("generation")?, access: access(row)?, refresh: refresh(row)? })
}

fn unknown_word(column: &str) -> StoreError {
    StoreError::Corrupt(format!("column {column} holds an unknown word"))
}
