//! Rows read into the room's types.

use base::{StoreError, Timestamp};
use connect::{
    ApiToken, ConnectSession, Connection, End, Event, GrantFacts, KeyedHash, NumberedEvent, Side, Stage,
};
use refresh::{CredentialKind, GrantState};
use seal::MacKeyId;

use crate::Row;

/// A connection with what it shows of its grants.
pub(super) const CONNECTION: &str = "SELECT c.*,
    p.kind AS platform_kind, p.state AS platform_state, p.state_reason AS platform_state_reason,
    p.state_since AS platform_state_since, p.generation AS platform_generation, p.expires_at AS platform_expires_at,
    p.refresh_token_expires_at AS platform_refresh_token_expires_at, p.granted_at AS platform_granted_at,
    p.proven_at AS platform_proven_at, p.next_action_at AS platform_next_action_at, p.scope AS platform_scope,
    p.lease_owner AS platform_lease_owner, p.marker_attempt AS platform_marker_attempt,
    a.kind AS accounting_kind, a.state AS accounting_state, a.state_reason AS accounting_state_reason,
    a.state_since AS accounting_state_since, a.generation AS accounting_generation, a.expires_at AS accounting_expires_at,
    a.refresh_token_expires_at AS accounting_refresh_token_expires_at, a.granted_at AS accounting_granted_at,
    a.proven_at AS accounting_proven_at, a.next_action_at AS accounting_next_action_at, a.scope AS accounting_scope,
    a.lease_owner AS accounting_lease_owner, a.marker_attempt AS accounting_marker_attempt
    FROM connections c JOIN grants p ON p.id = c.platform_grant JOIN grants a ON a.id = c.accounting_grant";

pub(super) fn api_token(row: &Row) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: row.get("id")?,
        name: row.get("name")?,
        role: row.parse("role")?,
        hash: KeyedHash { key: row.parse("mac_key")?, mac: row.get("mac")? },
        created_at: row.get("created_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}

pub(super) fn session(row: &Row) -> Result<ConnectSession, StoreError> {
    let browser = match row.parse_opt::<MacKeyId>("browser_mac_key")? {
        Some(key) => Some(KeyedHash { key, mac: row.get("browser_mac")? }),
        None => None,
    };
    let notice: Option<String> = row.get("notice")?;
    Ok(ConnectSession {
        id: row.get("id")?,
        link: KeyedHash { key: row.parse("link_mac_key")?, mac: row.get("link_mac")? },
        purpose: row.json("purpose")?,
        made_by: row.get("made_by")?,
        return_to: row.get("return_to")?,
        browser,
        flow: row.json("flow")?,
        notice: notice.map(|_| row.json("notice")).transpose()?,
        verifier: row.get("verifier")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        version: row.get("version")?,
    })
}

pub(super) fn event(row: &Row) -> Result<NumberedEvent, StoreError> {
    Ok(NumberedEvent {
        position: row.get("position")?,
        event: Event {
            id: row.get("id")?,
            kind: row.parse("kind")?,
            connection: row.get("connection")?,
            at: row.get("at")?,
            data: row.json("data")?,
            sentence: row.get("sentence")?,
        },
    })
}

pub(super) fn connection(row: &Row) -> Result<Connection, StoreError> {
    let stage = match row.get::<String>("stage")?.as_str() {
        "pending" => Stage::Pending,
        "live" => Stage::Live,
        "disconnected" => {
            Stage::Disconnected { at: row.get("disconnected_at")?, left_to_do: row.json("left_to_do")? }
        }
        other => return Err(unknown_word("stage", other)),
    };
    Ok(Connection {
        id: row.get("id")?,
        reference: row.get("reference")?,
        stage,
        told: row.parse("told")?,
        platform: side(row, End::Platform)?,
        accounting: side(row, End::Accounting)?,
        settings: row.json("settings")?,
        created_at: row.get("created_at")?,
        version: row.get("version")?,
    })
}

fn side(row: &Row, end: End) -> Result<Side, StoreError> {
    let column = |name: &str| format!("{end}_{name}");
    Ok(Side {
        provider: row.get(column("provider").as_str())?,
        environment: row.get(column("environment").as_str())?,
        company: row.json(column("company").as_str())?,
        grant: row.get(column("grant").as_str())?,
        generation_base: row.get(column("generation_base").as_str())?,
        facts: facts(row, end)?,
    })
}

fn facts(row: &Row, end: End) -> Result<GrantFacts, StoreError> {
    let column = |name: &str| format!("{end}_{name}");
    let kind = match row.get::<String>(column("kind").as_str())?.as_str() {
        "oauth" => CredentialKind::OAuth,
        "api_key" => CredentialKind::ApiKey,
        other => return Err(unknown_word("kind", other)),
    };
    let since: Timestamp = row.get(column("state_since").as_str())?;
    let state = match row.get::<String>(column("state").as_str())?.as_str() {
        "active" => GrantState::Active,
        "degraded" => GrantState::Degraded { since, reason: row.parse(column("state_reason").as_str())? },
        "unknown" => GrantState::Unknown { since },
        "ended" => GrantState::Ended { at: since, reason: row.parse(column("state_reason").as_str())? },
        other => return Err(unknown_word("state", other)),
    };
    let lease: Option<String> = row.get(column("lease_owner").as_str())?;
    let marker: Option<String> = row.get(column("marker_attempt").as_str())?;
    Ok(GrantFacts {
        kind,
        state,
        refreshing: lease.is_some() && marker.is_some(),
        generation: row.get(column("generation").as_str())?,
        expires_at: row.get(column("expires_at").as_str())?,
        refresh_token_expires_at: row.get(column("refresh_token_expires_at").as_str())?,
        granted_at: row.get(column("granted_at").as_str())?,
        proven_at: row.get(column("proven_at").as_str())?,
        next_action_at: row.get(column("next_action_at").as_str())?,
        scope: row.get(column("scope").as_str())?,
    })
}

fn unknown_word(column: &str, word: &str) -> StoreError {
    StoreError::Corrupt(format!("column {column} holds the unknown word {word:?}"))
}
