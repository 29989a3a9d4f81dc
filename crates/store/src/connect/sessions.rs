//! Walks through the connecting pages.

use base::StoreError;
use connect::ConnectSession;

use super::json;
use crate::{Tx, params};

/// Whether a walk can hold grants or a verifier, so that it has to be cleared away some day.
fn is_open(session: &ConnectSession) -> bool {
    !session.is_over()
}

pub(super) fn insert(tx: &mut Tx, session: &ConnectSession) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO connect_sessions (id, link_mac_key, link_mac, purpose, made_by, return_to, browser_mac_key, browser_mac,
                flow, notice, verifier, open, created_at, expires_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            session.id,
            session.link.key.as_str(),
            session.link.mac,
            json(&session.purpose)?,
            session.made_by,
            session.return_to,
            session.browser.as_ref().map(|hash| hash.key.as_str()),
            session.browser.as_ref().map(|hash| hash.mac),
            json(&session.flow)?,
            session.notice.as_ref().map(json).transpose()?,
            session.verifier,
            is_open(session),
            session.created_at,
            session.expires_at,
            session.version,
        ],
    )?;
    Ok(())
}

/// Writes what can change. `false`: the row is at another version.
pub(super) fn advance(tx: &mut Tx, session: &ConnectSession) -> Result<bool, StoreError> {
    let written = tx.execute(
        "UPDATE connect_sessions SET purpose = $3, browser_mac_key = $4, browser_mac = $5, flow = $6, notice = $7, verifier = $8,
                open = $9, expires_at = $10, version = version + 1
         WHERE id = $1 AND version = $2",
        params![
            session.id,
            session.version,
            json(&session.purpose)?,
            session.browser.as_ref().map(|hash| hash.key.as_str()),
            session.browser.as_ref().map(|hash| hash.mac),
            json(&session.flow)?,
            session.notice.as_ref().map(json).transpose()?,
            session.verifier,
            is_open(session),
            session.expires_at,
        ],
    )?;
    Ok(written == 1)
}
