//! API tokens and the integration's own OAuth clients.

use base::StoreError;
use connect::{ApiToken, ClientSecret, OAuthClient};

use crate::{Row, Tx, params};

pub(super) fn insert_api_token(tx: &mut Tx, token: &ApiToken) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO connect_api_tokens (id, name, role, mac_key, mac, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            token.id,
            token.name,
            token.role.as_str(),
            token.hash.key.as_str(),
            token.hash.mac,
            token.created_at,
            token.revoked_at,
        ],
    )?;
    Ok(())
}

pub(super) fn put(tx: &mut Tx, client: &OAuthClient, keep: u32) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO connect_clients (id, provider, environment, client_id, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (provider, environment) DO NOTHING",
        params![client.id, client.provider, client.environment, client.client_id, client.created_at],
    )?;
    // Locked, so that two who set it at once leave one client with the secrets that belong to it.
    let row = tx.query_one(
        "SELECT id, client_id FROM connect_clients WHERE provider = $1 AND environment = $2 {for_update}",
        params![client.provider, client.environment],
    )?;
    let id: String = row.get("id")?;
    if row.get::<String>("client_id")? != client.client_id {
        tx.execute("DELETE FROM connect_client_secrets WHERE client = $1", params![id])?;
        tx.execute("UPDATE connect_clients SET client_id = $2 WHERE id = $1", params![id, client.client_id])?;
    }
    for secret in &client.secrets {
        tx.execute(
            "INSERT INTO connect_client_secrets (id, client, secret, created_at) VALUES ($1, $2, $3, $4)",
            params![secret.id, id, secret.sealed, secret.created_at],
        )?;
    }
    tx.execute(
        "DELETE FROM connect_client_secrets WHERE client = $1 AND id NOT IN (
             SELECT id FROM connect_client_secrets WHERE client = $1 ORDER BY created_at DESC, id DESC LIMIT $2)",
        params![id, keep],
    )?;
    Ok(())
}

pub(super) fn with_secrets(tx: &mut Tx, row: &Row) -> Result<OAuthClient, StoreError> {
    let id: connect::OAuthClientId = row.get("id")?;
    let secrets = tx.query(
        "SELECT id, secret, created_at FROM connect_client_secrets WHERE client = $1 ORDER BY created_at DESC, id DESC",
        params![id],
    )?;
    let secret = |row: &Row| {
        Ok(ClientSecret {
            id: row.get("id")?,
            sealed: row.get("secret")?,
            created_at: row.get("created_at")?,
        })
    };
    Ok(OAuthClient {
        id,
        provider: row.get("provider")?,
        environment: row.get("environment")?,
        client_id: row.get("client_id")?,
        secrets: secrets.iter().map(secret).collect::<Result<_, StoreError>>()?,
        created_at: row.get("created_at")?,
    })
}
