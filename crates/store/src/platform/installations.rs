use async_trait::async_trait;
use audit::AuditRecord;
use base::{StoreError, Timestamp};
use platform::{Installation, InstallationChange, Installations, Subject};
use serde_json::Value as Json;

use crate::audit::append;
use crate::{Database, Row, params};

const COLUMNS: &str = "id, application_id, subject, status, error_code, metadata, created_at, updated_at";

fn read_installation(row: &Row) -> Result<Installation, StoreError> {
    let metadata = match row.get::<Option<String>>("metadata")? {
        Some(_) => Some(row.json::<Json>("metadata")?),
        None => None,
    };
    Ok(Installation {
        id: row.get("id")?,
        application_id: row.get("application_id")?,
        subject: row.parse("subject")?,
        status: row.parse("status")?,
        error_code: row.parse_opt("error_code")?,
        metadata,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

#[async_trait]
impl Installations for Database {
    async fn add_installation(
        &self,
        installation: &Installation,
        audit: AuditRecord,
    ) -> Result<bool, StoreError> {
        let installation = installation.clone();
        self.run_tx("platform.add_installation", move |tx| {
            let added = tx.execute(
                "INSERT INTO installations (id, application_id, subject, status, error_code, metadata, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (application_id, subject) DO NOTHING",
                params![
                    installation.id,
                    installation.application_id,
                    installation.subject.to_string(),
                    installation.status.as_str(),
                    installation.error_code.map(platform::InstallationErrorCode::as_str),
                    installation.metadata.as_ref().map(ToString::to_string),
                    installation.created_at,
                    installation.updated_at
                ],
            )?;
            if added == 1 {
                append(tx, std::slice::from_ref(&audit))?;
            }
            Ok(added == 1)
        })
        .await
    }

    async fn installation(
        &self,
        application_id: &str,
        subject: Subject,
    ) -> Result<Option<Installation>, StoreError> {
        let application_id = application_id.to_owned();
        self.read("platform.installation", move |tx| {
            let sql =
                format!("SELECT {COLUMNS} FROM installations WHERE application_id = $1 AND subject = $2");
            tx.query_opt(&sql, params![application_id, subject.to_string()])?
                .as_ref()
                .map(read_installation)
                .transpose()
        })
        .await
    }

    async fn installations(&self, subject: Subject) -> Result<Vec<Installation>, StoreError> {
        self.read("platform.installations", move |tx| {
            let sql =
                format!("SELECT {COLUMNS} FROM installations WHERE subject = $1 ORDER BY created_at, id");
            tx.query(&sql, params![subject.to_string()])?.iter().map(read_installation).collect()
        })
        .await
    }

    async fn change_installation(
        &self,
        application_id: &str,
        subject: Subject,
        change: &InstallationChange,
        at: Timestamp,
    ) -> Result<Option<Installation>, StoreError> {
        let (application_id, change) = (application_id.to_owned(), change.clone());
        self.run_tx("platform.change_installation", move |tx| {
            let sql = format!(
                "UPDATE installations SET status = $3, error_code = $4, metadata = coalesce($5, metadata), updated_at = $6 \
                 WHERE application_id = $1 AND subject = $2 RETURNING {COLUMNS}"
            );
            tx.query_opt(
                &sql,
                params![
                    application_id,
                    subject.to_string(),
                    change.status.as_str(),
                    change.error_code.map(platform::InstallationErrorCode::as_str),
                    change.metadata.as_ref().map(ToString::to_string),
                    at
                ],
            )?
            .as_ref()
            .map(read_installation)
            .transpose()
        })
        .await
    }

    async fn remove_installation(
        &self,
        application_id: &str,
        subject: Subject,
        audit: AuditRecord,
    ) -> Result<bool, StoreError> {
        let application_id = application_id.to_owned();
        self.run_tx("platform.remove_installation", move |tx| {
            let removed = tx.execute(
                "DELETE FROM installations WHERE application_id = $1 AND subject = $2",
                params![application_id, subject.to_string()],
            )?;
            if removed == 1 {
                append(tx, std::slice::from_ref(&audit))?;
            }
            Ok(removed == 1)
        })
        .await
    }
}
