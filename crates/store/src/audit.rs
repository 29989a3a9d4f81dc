//! [`audit::Store`] on all databases, and the appending that other rooms' acts do in their own transactions.

use async_trait::async_trait;
use audit::{AuditRecord, Filter, Store};
use base::StoreError;

use crate::{Database, Row, Tx, params};

/// Appends records in the transaction of the act they tell of.
pub(crate) fn append(tx: &mut Tx, records: &[AuditRecord]) -> Result<(), StoreError> {
    for record in records {
        let data = serde_json::to_string(&record.data)
            .map_err(|error| StoreError::Statement(format!("audit data that are no JSON: {error}")))?;
        tx.execute(
            "INSERT INTO audit_records (id, at, kind, actor, subject, client, source, request_id, data, mac, key_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            params![
                record.id,
                record.at,
                record.kind,
                record.actor,
                record.subject,
                record.client,
                record.source,
                record.request_id,
                data,
                record.mac,
                record.key_id.as_str()
            ],
        )?;
    }
    Ok(())
}

#[async_trait]
impl Store for Database {
    async fn append_audit(&self, records: Vec<AuditRecord>) -> Result<(), StoreError> {
        self.run_tx("audit.append", move |tx| append(tx, &records)).await
    }

    async fn audit_records(&self, filter: Filter, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.read("audit.list", move |tx| {
            let rows = tx.query(
                "SELECT id, at, kind, actor, subject, client, source, request_id, data, mac, key_id FROM audit_records \
                 WHERE (CAST($1 AS TEXT) IS NULL OR subject = $1) AND (CAST($2 AS TEXT) IS NULL OR client = $2) \
                 AND (CAST($3 AS TEXT) IS NULL OR kind = $3) AND (CAST($4 AS TEXT) IS NULL OR id < $4) \
                 ORDER BY id DESC LIMIT $5",
                params![filter.subject, filter.client, filter.kind, filter.before, limit],
            )?;
            rows.iter().map(record).collect()
        })
        .await
    }
}

fn record(row: &Row) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        id: row.get("id")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        actor: row.get("actor")?,
        subject: row.get("subject")?,
        client: row.get("client")?,
        source: row.get("source")?,
        request_id: row.get("request_id")?,
        data: row.json("data")?,
        mac: row.get("mac")?,
        key_id: row.parse("key_id")?,
    })
}
