//! Connections: made, changed, ended, found.

use base::{StoreError, Timestamp};
use connect::{
    ConnectSession, Connection, ConnectionFilter, ConnectionId, End, Event, NewConnection, NewSide, Paired,
    StateKind, Swap, Swapped,
};
use refresh::{EndReason, GivenCredential, GrantId};

use super::{events, json, rows, sessions};
use crate::sql::containing;
use crate::{Tx, Value, params};

/// What the search for a text looks through.
fn search_text(connection: &NewConnection) -> String {
    let NewConnection { reference, platform, accounting, .. } = connection;
    let side = |side: &NewSide| format!("{}\n{}\n{}", side.company.name, side.company.id, side.provider);
    format!("{}\n{}\n{}", side(platform), side(accounting), reference.as_deref().unwrap_or_default())
        .to_lowercase()
}

pub(super) fn insert(tx: &mut Tx, new: &NewConnection) -> Result<Paired, StoreError> {
    let (stage, told) =
        if new.pending { ("pending", StateKind::Pending) } else { ("live", StateKind::Active) };
    if new.pending
        && let Some(taken) = taken(tx, &new.platform, &new.accounting)?
    {
        return Ok(taken);
    }
    let written = tx.execute(
        "INSERT INTO connections (id, reference, stage, told, platform_provider, platform_environment, platform_company_id,
                platform_company, platform_grant, platform_generation_base, accounting_provider, accounting_environment,
                accounting_company_id, accounting_company, accounting_grant, accounting_generation_base, settings, left_to_do,
                search, created_at, disconnected_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14, 0, '{}', '[]', $15, $16, NULL, 1)
         ON CONFLICT DO NOTHING",
        params![
            new.id,
            new.reference,
            stage,
            told.as_str(),
            new.platform.provider,
            new.platform.environment,
            new.platform.company.id,
            json(&new.platform.company)?,
            new.platform.grant,
            new.accounting.provider,
            new.accounting.environment,
            new.accounting.company.id,
            json(&new.accounting.company)?,
            new.accounting.grant,
            search_text(new),
            new.created_at,
        ],
    )?;
    if written == 1 {
        return Ok(Paired::Yes);
    }
    taken(tx, &new.platform, &new.accounting)?.ok_or_else(|| {
        StoreError::Statement("a connection was not written although both companies are free".to_owned())
    })
}

fn taken(tx: &mut Tx, platform: &NewSide, accounting: &NewSide) -> Result<Option<Paired>, StoreError> {
    let find = |tx: &mut Tx, end, side: &NewSide| {
        owner(tx, end, &side.provider, &side.environment, &side.company.id)
    };
    if let Some(other) = find(tx, End::Platform, platform)? {
        return Ok(Some(Paired::PlatformTaken(other)));
    }
    Ok(find(tx, End::Accounting, accounting)?.map(Paired::AccountingTaken))
}

/// The live connection of a company.
pub(super) fn owner(
    tx: &mut Tx,
    end: End,
    provider: &str,
    environment: &str,
    company: &str,
) -> Result<Option<ConnectionId>, StoreError> {
    let sql = format!(
        "SELECT id FROM connections
         WHERE {end}_provider = $1 AND {end}_environment = $2 AND {end}_company_id = $3 AND stage = 'live'"
    );
    tx.query_opt(&sql, params![provider, environment, company])?.map(|row| row.get("id")).transpose()
}

pub(super) fn confirm(
    tx: &mut Tx,
    id: ConnectionId,
    version: u64,
    event: &Event,
) -> Result<Paired, StoreError> {
    let Some(connection) = one(tx, id)? else { return Ok(Paired::Stale) };
    let side = |side: &connect::Side| NewSide {
        provider: side.provider.clone(),
        environment: side.environment.clone(),
        company: side.company.clone(),
        grant: side.grant,
    };
    let (platform, accounting) = (side(&connection.platform), side(&connection.accounting));
    if let Some(taken) = taken(tx, &platform, &accounting)? {
        return Ok(taken);
    }
    let written = tx.execute(
        "UPDATE connections SET stage = 'live', told = 'active', version = version + 1
         WHERE id = $1 AND version = $2 AND stage = 'pending'",
        params![id, version],
    );
    match written {
        Ok(1) => {}
        Ok(_) => return Ok(Paired::Stale),
        // Somebody else was quicker between the look and the write; which company it was does not matter to what is said.
        Err(StoreError::Duplicate(columns)) if columns.contains("accounting") => {
            return Ok(Paired::AccountingTaken(id));
        }
        Err(StoreError::Duplicate(_)) => return Ok(Paired::PlatformTaken(id)),
        Err(error) => return Err(error),
    }
    events::append(tx, std::slice::from_ref(event))?;
    Ok(Paired::Yes)
}

fn one(tx: &mut Tx, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
    let row = tx.query_opt(&format!("{} WHERE c.id = $1", rows::CONNECTION), params![id])?;
    row.as_ref().map(rows::connection).transpose()
}

pub(super) fn list(tx: &mut Tx, filter: &ConnectionFilter) -> Result<Vec<Connection>, StoreError> {
    let mut conditions = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        conditions.push(condition.replace('?', &format!("${}", values.len())));
    };
    if let Some(reference) = &filter.reference {
        add("c.reference = ?", Value::Text(reference.clone()));
    }
    if let Some(state) = filter.state {
        add("c.told = ?", Value::Text(state.as_str().to_owned()));
    }
    if let Some(provider) = &filter.provider {
        add("(c.platform_provider = ? OR c.accounting_provider = ?)", Value::Text(provider.clone()));
    }
    if let Some(text) = &filter.text {
        add("c.search LIKE ? ESCAPE '\\'", Value::Text(containing(&text.to_lowercase())));
    }
    if let Some(after) = filter.after {
        add("c.id > ?", Value::Text(after.to_string()));
    }
    let condition =
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    values.push(Value::Integer(i64::from(filter.limit)));
    let sql = format!("{}{condition} ORDER BY c.id LIMIT ${}", rows::CONNECTION, values.len());
    tx.query(&sql, &values)?.iter().map(rows::connection).collect()
}

