//! [`audit::Store`] on all databases, and the appending that other rooms' acts do in their own transactions.

use async_trait::async_trait;
use audit::{AuditId, AuditRecord, Block, ExportFilter, Filter, SealOutcome, Store};
use base::StoreError;

use crate::{Database, Row, Tx, params};

/// Appends records in the transaction of the act they tell of.
pub(crate) fn append(tx: &mut Tx, records: &[AuditRecord]) -> Result<(), StoreError> {
    for record in records {
        let data = serde_json::to_string(&record.data)
            .map_err(|error| StoreError::Statement(format!("audit data that are no JSON: {error}")))?;
        let inserted = tx.execute(
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
        if inserted != 1 {
            // A rule or trigger in the database that swallows records must not let the act through without them.
            return Err(StoreError::Statement("the database did not take an audit record".to_owned()));
        }
    }
    Ok(())
}

const COLUMNS: &str = "id, at, kind, actor, subject, client, source, request_id, data, mac, key_id";
const BLOCK_COLUMNS: &str = "number, first_position, record_count, sealed_at, mac, key_id";

#[async_trait]
impl Store for Database {
    async fn append_audit(&self, records: Vec<AuditRecord>) -> Result<(), StoreError> {
        self.run_tx("audit.append", move |tx| append(tx, &records)).await
    }

    async fn audit_records(&self, filter: Filter, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.read("audit.list", move |tx| {
            let rows = tx.query(
                &format!(
                    "SELECT {COLUMNS} FROM audit_records \
                     WHERE (CAST($1 AS TEXT) IS NULL OR subject = $1) AND (CAST($2 AS TEXT) IS NULL OR client = $2) \
                     AND (CAST($3 AS TEXT) IS NULL OR kind = $3) AND (CAST($4 AS TEXT) IS NULL OR id < $4) \
                     AND (CAST($5 AS TEXT) IS NULL OR actor = $5) ORDER BY id DESC LIMIT $6"
                ),
                params![filter.subject, filter.client, filter.kind, filter.before, filter.actor, limit],
            )?;
            rows.iter().map(record).collect()
        })
        .await
    }

    async fn export_audit(&self, filter: ExportFilter, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.read("audit.export", move |tx| {
            let sql = format!(
                "SELECT {COLUMNS} FROM audit_records \
                 WHERE (CAST($1 AS BIGINT) IS NULL OR at >= $1) AND (CAST($2 AS BIGINT) IS NULL OR at < $2) \
                 AND (CAST($3 AS TEXT) IS NULL OR kind = $3) AND (CAST($4 AS TEXT) IS NULL OR id > $4) \
                 ORDER BY id LIMIT $5"
            );
            let rows =
                tx.query(&sql, params![filter.from, filter.until, filter.kind, filter.after, limit])?;
            rows.iter().map(record).collect()
        })
        .await
    }

    async fn unsealed_audit(
        &self,
        after: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.read("audit.unsealed", move |tx| {
            let sql = format!(
                "SELECT {COLUMNS} FROM audit_records \
                 WHERE position IS NULL AND (CAST($1 AS TEXT) IS NULL OR id > $1) ORDER BY id LIMIT $2"
            );
            tx.query(&sql, params![after, limit])?.iter().map(record).collect()
        })
        .await
    }

    async fn audit_block(&self, number: Option<u64>) -> Result<Option<Block>, StoreError> {
        self.read("audit.block", move |tx| {
            let sql = format!(
                "SELECT {BLOCK_COLUMNS} FROM audit_blocks WHERE (CAST($1 AS BIGINT) IS NULL OR number = $1) \
                 ORDER BY number DESC LIMIT 1"
            );
            tx.query_opt(&sql, params![number])?.as_ref().map(block).transpose()
        })
        .await
    }

    async fn audit_blocks(&self, after: u64, limit: u32) -> Result<Vec<Block>, StoreError> {
        self.read("audit.blocks", move |tx| {
            let sql = format!(
                "SELECT {BLOCK_COLUMNS} FROM audit_blocks WHERE number > $1 ORDER BY number LIMIT $2"
            );
            tx.query(&sql, params![after, limit])?.iter().map(block).collect()
        })
        .await
    }

    async fn sealed_audit(&self, first: u64, limit: u32) -> Result<Vec<(u64, AuditRecord)>, StoreError> {
        self.read("audit.sealed", move |tx| {
            let sql = format!(
                "SELECT position, {COLUMNS} FROM audit_records WHERE position >= $1 ORDER BY position LIMIT $2"
            );
            let rows = tx.query(&sql, params![first, limit])?;
            rows.iter().map(|row| Ok((row.get("position")?, record(row)?))).collect()
        })
        .await
    }

    async fn seal_audit(&self, block: &Block, records: Vec<AuditId>) -> Result<SealOutcome, StoreError> {
        let block = block.clone();
        self.run_tx("audit.seal", move |tx| {
            let sql = format!(
                "INSERT INTO audit_blocks ({BLOCK_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (number) DO NOTHING"
            );
            let key_id = block.key_id.as_str();
            let values = params![block.number, block.first, block.count, block.sealed_at, block.mac, key_id];
            if tx.execute(&sql, values)? == 0 {
                return Ok(SealOutcome::Moved);
            }
            for (id, position) in records.iter().zip(block.first..) {
                let sql = "UPDATE audit_records SET position = $2 WHERE id = $1 AND position IS NULL";
                if tx.execute(sql, params![*id, position])? == 0 {
                    tx.discard();
                    return Ok(SealOutcome::Moved);
                }
            }
            Ok(SealOutcome::Sealed)
        })
        .await
    }
}

fn block(row: &Row) -> Result<Block, StoreError> {
    Ok(Block {
        number: row.get("number")?,
        first: row.get("first_position")?,
        count: row.get("record_count")?,
        sealed_at: row.get("sealed_at")?,
        mac: row.get("mac")?,
        key_id: row.parse("key_id")?,
    })
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
