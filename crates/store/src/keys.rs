//! [`seal::KeyStore`] on all databases.

use async_trait::async_trait;
use base::StoreError;
use seal::{KeyStore, MacKeyId, Sealed, StoredKey};

use crate::{Database, Row, params};

#[async_trait]
impl KeyStore for Database {
    async fn load_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.read("keys.load", |tx| {
            let sql =
                "SELECT id, purpose, version, sealed_key, created_at FROM keys ORDER BY purpose, version";
            tx.query(sql, params![])?.iter().map(stored_key).collect()
        })
        .await
    }

    async fn insert_key_if_absent(&self, key: &StoredKey) -> Result<bool, StoreError> {
        let key = key.clone();
        self.run_tx("keys.insert_if_absent", move |tx| {
            let inserted = tx.execute(
                "INSERT INTO keys (id, purpose, version, sealed_key, created_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (purpose, version) DO NOTHING",
                params![key.id.as_str(), key.purpose, key.version, key.sealed_key, key.created_at],
            )?;
            Ok(inserted == 1)
        })
        .await
    }

    async fn replace_sealed_key(
        &self,
        id: &MacKeyId,
        from: &Sealed,
        to: &Sealed,
    ) -> Result<bool, StoreError> {
        let (id, from, to) = (id.clone(), from.clone(), to.clone());
        self.run_tx("keys.replace_sealed", move |tx| {
            let sql = "UPDATE keys SET sealed_key = $3 WHERE id = $1 AND sealed_key = $2";
            Ok(tx.execute(sql, params![id.as_str(), from, to])? == 1)
        })
        .await
    }
}

fn stored_key(row: &Row) -> Result<StoredKey, StoreError> {
    Ok(StoredKey {
        id: row.parse("id")?,
        purpose: row.get("purpose")?,
        version: row.get("version")?,
        sealed_key: row.get("sealed_key")?,
        created_at: row.get("created_at")?,
    })
}