/// A swap with everything owned, as a transaction may run again.
pub(super) struct Change {
    connection: ConnectionId,
    version: u64,
    end: End,
    grant: GrantId,
    generation_base: u64,
    company: String,
    told: StateKind,
    given: Option<GivenCredential>,
    moved: Vec<Event>,
    session: Option<ConnectSession>,
    events: Vec<Event>,
    at: Timestamp,
}

impl Change {
    pub(super) fn of(swap: &Swap<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            connection: swap.connection,
            version: swap.version,
            end: swap.end,
            grant: swap.grant,
            generation_base: swap.generation_base,
            company: json(swap.company)?,
            told: swap.told,
            given: swap.given.cloned(),
            moved: swap.moved.to_vec(),
            session: swap.session.cloned(),
            events: swap.events.to_vec(),
            at: swap.at,
        })
    }
}

pub(super) fn swap(tx: &mut Tx, change: &Change) -> Result<Swapped, StoreError> {
    let end = change.end;
    if let Some(session) = &change.session
        && !sessions::advance(tx, session)?
    {
        return Ok(Swapped::Stale);
    }
    let before = tx.query_opt(
        &format!(
            "SELECT {end}_grant AS earlier FROM connections WHERE id = $1 AND version = $2 {{for_update}}"
        ),
        params![change.connection, change.version],
    )?;
    let Some(before) = before else {
        tx.discard();
        return Ok(Swapped::Stale);
    };
    let earlier: GrantId = before.get("earlier")?;
    let written = tx.execute(
        &format!(
            "UPDATE connections SET {end}_grant = $3, {end}_generation_base = $4, {end}_company = $5, told = $6,
                    version = version + 1
             WHERE id = $1 AND version = $2 AND stage <> 'disconnected'"
        ),
        params![change.connection, change.version, change.grant, change.generation_base, change.company, change.told.as_str()],
    )?;
    let given = match &change.given {
        Some(given) if written == 1 => crate::refresh::put_given(tx, given)?,
        _ => true,
    };
    if written == 0 || !given {
        tx.discard();
        return Ok(Swapped::Stale);
    }
    let moved = move_along(tx, &change.moved, end, change.grant, change.at)?;
    end_unless_shared(tx, earlier, change.at, EndReason::Replaced)?;
    events::append(tx, &change.events)?;
    events::append(tx, &moved)?;
    Ok(Swapped::Yes)
}

/// Lets other live connections draw on `grant` too; their earlier grants are ended unless something still draws on them. Gives
/// the events of those that were moved: append them last.
pub(super) fn move_along(
    tx: &mut Tx,
    moved: &[Event],
    end: End,
    grant: GrantId,
    at: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let mut told = Vec::new();
    for event in moved {
        let id = event.connection;
        let earlier = tx.query_opt(
            &format!(
                "SELECT c.{end}_grant AS earlier, g.generation FROM connections c JOIN grants g ON g.id = c.{end}_grant
                 WHERE c.id = $1 AND c.stage = 'live'"
            ),
            params![id],
        )?;
        let Some(row) = earlier else { continue };
        let (earlier, generation): (GrantId, u64) = (row.get("earlier")?, row.get("generation")?);
        let written = tx.execute(
            &format!(
                "UPDATE connections SET {end}_grant = $3, {end}_generation_base = {end}_generation_base + $4, version = version + 1
                 WHERE id = $1 AND {end}_grant = $2 AND stage = 'live'"
            ),
            params![id, earlier, grant, generation],
        )?;
        if written == 1 {
            end_unless_shared(tx, earlier, at, EndReason::Replaced)?;
            told.push(event.clone());
        }
    }
    Ok(told)
}

/// Ends a grant that no connection draws on any more (`refresh-authority` rule 16).
pub(super) fn end_unless_shared(
    tx: &mut Tx,
    grant: GrantId,
    at: Timestamp,
    reason: EndReason,
) -> Result<(), StoreError> {
    let sql = "SELECT 1 AS one FROM connections
               WHERE (platform_grant = $1 OR accounting_grant = $1) AND stage <> 'disconnected' LIMIT 1";
    if tx.query_opt(sql, params![grant])?.is_none() {
        crate::refresh::end_grant(tx, grant, at, reason)?;
    }
    Ok(())
}

pub(super) fn disconnect(
    tx: &mut Tx,
    id: ConnectionId,
    version: u64,
    at: Timestamp,
    left_to_do: &str,
    event: &Event,
) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "UPDATE connections SET stage = 'disconnected', told = 'disconnected', disconnected_at = $3, left_to_do = $4,
                version = version + 1
         WHERE id = $1 AND version = $2 AND stage <> 'disconnected' RETURNING platform_grant, accounting_grant",
        params![id, version, at, left_to_do],
    )?;
    let Some(row) = row else { return Ok(false) };
    for column in ["platform_grant", "accounting_grant"] {
        end_unless_shared(tx, row.get(column)?, at, EndReason::Disconnected)?;
    }
    events::append(tx, std::slice::from_ref(event))?;
    Ok(true)
}
