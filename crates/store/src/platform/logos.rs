use async_trait::async_trait;
use base::{StoreError, Timestamp};
use platform::{Logo, LogoKind, Logos, StoredLogo};

use crate::{Database, Row, params};

#[async_trait]
impl Logos for Database {
    async fn logo(&self, client_id: &str) -> Result<Option<StoredLogo>, StoreError> {
        let client_id = client_id.to_owned();
        self.read("platform.logo", move |tx| {
            let sql = "SELECT * FROM client_logos WHERE client_id = $1";
            tx.query_opt(sql, params![client_id])?.as_ref().map(read_logo).transpose()
        })
        .await
    }

    async fn put_logo(&self, logo: &StoredLogo) -> Result<bool, StoreError> {
        let logo = logo.clone();
        self.run_tx("platform.put_logo", move |tx| {
            // A client that is being removed takes its logo with it: whoever comes second waits and finds it gone.
            let sql = "SELECT client_id FROM clients WHERE client_id = $1 AND state <> 'removed' {for_update}";
            if tx.query_opt(sql, params![logo.client_id])?.is_none() {
                return Ok(false);
            }
            let (content_type, bytes, failure) = match &logo.outcome {
                Ok(picture) => (Some(picture.kind.content_type()), Some(picture.bytes.clone()), None),
                Err(why) => (None, None, Some(why.clone())),
            };
            tx.execute(
                "INSERT INTO client_logos (client_id, source, content_type, bytes, failure, fetched_at) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (client_id) DO UPDATE SET source = $2, content_type = $3, \
                 bytes = $4, failure = $5, fetched_at = $6",
                params![logo.client_id, logo.source, content_type, bytes, failure, logo.fetched_at],
            )?;
            Ok(true)
        })
        .await
    }

    async fn remove_logo(&self, client_id: &str) -> Result<(), StoreError> {
        let client_id = client_id.to_owned();
        self.run_tx("platform.remove_logo", move |tx| {
            tx.execute("DELETE FROM client_logos WHERE client_id = $1", params![client_id]).map(drop)
        })
        .await
    }

    async fn clients_with_logo(&self, client_ids: &[String]) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let client_ids = client_ids.to_vec();
        self.read("platform.clients_with_logo", move |tx| {
            let mut found = Vec::new();
            for id in &client_ids {
                let sql = "SELECT fetched_at FROM client_logos WHERE client_id = $1 AND bytes IS NOT NULL";
                if let Some(row) = tx.query_opt(sql, params![id])? {
                    found.push((id.clone(), row.get("fetched_at")?));
                }
            }
            Ok(found)
        })
        .await
    }
}

fn read_logo(row: &Row) -> Result<StoredLogo, StoreError> {
    let kind = row.get::<Option<String>>("content_type")?;
    let outcome = match (kind, row.get::<Option<Vec<u8>>>("bytes")?, row.get::<Option<String>>("failure")?) {
        (Some(kind), Some(bytes), None) => {
            let kind = LogoKind::from_content_type(&kind)
                .ok_or_else(|| StoreError::Corrupt("a logo is of an unknown kind".to_owned()))?;
            Ok(Logo { kind, bytes })
        }
        (None, None, Some(why)) => Err(why),
        _ => return Err(StoreError::Corrupt("a logo is neither a picture nor a failure".to_owned())),
    };
    Ok(StoredLogo {
        client_id: row.get("client_id")?,
        source: row.get("source")?,
        outcome,
        fetched_at: row.get("fetched_at")?,
    })
}
