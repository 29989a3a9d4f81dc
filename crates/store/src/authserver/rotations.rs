//! The log of refreshes.

use std::collections::BTreeMap;

use async_trait::async_trait;
use audit::{Rotation, RotationGap, RotationStore};
use base::StoreError;

use crate::{Database, Row, Side, Value, params};

/// Adds a row; `$1` and so on are [`values`].
pub(super) const INSERT: &str = "INSERT INTO rotations (at, authorisation_id, generation, client, subject, source, request_id, mac, key_id) \
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 {if_changed}";

pub(super) fn values(rotation: &Rotation) -> Vec<Value> {
    params![
        rotation.at,
        rotation.authorisation,
        rotation.generation,
        rotation.client,
        rotation.subject,
        rotation.source,
        rotation.request_id,
        rotation.mac,
        rotation.key_id.as_str()
    ]
    .to_vec()
}

#[async_trait]
impl RotationStore for Database {
    async fn rotations(&self, after: Option<Rotation>, limit: u32) -> Result<Vec<Rotation>, StoreError> {
        if self.side() == Side::Connect {
            return Ok(Vec::new());
        }
        self.read("audit.rotations", move |tx| {
            let after = after.as_ref();
            let rows = tx.query(
                "SELECT at, authorisation_id, generation, client, subject, source, request_id, mac, key_id FROM rotations \
                 WHERE CAST($1 AS BIGINT) IS NULL OR (at, authorisation_id, generation) > ($1, $2, $3) \
                 ORDER BY at, authorisation_id, generation LIMIT $4",
                params![
                    after.map(|rotation| rotation.at),
                    after.map(|rotation| rotation.authorisation.as_str()),
                    after.map(|rotation| rotation.generation),
                    limit
                ],
            )?;
            rows.iter().map(rotation).collect()
        })
        .await
    }

    async fn rotation_gap(&self) -> Result<Option<RotationGap>, StoreError> {
        if self.side() == Side::Connect {
            return Ok(None);
        }
        self.read("audit.rotation_gap", |tx| {
            // The first generation comes from an exchange, 0 from before it.
            let row = tx.query_opt(
                "SELECT id, expected, found FROM \
                 (SELECT authorisations.id AS id, \
                  CASE WHEN authorisations.generation > 1 THEN authorisations.generation - 1 ELSE 0 END AS expected, \
                  coalesce(logged.found, 0) AS found \
                  FROM authorisations LEFT JOIN \
                  (SELECT authorisation_id, count(*) AS found FROM rotations GROUP BY authorisation_id) AS logged \
                  ON logged.authorisation_id = authorisations.id \
                  UNION ALL SELECT authorisation_id, 0, count(*) FROM rotations \
                  WHERE NOT EXISTS (SELECT 1 FROM authorisations WHERE authorisations.id = rotations.authorisation_id) \
                  GROUP BY authorisation_id) AS compared \
                 WHERE expected <> found ORDER BY id LIMIT 1",
                params![],
            )?;
            let gap = |row: Row| {
                Ok(RotationGap {
                    authorisation: row.get("id")?,
                    expected: row.get("expected")?,
                    found: row.get("found")?,
                })
            };
            row.map(gap).transpose()
        })
        .await
    }

    async fn generations(&self, authorisations: Vec<String>) -> Result<BTreeMap<String, u64>, StoreError> {
        self.read("audit.generations", move |tx| {
            let numbers: Vec<String> =
                (1..=authorisations.len()).map(|number| format!("${number}")).collect();
            let sql =
                format!("SELECT id, generation FROM authorisations WHERE id IN ({})", numbers.join(", "));
            let ids: Vec<Value> = authorisations.iter().cloned().map(Value::Text).collect();
            tx.query(&sql, &ids)?.iter().map(|row| Ok((row.get("id")?, row.get("generation")?))).collect()
        })
        .await
    }
}

fn rotation(row: &Row) -> Result<Rotation, StoreError> {
    Ok(Rotation {
        at: row.get("at")?,
        authorisation: row.get("authorisation_id")?,
        generation: row.get("generation")?,
        client: row.get("client")?,
        subject: row.get("subject")?,
        source: row.get("source")?,
        request_id: row.get("request_id")?,
        mac: row.get("mac")?,
        key_id: row.parse("key_id")?,
    })
}
