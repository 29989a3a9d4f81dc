use std::time::Duration;

use audit::{Actor, AuditEvent, Origin};
use base::{EntropyExt as _, Secret, StoreError};

use super::AuthorizationServer;
use crate::authorisation::EndReason;
use crate::client::{Client, ClientId, ClientSecret, ClientSecretId, ClientSpec, ClientState, SeedSecret};
use crate::outcome::ClientError;
use crate::rules::{ClientProblems, ClientRules};
use crate::store::EndSelection;

/// What client secrets made here begin with, so that a leaked one is recognised.
const SECRET_PREFIX: &str = "mst_cs_";

impl AuthorizationServer {
    /// A client, the removed ones too.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.ports.store.client(id).await
    }

    /// Up to `limit` clients by id, after the given one.
    pub async fn clients(&self, after: Option<&ClientId>, limit: u32) -> Result<Vec<Client>, StoreError> {
        self.ports.store.clients(after, limit).await
    }

    /// Puts a client of a seed in place. Run twice, it changes nothing the second time. Whether anything changed.
    pub async fn upsert_client(
        &self,
        spec: ClientSpec,
        state: ClientState,
        secret: SeedSecret,
        actor: Actor,
    ) -> Result<bool, ClientError> {
        // The file is the operator's own, who may rehearse with clients on this machine in either environment.
        let rules = ClientRules { http_on_loopback: true, ..self.settings.client_rules.clone() };
        rules.check_spec(&spec).map_err(ClientError::Rejected)?;
        let now = self.ports.clock.now();
        let before = self.ports.store.client(&spec.client_id).await?;
        let kept = before.as_ref().map(|client| client.secrets.clone()).unwrap_or_default();
        let secrets = match &secret {
            _ if spec.public => Vec::new(),
            SeedSecret::Keep => kept,
            SeedSecret::First(_) if !kept.is_empty() => kept,
            SeedSecret::First(secret) => vec![self.secret_row(&spec.client_id, secret)],
            SeedSecret::Set(secret) => {
                let live = before.as_ref().is_some_and(|client| self.is_live_secret(client, secret, now));
                if live { kept } else { vec![self.secret_row(&spec.client_id, secret)] }
            }
        };
        let created_at = before.as_ref().map_or(now, |client| client.created_at);
        let client = Client { spec, state, secrets, created_at };
        if before.as_ref() == Some(&client) {
            return Ok(false);
        }
        let event = AuditEvent::new("client.seeded", actor).client(client.id()).with("state", state.as_str());
        let id = client.id().clone();
        self.ports.store.put_client(client, vec![self.auditor.record(event)]).await?;
        self.clients.forget(&id);
        Ok(true)
    }

    /// Whether a client could prove with this secret who it is.
    pub fn has_secret(&self, client: &Client, secret: &Secret<String>) -> bool {
        self.is_live_secret(client, secret, self.ports.clock.now())
    }

    /// Stops a client, or lets it go on. Decisions of a review are [`AuthorizationServer::decide`], removal is
    /// [`AuthorizationServer::remove_client`].
    pub async fn set_client_state(
        &self,
        id: &ClientId,
        state: ClientState,
        actor: Actor,
        origin: &Origin,
    ) -> Result<(), ClientError> {
        let event = AuditEvent::new("client.state_changed", actor).client(id).origin(origin);
        let record = self.auditor.record(event.with("state", state.as_str()));
        let found = self.ports.store.set_client_state(id, state, vec![record]).await?;
        self.clients.forget(id);
        if found { Ok(()) } else { Err(ClientError::Unknown(id.clone())) }
    }

    /// Gives a client a new secret, shown this once. The old ones work for `overlap` more. If they were `compromised`,
    /// they end at once, and with them every authorisation of the client.
    pub async fn rotate_client_secret(
        &self,
        id: &ClientId,
        compromised: bool,
        overlap: Duration,
        actor: Actor,
        origin: &Origin,
    ) -> Result<Secret<String>, ClientError> {
        let client = self.ports.store.client(id).await?.filter(|client| client.state != ClientState::Removed);
        let client = client.ok_or_else(|| ClientError::Unknown(id.clone()))?;
        if client.spec.public {
            return Err(ClientError::Rejected(ClientProblems::one(
                "public",
                "a public client has no secret",
            )));
        }
        let now = self.ports.clock.now();
        let secret = self.generate_secret();
        let row = self.secret_row(id, &secret);
        let others_expire_at = if compromised { now } else { now + overlap };
        let event = AuditEvent::new("client_secret.rotated", actor.clone()).client(id).origin(origin);
        let record = self.auditor.record(event.with("compromised", compromised).with("secret", row.id));
        if !self.ports.store.rotate_client_secret(id, row, others_expire_at, vec![record]).await? {
            return Err(ClientError::Unknown(id.clone()));
        }
        self.clients.forget(id);
        if compromised {
            self.end_all_of(id, EndReason::SecretCompromised, actor, origin).await?;
        }
        Ok(secret)
    }

    /// Removes a client: its tokens and codes are dead, its id answers `invalid_client`. The row stays for the records.
    pub async fn remove_client(
        &self,
        id: &ClientId,
        actor: Actor,
        origin: &Origin,
    ) -> Result<(), ClientError> {
        self.set_client_state(id, ClientState::Removed, actor.clone(), origin).await?;
        self.end_all_of(id, EndReason::ClientRemoved, actor, origin).await?;
        Ok(())
    }

    async fn end_all_of(
        &self,
        id: &ClientId,
        reason: EndReason,
        actor: Actor,
        origin: &Origin,
    ) -> Result<u64, StoreError> {
        let selection = EndSelection { client_id: Some(id.clone()), ..EndSelection::default() };
        let event = AuditEvent::new("authorisation.ended", actor).client(id).origin(origin);
        self.end_selected(selection, reason, event).await
    }

    pub(super) fn generate_secret(&self) -> Secret<String> {
        Secret::new(format!("{SECRET_PREFIX}{}", self.ports.entropy.text::<32>()))
    }

    pub(super) fn secret_row(&self, client_id: &ClientId, secret: &Secret<String>) -> ClientSecret {
        ClientSecret {
            id: ClientSecretId::new(&*self.ports.clock, &*self.ports.entropy),
            hash: self.hash_client_secret(client_id, secret),
            created_at: self.ports.clock.now(),
            expires_at: None,
        }
    }
}
