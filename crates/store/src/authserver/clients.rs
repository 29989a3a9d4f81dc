use std::collections::BTreeMap;

use authserver::{Client, ClientId, ClientSecret, ClientSpec, ClientState};
use base::{StoreError, Timestamp};

use crate::{Row, Tx, params};

/// A client by its id, `$1`, once for each of its secrets, and once if it has none.
pub(super) const ONE: &str = "SELECT spec, state, clients.created_at AS client_created_at, id, hash, \
     client_secrets.created_at AS created_at, expires_at \
     FROM clients LEFT JOIN client_secrets ON client_secrets.client_id = clients.client_id \
     WHERE clients.client_id = $1 ORDER BY id";

pub(super) fn one(tx: &mut Tx, id: &ClientId) -> Result<Option<Client>, StoreError> {
    found(&tx.query(ONE, params![id.as_str()])?)
}

/// What [`ONE`] found.
pub(super) fn found(rows: &[Row]) -> Result<Option<Client>, StoreError> {
    let Some(first) = rows.first() else { return Ok(None) };
    let mut secrets = Vec::new();
    for row in rows {
        if row.get::<Option<String>>("id")?.is_some() {
            secrets.push(secret(row)?);
        }
    }
    client(first, secrets).map(Some)
}

pub(super) fn page(tx: &mut Tx, after: Option<&ClientId>, limit: u32) -> Result<Vec<Client>, StoreError> {
    let after = after.map(ClientId::as_str);
    let rows = tx.query(
        "SELECT client_id, spec, state, created_at AS client_created_at FROM clients \
         WHERE (CAST($1 AS TEXT) IS NULL OR client_id > $1) ORDER BY client_id LIMIT $2",
        params![after, limit],
    )?;
    let last = rows.last().map(|row| row.get::<String>("client_id")).transpose()?;
    let secret_rows = tx.query(
        "SELECT client_id, id, hash, created_at, expires_at FROM client_secrets \
         WHERE (CAST($1 AS TEXT) IS NULL OR client_id > $1) AND client_id <= $2 ORDER BY id",
        params![after, last.unwrap_or_default()],
    )?;
    let mut secrets = BTreeMap::<String, Vec<ClientSecret>>::new();
    for row in &secret_rows {
        secrets.entry(row.get("client_id")?).or_default().push(secret(row)?);
    }
    rows.iter()
        .map(|row| client(row, secrets.remove(&row.get::<String>("client_id")?).unwrap_or_default()))
        .collect()
}

pub(super) fn put(tx: &mut Tx, client: &Client) -> Result<(), StoreError> {
    let spec = spec_text(&client.spec)?;
    let id = client.id().as_str();
    tx.execute(
        "INSERT INTO clients (client_id, spec, state, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (client_id) DO UPDATE SET spec = $2, state = $3",
        params![id, spec, client.state.as_str(), client.created_at],
    )?;
    tx.execute("DELETE FROM client_secrets WHERE client_id = $1", params![id])?;
    client.secrets.iter().try_for_each(|secret| insert_secret(tx, id, secret))
}

/// The settings of a client as they are kept.
pub(super) fn spec_text(spec: &ClientSpec) -> Result<String, StoreError> {
    serde_json::to_string(spec)
        .map_err(|error| StoreError::Statement(format!("a client that is no JSON: {error}")))
}

pub(super) fn rotate_secret(
    tx: &mut Tx,
    id: &ClientId,
    secret: &ClientSecret,
    others_expire_at: Timestamp,
) -> Result<bool, StoreError> {
    let found = tx.query_opt(
        "SELECT 1 AS found FROM clients WHERE client_id = $1 {for_update}",
        params![id.as_str()],
    )?;
    if found.is_none() {
        return Ok(false);
    }
    tx.execute(
        "UPDATE client_secrets SET expires_at = $2 WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
        params![id.as_str(), others_expire_at],
    )?;
    insert_secret(tx, id.as_str(), secret)?;
    Ok(true)
}

fn insert_secret(tx: &mut Tx, client_id: &str, secret: &ClientSecret) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO client_secrets (id, client_id, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![secret.id, client_id, secret.hash.to_string(), secret.created_at, secret.expires_at],
    )
    .map(drop)
}

fn client(row: &Row, secrets: Vec<ClientSecret>) -> Result<Client, StoreError> {
    let state: String = row.get("state")?;
    Ok(Client {
        spec: row.json("spec")?,
        state: ClientState::from_text(&state)
            .ok_or_else(|| StoreError::Corrupt("column state of clients holds an unknown word".to_owned()))?,
        secrets,
        created_at: row.get("client_created_at")?,
    })
}

fn secret(row: &Row) -> Result<ClientSecret, StoreError> {
    Ok(ClientSecret {
        id: row.get("id")?,
        hash: row.parse("hash")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
    })
}
