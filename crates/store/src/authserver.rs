//! [`authserver::Store`] on all databases.

use std::sync::Arc;

use async_trait::async_trait;
use audit::AuditRecord;
use authserver::{
    Authorisation, AuthorisationFilter, AuthorisationId, Client, ClientId, ClientSecret, ClientState,
    EarlierTokens, EndReason, EndSelection, Exchange, LoadedAuthorisation, PresentAccess, Rotate, Store,
    WriteOutcome,
};
use base::{StoreError, Timestamp};

use crate::audit::append;
use crate::{Database, params};

mod access_memory;
mod clients;
mod registrations;
mod rotations;
mod rows;
mod writes;

pub(crate) use access_memory::AccessMemory;

#[async_trait]
impl Store for Database {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let rows = self.look_up("authserver.client", clients::ONE, params![id.as_str()]).await?;
        clients::found(&rows)
    }

    async fn clients(&self, after: Option<&ClientId>, limit: u32) -> Result<Vec<Client>, StoreError> {
        let after = after.cloned();
        self.read("authserver.clients", move |tx| clients::page(tx, after.as_ref(), limit)).await
    }

    async fn put_client(&self, client: Client, audit: Vec<AuditRecord>) -> Result<(), StoreError> {
        self.run_tx("authserver.put_client", move |tx| {
            clients::put(tx, &client)?;
            append(tx, &audit)
        })
        .await
    }

    async fn set_client_state(
        &self,
        id: &ClientId,
        state: ClientState,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        self.run_tx("authserver.set_client_state", move |tx| {
            let sql = "UPDATE clients SET state = $2 WHERE client_id = $1 AND state <> 'removed'";
            if tx.execute(sql, params![id.as_str(), state.as_str()])? == 0 {
                return Ok(false);
            }
            if state == ClientState::Removed {
                tx.execute("DELETE FROM client_logos WHERE client_id = $1", params![id.as_str()])?;
            }
            append(tx, &audit)?;
            Ok(true)
        })
        .await
    }

    async fn rotate_client_secret(
        &self,
        id: &ClientId,
        secret: ClientSecret,
        others_expire_at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        self.run_tx("authserver.rotate_client_secret", move |tx| {
            if !clients::rotate_secret(tx, &id, &secret, others_expire_at)? {
                return Ok(false);
            }
            append(tx, &audit)?;
            Ok(true)
        })
        .await
    }

    async fn insert_authorisation(
        &self,
        authorisation: Authorisation,
        audit: Vec<AuditRecord>,
    ) -> Result<(), StoreError> {
        self.run_tx("authserver.grant", move |tx| {
            writes::insert(tx, &authorisation)?;
            append(tx, &audit)
        })
        .await
    }

    async fn insert_active_authorisations(
        &self,
        authorisations: Vec<Authorisation>,
        audit: Vec<AuditRecord>,
    ) -> Result<(), StoreError> {
        self.run_tx("authserver.insert_active_authorisations", move |tx| {
            authorisations.iter().try_for_each(|authorisation| writes::insert_active(tx, authorisation))?;
            append(tx, &audit)
        })
        .await
    }

    async fn authorisation(&self, id: AuthorisationId) -> Result<Option<LoadedAuthorisation>, StoreError> {
        let found = self.look_up("authserver.authorisation", &rows::LOAD, params![id]).await?;
        found.first().map(rows::loaded).transpose()
    }

    async fn authorisation_in_use(
        &self,
        id: AuthorisationId,
    ) -> Result<Option<LoadedAuthorisation>, StoreError> {
        let Some(memory) = self.accesses() else { return self.authorisation(id).await };
        let ticket = memory.ticket();
        let found =
            self.look_up("authserver.authorisation_in_use", &rows::LOAD_WITH_ROW, params![id]).await?;
        let Some(row) = found.first() else { return Ok(None) };
        let loaded = rows::loaded(row)?;
        if let Some(access) = PresentAccess::of(&loaded) {
            memory.keep(ticket, id, row.get("row_number")?, access);
        }
        Ok(Some(loaded))
    }

    fn remembered(&self, id: AuthorisationId) -> Option<Arc<PresentAccess>> {
        let memory = self.accesses()?;
        let found = memory.find(id);
        if found.look_is_due && !self.look_for_others() {
            memory.look_failed();
        }
        found.access
    }

    async fn earlier_tokens(
        &self,
        id: AuthorisationId,
        now: Timestamp,
    ) -> Result<Vec<EarlierTokens>, StoreError> {
        let sql = "SELECT * FROM earlier_tokens WHERE authorisation_id = $1 AND expires_at > $2 \
                   ORDER BY generation DESC";
        let found = self.look_up("authserver.earlier_tokens", sql, params![id, now]).await?;
        found.iter().map(rows::earlier).collect()
    }

    async fn exchange(&self, exchange: Exchange) -> Result<WriteOutcome, StoreError> {
        self.run_tx("authserver.exchange", move |tx| {
            let done = writes::exchange(tx, &exchange)?;
            outcome(done, || append(tx, &exchange.audit))
        })
        .await
    }

    async fn rotate(&self, rotate: Rotate) -> Result<WriteOutcome, StoreError> {
        let (change, record) = (writes::rotate_values(&rotate), rotations::values(&rotate.log));
        let name = "authserver.rotate";
        let done = if rotate.forget_earlier_refresh || rotate.retire.is_some() {
            self.run_tx(name, move |tx| {
                let done = writes::ROTATE.run(tx, &change, &record)?;
                if done {
                    writes::keep_earlier(tx, &rotate)?;
                }
                Ok(done)
            })
            .await?
        } else {
            self.change_and_record(name, &writes::ROTATE, change, record).await?
        };
        Ok(if done { WriteOutcome::Done } else { WriteOutcome::Moved })
    }

    async fn end(
        &self,
        id: AuthorisationId,
        reason: EndReason,
        at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<WriteOutcome, StoreError> {
        self.run_tx("authserver.end", move |tx| {
            let sql = format!("{} AND id = $3", writes::END);
            let done = tx.execute(&sql, params![reason.as_str(), at, id])? == 1;
            outcome(done, || append(tx, &audit))
        })
        .await
    }

    async fn end_selected(
        &self,
        selection: EndSelection,
        reason: EndReason,
        at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<u64, StoreError> {
        if selection == EndSelection::default() {
            return Err(StoreError::Statement("a selection of nothing would end everything".to_owned()));
        }
        self.run_tx("authserver.end_selected", move |tx| {
            let ended = writes::end_selected(tx, &selection, reason, at)?;
            if ended > 0 {
                append(tx, &audit)?;
            }
            Ok(ended as u64)
        })
        .await
    }

    async fn note_successor_used(
        &self,
        id: AuthorisationId,
        generation: u32,
    ) -> Result<WriteOutcome, StoreError> {
        self.run_tx("authserver.note_successor_used", move |tx| {
            let sql = "UPDATE authorisations SET successor = NULL \
                       WHERE id = $1 AND generation = $2 AND state = 'active' AND successor IS NOT NULL";
            let done = tx.execute(sql, params![id, generation])? == 1;
            outcome(done, || Ok(()))
        })
        .await
    }

    async fn drop_access_token(
        &self,
        id: AuthorisationId,
        generation: u32,
        audit: Vec<AuditRecord>,
    ) -> Result<WriteOutcome, StoreError> {
        self.run_tx("authserver.drop_access_token", move |tx| {
            // The successor's answer can not be given again once half of it is dead.
            let sql = "UPDATE authorisations SET access_hash = NULL, access_expires_at = NULL, access_scope = NULL, \
                       successor = NULL \
                       WHERE id = $1 AND generation = $2 AND state = 'active' AND access_hash IS NOT NULL";
            let done = tx.execute(sql, params![id, generation])? == 1;
            outcome(done, || append(tx, &audit))
        })
        .await
    }

    async fn authorisations(
        &self,
        filter: AuthorisationFilter,
        limit: u32,
    ) -> Result<Vec<Authorisation>, StoreError> {
        self.read("authserver.authorisations", move |tx| {
            let AuthorisationFilter { client_id, subject, granted_by, after } = &filter;
            let mut values = params![*after, limit].to_vec();
            let conditions =
                writes::conditions(client_id.as_ref(), subject.as_deref(), granted_by.as_deref(), &mut values);
            // Said in two ways: the index by client holds none that have ended, and SQLite infers nothing.
            let sql = format!(
                "SELECT {} FROM authorisations WHERE state = 'active' AND state <> 'ended' AND (CAST($1 AS TEXT) IS NULL OR id > $1){conditions} \
                 ORDER BY id LIMIT $2",
                rows::COLUMNS
            );
            tx.query(&sql, &values)?.iter().map(rows::authorisation).collect()
        })
        .await
    }

    async fn set_subject_suspended(
        &self,
        subject: &str,
        suspended: bool,
        at: Timestamp,
        audit: Vec<AuditRecord>,
    ) -> Result<bool, StoreError> {
        let subject = subject.to_owned();
        self.run_tx("authserver.set_subject_suspended", move |tx| {
            let changed = if suspended {
                let sql = "INSERT INTO suspended_subjects (subject, suspended_at) VALUES ($1, $2) \
                           ON CONFLICT (subject) DO NOTHING";
                tx.execute(sql, params![subject, at])?
            } else {
                tx.execute("DELETE FROM suspended_subjects WHERE subject = $1", params![subject])?
            };
            if changed == 1 {
                append(tx, &audit)?;
            }
            Ok(changed == 1)
        })
        .await
    }

    async fn clear_expired(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.run_tx("authserver.clear_expired", move |tx| {
            let codes = tx.execute(
                "DELETE FROM authorisations WHERE state = 'awaiting_exchange' AND code_expires_at < $1",
                params![before],
            )?;
            let earlier = tx.execute("DELETE FROM earlier_tokens WHERE expires_at < $1", params![before])?;
            let secrets = tx.execute("DELETE FROM client_secrets WHERE expires_at < $1", params![before])?;
            Ok((codes + earlier + secrets) as u64)
        })
        .await
    }
}

fn outcome(done: bool, then: impl FnOnce() -> Result<(), StoreError>) -> Result<WriteOutcome, StoreError> {
    if done {
        then()?;
        Ok(WriteOutcome::Done)
    } else {
        Ok(WriteOutcome::Moved)
    }
}
