//! Which migrations a database still needs, and whether it may be used at all.

use base::{StoreError, Timestamp};

use crate::migrations::Migration;
use crate::open_error::OpenError;
use crate::params;
use crate::tx::Tx;

/// Where it is noted what was applied.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    number BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL
);";

/// A row of that table.
#[derive(Debug, Clone)]
pub(crate) struct AppliedMigration {
    number: i64,
    name: String,
    checksum: String,
}

impl AppliedMigration {
    pub(crate) fn all(tx: &mut Tx) -> Result<Vec<Self>, StoreError> {
        tx.query("SELECT number, name, checksum FROM schema_migrations ORDER BY number", &[])?
            .iter()
            .map(|row| Ok(Self { number: row.get(0)?, name: row.get(1)?, checksum: row.get(2)? }))
            .collect()
    }
}

/// What is to be applied, in order.
pub(crate) fn missing<'a>(
    migrations: &'a [Migration],
    applied: &[AppliedMigration],
) -> Result<&'a [Migration], OpenError> {
    let known = migrations.last().map_or(0, |migration| migration.number);
    if let Some(newer) = applied.iter().rfind(|applied| applied.number > known) {
        return Err(OpenError::NewerVersion { found: newer.number, name: newer.name.clone(), known });
    }
    for (migration, applied) in migrations.iter().zip(applied) {
        if applied.number != migration.number || applied.checksum != checksum(migration.sql) {
            return Err(OpenError::OtherText { number: applied.number, name: applied.name.clone() });
        }
    }
    Ok(&migrations[applied.len()..])
}

/// Notes that a migration was applied, in the same transaction.
pub(crate) fn note(tx: &mut Tx, migration: &Migration, now: Timestamp) -> Result<(), StoreError> {
    let Migration { number, name, sql } = *migration;
    tx.execute(
        "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
        params![number, name, checksum(sql), now],
    )
    .map(drop)
}

/// SHA-256 of the text, in hex.
fn checksum(sql: &str) -> String {
    use std::fmt::Write as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, sql.as_bytes());
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes all that is written to it");
        hex
    })
}

#[cfg(test)]
mod tests;
