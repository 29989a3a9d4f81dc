use async_trait::async_trait;
use audit::AuditRecord;
use base::{StoreError, Timestamp};
use platform::{ApiKey, ApiKeyId, ApiKeyOrigin, ApiKeys, StoredApiKey, Subject};

use crate::audit::append;
use crate::{Database, Row, params};

const COLUMNS: &str = "id, application_id, name, subject, scope, secret_hash, last_four, created_by, created_at, expires_at, \
     last_used_at, revoked_at";

fn read_key(row: &Row) -> Result<StoredApiKey, StoreError> {
    let origin = match (row.get::<Option<String>>("application_id")?, row.get::<Option<String>>("name")?) {
        (Some(client_id), None) => ApiKeyOrigin::Integrated { client_id },
        (None, Some(name)) => ApiKeyOrigin::Standalone { name },
        _ => {
            return Err(StoreError::Corrupt(
                "an API key has both or neither of application_id and name".to_owned(),
            ));
        }
    };
    let key = ApiKey {
        id: row.get("id")?,
        origin,
        subject: row.parse("subject")?,
        scope: row.get("scope")?,
        last_four: row.get("last_four")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        last_used_at: row.get("last_used_at")?,
        revoked_at: row.get("revoked_at")?,
    };
    Ok(StoredApiKey { key, hash: row.parse("secret_hash")? })
}

#[async_trait]
impl ApiKeys for Database {
    async fn add_api_key(&self, key: &StoredApiKey, audit: AuditRecord) -> Result<(), StoreError> {
        let stored = key.clone();
        self.run_tx("platform.add_api_key", move |tx| {
            let key = &stored.key;
            let subject = key.subject.to_string();
            let (application_id, name) = match &key.origin {
                ApiKeyOrigin::Integrated { client_id } => (Some(client_id), None),
                ApiKeyOrigin::Standalone { name } => (None, Some(name)),
            };
            if let Some(client_id) = application_id {
                tx.execute(
                    "UPDATE api_keys SET revoked_at = $3 WHERE application_id = $1 AND subject = $2 AND revoked_at IS NULL",
                    params![client_id, subject, key.created_at],
                )?;
            }
            tx.execute(
                "INSERT INTO api_keys (id, application_id, name, subject, scope, secret_hash, last_four, \
                 created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                params![
                    key.id,
                    application_id,
                    name,
                    subject,
                    key.scope,
                    stored.hash.to_string(),
                    key.last_four,
                    key.created_by,
                    key.created_at,
                    key.expires_at
                ],
            )?;
            append(tx, std::slice::from_ref(&audit))
        })
        .await
    }

    async fn api_key(&self, id: ApiKeyId) -> Result<Option<StoredApiKey>, StoreError> {
        self.read("platform.api_key", move |tx| {
            let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE id = $1");
            tx.query_opt(&sql, params![id])?.as_ref().map(read_key).transpose()
        })
        .await
    }

    async fn api_keys(&self, subject: Option<Subject>) -> Result<Vec<ApiKey>, StoreError> {
        self.read("platform.api_keys", move |tx| {
            let sql = format!(
                "SELECT {COLUMNS} FROM api_keys WHERE revoked_at IS NULL \
                 AND (CAST($1 AS TEXT) IS NULL OR subject = $1) ORDER BY created_at DESC, id DESC"
            );
            let rows = tx.query(&sql, params![subject.map(|subject| subject.to_string())])?;
            rows.iter().map(|row| read_key(row).map(|stored| stored.key)).collect()
        })
        .await
    }

    async fn revoke_api_key(
        &self,
        id: ApiKeyId,
        at: Timestamp,
        audit: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.run_tx("platform.revoke_api_key", move |tx| {
            let changed = tx.execute(
                "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
                params![id, at],
            )?;
            if changed == 1 {
                append(tx, std::slice::from_ref(&audit))?;
            }
            Ok(changed == 1)
        })
        .await
    }

    async fn revoke_integrated_keys(
        &self,
        client_id: &str,
        subject: Subject,
        at: Timestamp,
        audit: AuditRecord,
    ) -> Result<usize, StoreError> {
        let client_id = client_id.to_owned();
        self.run_tx("platform.revoke_integrated_keys", move |tx| {
            let changed = tx.execute(
                "UPDATE api_keys SET revoked_at = $3 WHERE application_id = $1 AND subject = $2 AND revoked_at IS NULL",
                params![client_id, subject.to_string(), at],
            )?;
            if changed > 0 {
                append(tx, std::slice::from_ref(&audit))?;
            }
            Ok(changed)
        })
        .await
    }

    async fn note_key_used(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        self.run_tx("platform.note_key_used", move |tx| {
            tx.execute(
                "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
                params![id, at],
            )?;
            Ok(())
        })
        .await
    }
}
