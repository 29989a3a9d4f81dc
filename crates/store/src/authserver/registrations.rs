//! [`authserver::Registrations`] on all databases.

use async_trait::async_trait;
use audit::AuditRecord;
use authserver::{
    Client, ClientId, ClientSelection, InitialAccessToken, InitialAccessTokenId, NewRegistration,
    RegisterOutcome, Registration, RegistrationAccess, RegistrationChange, Registrations, Review,
    WriteOutcome,
};
use base::{StoreError, Timestamp};

use super::clients;
use crate::audit::append;
use crate::{Database, Row, Tx, params};

const COLUMNS: &str = "owner, registered_by, pre_approved, token_generation, token_hash, earlier_generation, \
    earlier_hash, review_approved, review_reason, reviewed_by, reviewed_at, revision, changed_at";

#[async_trait]
impl Registrations for Database {
    async fn register(&self, new: NewRegistration) -> Result<RegisterOutcome, StoreError> {
        self.run_tx("authserver.register", move |tx| {
            if let Some(token) = new.spends {
                let sql = "UPDATE initial_access_tokens SET uses_left = uses_left - 1 \
                           WHERE id = $1 AND uses_left > 0 AND expires_at > $2 AND revoked_at IS NULL";
                if tx.execute(sql, params![token, new.at])? == 0 {
                    return Ok(RegisterOutcome::TokenSpent);
                }
            }
            if clients::one(tx, new.client.id())?.is_some() {
                tx.discard();
                return Ok(RegisterOutcome::Taken);
            }
            clients::put(tx, &new.client)?;
            insert(tx, &new.registration)?;
            append(tx, &new.audit)?;
            Ok(RegisterOutcome::Done)
        })
        .await
    }

    async fn registered_client(
        &self,
        id: &ClientId,
    ) -> Result<Option<(Client, Option<Registration>)>, StoreError> {
        let id = id.clone();
        self.read("authserver.registered_client", move |tx| {
            let Some(client) = clients::one(tx, &id)? else { return Ok(None) };
            Ok(Some((client, one(tx, &id)?)))
        })
        .await
    }

    async fn registered_clients(
        &self,
        selection: ClientSelection,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<(Client, Option<Registration>)>, StoreError> {
        let after = after.cloned();
        self.read("authserver.registered_clients", move |tx| {
            let after = after.as_ref().map(ClientId::as_str);
            let rows = match &selection {
                ClientSelection::AwaitingReview => tx.query(
                    "SELECT client_id FROM clients WHERE state IN ('awaiting_review', 'change_awaiting_review') \
                     AND (CAST($1 AS TEXT) IS NULL OR client_id > $1) ORDER BY client_id LIMIT $2",
                    params![after, limit],
                )?,
                ClientSelection::Owner(owner) => tx.query(
                    "SELECT clients.client_id AS client_id FROM client_registrations \
                     JOIN clients ON clients.client_id = client_registrations.client_id \
                     WHERE owner = $3 AND state <> 'removed' \
                     AND (CAST($1 AS TEXT) IS NULL OR clients.client_id > $1) ORDER BY clients.client_id LIMIT $2",
                    params![after, limit, owner],
                )?,
            };
            let mut found = Vec::with_capacity(rows.len());
            for row in &rows {
                let id = ClientId::new(row.get::<String>("client_id")?);
                if let Some(client) = clients::one(tx, &id)? {
                    found.push((client, one(tx, &id)?));
                }
            }
            Ok(found)
        })
        .await
    }

    async fn change_registration(&self, change: RegistrationChange) -> Result<WriteOutcome, StoreError> {
        self.run_tx("authserver.change_registration", move |tx| {
            if !write_client(tx, &change)? {
                return Ok(WriteOutcome::Moved);
            }
            let written = if change.expected_revision == 0 {
                insert(tx, &change.registration)?
            } else {
                update(tx, &change.registration, change.expected_revision)?
            };
            if written == 0 {
                tx.discard();
                return Ok(WriteOutcome::Moved);
            }
            append(tx, &change.audit)?;
            Ok(WriteOutcome::Done)
        })
        .await
    }

    async fn forget_earlier_registration_token(
        &self,
        id: &ClientId,
        generation: u32,
    ) -> Result<WriteOutcome, StoreError> {
        let id = id.clone();
        self.run_tx("authserver.forget_earlier_registration_token", move |tx| {
            let sql = "UPDATE client_registrations SET earlier_generation = NULL, earlier_hash = NULL \
                       WHERE client_id = $1 AND token_generation = $2 AND earlier_hash IS NOT NULL";
            let done = tx.execute(sql, params![id.as_str(), generation])? == 1;
            Ok(if done { WriteOutcome::Done } else { WriteOutcome::Moved })
        })
        .await
    }

    async fn insert_initial_access_token(
        &self,
        token: InitialAccessToken,
        audit: Vec<AuditRecord>,
    ) -> Result<(), StoreError> {
        self.run_tx("authserver.insert_initial_access_token", move |tx| {
            tx.execute(
                "INSERT INTO initial_access_tokens (id, hash, note, pre_approved, uses_left, created_by, created_at, \
                 expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                params![
                    token.id,
                    token.hash.to_string(),
                    token.note,
                    token.pre_approved,
                    token.uses_left,
                    token.created_by,
                    token.created_at,
                    token.expires_at,
                    token.revoked_at
                ],
            )?;
            append(tx, &audit)
        })
        .await
    }

