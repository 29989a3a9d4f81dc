//! What every database keeps about itself, whichever side it is.

use base::StoreError;

use crate::{Database, params};

const CLOCK_OFFSET: &str = "clock_offset_millis";
const ENVIRONMENT: &str = "environment";
const WRITE_PROBE: &str = "write_probe";

impl Database {
    /// By how much the sandbox has moved this side's clock, in milliseconds; 0 if it has not.
    pub async fn clock_offset(&self) -> Result<i64, StoreError> {
        let Some(text) = self.setting(CLOCK_OFFSET).await? else { return Ok(0) };
        text.parse().map_err(|_| StoreError::Corrupt(format!("the setting {CLOCK_OFFSET} is no number")))
    }

    /// Moves this side's clock; every process on the database follows by reading it.
    pub async fn set_clock_offset(&self, millis: i64) -> Result<(), StoreError> {
        self.set_setting("server.set_clock_offset", CLOCK_OFFSET, millis.to_string()).await
    }

    /// The environment in which this side was served first; None if it was not yet.
    pub async fn environment(&self) -> Result<Option<String>, StoreError> {
        self.setting(ENVIRONMENT).await
    }

    /// Notes the environment in which this side is served, unless one was noted before; the one that is noted then.
    pub async fn claim_environment(&self, environment: &str) -> Result<String, StoreError> {
        let (now, environment) = (self.clock.now(), environment.to_owned());
        self.run_tx("server.claim_environment", move |tx| {
            tx.execute(
                "INSERT INTO server_settings (name, value, changed_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
                params![ENVIRONMENT, environment, now],
            )?;
            let sql = "SELECT value FROM server_settings WHERE name = $1";
            tx.query_one(sql, params![ENVIRONMENT])?.get("value")
        })
        .await
    }

    /// Writes and commits, so that a full or read-only disk shows.
    pub async fn probe_writable(&self) -> Result<(), StoreError> {
        let mark = self.clock.now().as_millis().to_string();
        self.set_setting("server.probe_writable", WRITE_PROBE, mark).await
    }

    /// Whether no room has stored anything yet: keys, people, tokens, anything. Only then may new keys be made.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let tables = if self.is_postgres() {
            "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        } else {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
        };
        self.read("server.is_empty", move |tx| {
            for row in tx.query(tables, params![])? {
                let table: String = row.get("name")?;
                // These hold rows from the start; a counter rises only together with a room's own rows.
                if matches!(table.as_str(), "schema_migrations" | "server_settings" | "counters") {
                    continue;
                }
                // A table's name cannot be a parameter; these names are those of our own migrations.
                let sql = format!("SELECT 1 AS found FROM \"{}\" LIMIT 1", table.replace('"', "\"\""));
                if tx.query_opt(&sql, params![])?.is_some() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
    }

    async fn setting(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.read("server.setting", move |tx| {
            let row = tx.query_opt("SELECT value FROM server_settings WHERE name = $1", params![name])?;
            row.map(|row| row.get("value")).transpose()
        })
        .await
    }

    async fn set_setting(
        &self,
        transaction: &'static str,
        name: &'static str,
        value: String,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.run_tx(transaction, move |tx| {
            tx.execute(
                "INSERT INTO server_settings (name, value, changed_at) VALUES ($1, $2, $3)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
                params![name, value, now],
            )
            .map(drop)
        })
        .await
    }
}