    async fn initial_access_token(
        &self,
        id: InitialAccessTokenId,
    ) -> Result<Option<InitialAccessToken>, StoreError> {
        self.read("authserver.initial_access_token", move |tx| {
            let sql = "SELECT * FROM initial_access_tokens WHERE id = $1";
            tx.query_opt(sql, params![id])?.as_ref().map(initial_access_token).transpose()
        })
        .await
    }

    async fn initial_access_tokens(&self, since: Timestamp) -> Result<Vec<InitialAccessToken>, StoreError> {
        self.read("authserver.initial_access_tokens", move |tx| {
            let sql = "SELECT * FROM initial_access_tokens WHERE expires_at > $1 ORDER BY id DESC";
            tx.query(sql, params![since])?.iter().map(initial_access_token).collect()
        })
        .await
    }

    async fn revoke_initial_access_token(
        &self,
        id: InitialAccessTokenId,
        at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<WriteOutcome, StoreError> {
        self.run_tx("authserver.revoke_initial_access_token", move |tx| {
            let sql = "UPDATE initial_access_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
            if tx.execute(sql, params![id, at])? == 0 {
                return Ok(WriteOutcome::Moved);
            }
            append(tx, &audit)?;
            Ok(WriteOutcome::Done)
        })
        .await
    }
}

fn one(tx: &mut Tx, id: &ClientId) -> Result<Option<Registration>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM client_registrations WHERE client_id = $1");
    tx.query_opt(&sql, params![id.as_str()])?.map(|row| registration(id, &row)).transpose()
}

/// Writes state and settings, if the state is the one that was read.
fn write_client(tx: &mut Tx, change: &RegistrationChange) -> Result<bool, StoreError> {
    let id = change.registration.client_id.as_str();
    let (from, to) = (change.expected_state.as_str(), change.state.as_str());
    let touched = match &change.spec {
        None => {
            let sql = "UPDATE clients SET state = $3 WHERE client_id = $1 AND state = $2";
            tx.execute(sql, params![id, from, to])?
        }
        Some(spec) => {
            let spec = clients::spec_text(spec)?;
            let sql = "UPDATE clients SET state = $3, spec = $4 WHERE client_id = $1 AND state = $2";
            tx.execute(sql, params![id, from, to, spec])?
        }
    };
    Ok(touched == 1)
}

fn insert(tx: &mut Tx, registration: &Registration) -> Result<usize, StoreError> {
    let sql = format!(
        "INSERT INTO client_registrations (client_id, {COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (client_id) DO NOTHING"
    );
    tx.execute(&sql, &values(registration))
}

fn update(tx: &mut Tx, registration: &Registration, expected: u64) -> Result<usize, StoreError> {
    let mut values = values(registration).to_vec();
    values.extend_from_slice(params![expected]);
    tx.execute(
        "UPDATE client_registrations SET owner = $2, registered_by = $3, pre_approved = $4, token_generation = $5, \
         token_hash = $6, earlier_generation = $7, earlier_hash = $8, review_approved = $9, review_reason = $10, \
         reviewed_by = $11, reviewed_at = $12, revision = $13, changed_at = $14 WHERE client_id = $1 AND revision = $15",
        &values,
    )
}

fn values(registration: &Registration) -> [crate::Value; 14] {
    use crate::ToValue as _;
    let access = registration.access.as_ref();
    let earlier = access.and_then(|access| access.earlier.as_ref());
    let review = registration.review.as_ref();
    [
        registration.client_id.as_str().to_value(),
        registration.owner.to_value(),
        registration.registered_by.to_value(),
        registration.pre_approved.to_value(),
        access.map(|access| access.generation).to_value(),
        access.map(|access| access.hash.to_string()).to_value(),
        earlier.map(|(generation, _)| *generation).to_value(),
        earlier.map(|(_, hash)| hash.to_string()).to_value(),
        review.map(|review| review.approved).to_value(),
        review.and_then(|review| review.reason.clone()).to_value(),
        review.map(|review| review.by.clone()).to_value(),
        review.map(|review| review.at).to_value(),
        registration.revision.to_value(),
        registration.changed_at.to_value(),
    ]
}

fn registration(id: &ClientId, row: &Row) -> Result<Registration, StoreError> {
    let half = || StoreError::Corrupt("a token of a registration has only half of its columns".to_owned());
    let earlier = match (row.get::<Option<u32>>("earlier_generation")?, row.parse_opt("earlier_hash")?) {
        (Some(generation), Some(hash)) => Some((generation, hash)),
        (None, None) => None,
        _ => return Err(half()),
    };
    let access = match (row.get::<Option<u32>>("token_generation")?, row.parse_opt("token_hash")?) {
        (Some(generation), Some(hash)) => Some(RegistrationAccess { generation, hash, earlier }),
        (None, None) => None,
        _ => return Err(half()),
    };
    let review =
        match (row.get::<Option<bool>>("review_approved")?, row.get("reviewed_by")?, row.get("reviewed_at")?)
        {
            (Some(approved), Some(by), Some(at)) => {
                Some(Review { approved, reason: row.get("review_reason")?, by, at })
            }
            _ => None,
        };
    Ok(Registration {
        client_id: id.clone(),
        owner: row.get("owner")?,
        registered_by: row.get("registered_by")?,
        pre_approved: row.get("pre_approved")?,
        access,
        review,
        revision: row.get("revision")?,
        changed_at: row.get("changed_at")?,
    })
}

fn initial_access_token(row: &Row) -> Result<InitialAccessToken, StoreError> {
    Ok(InitialAccessToken {
        id: row.get("id")?,
        hash: row.parse("hash")?,
        note: row.get("note")?,
        pre_approved: row.get("pre_approved")?,
        uses_left: row.get("uses_left")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}
