use audit::{Actor, AuditEvent, Origin};
use base::StoreError;

use super::AuthorizationServer;
use crate::authorisation::{Authorisation, AuthorisationId, EndReason};
use crate::client::ClientId;
use crate::store::{AuthorisationFilter, EndSelection, WriteOutcome};

impl AuthorizationServer {
    /// Ends everything a client holds over a subject: consent withdrawn, or the client uninstalled. How many.
    pub async fn withdraw(
        &self,
        client_id: &ClientId,
        subject: &str,
        reason: EndReason,
        actor: Actor,
        origin: &Origin,
    ) -> Result<u64, StoreError> {
        let event = AuditEvent::new("authorisation.withdrawn", actor).client(client_id).subject(subject);
        let selection = EndSelection {
            client_id: Some(client_id.clone()),
            subject: Some(subject.to_owned()),
            granted_by: None,
        };
        self.end_selected(selection, reason, event.origin(origin)).await
    }

    /// Ends what a user consented to, because the user was disabled. How many.
    pub async fn end_given_by(&self, user: &str, actor: Actor, origin: &Origin) -> Result<u64, StoreError> {
        let event = AuditEvent::new("authorisation.ended", actor).with("granted_by", user);
        let selection = EndSelection { granted_by: Some(user.to_owned()), ..EndSelection::default() };
        self.end_selected(selection, EndReason::UserDisabled, event.origin(origin)).await
    }

    /// Ends one authorisation; false if it was over already.
    pub async fn end_authorisation(
        &self,
        id: AuthorisationId,
        reason: EndReason,
        actor: Actor,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let event = AuditEvent::new("authorisation.ended", actor).origin(origin);
        let record = self.auditor.record(event.with("authorisation", id).with("reason", reason.as_str()));
        let outcome = self.ports.store.end(id, reason, self.ports.clock.now(), vec![record]).await?;
        Ok(outcome == WriteOutcome::Done)
    }

    pub(super) async fn end_selected(
        &self,
        selection: EndSelection,
        reason: EndReason,
        event: AuditEvent,
    ) -> Result<u64, StoreError> {
        let record = self.auditor.record(event.with("reason", reason.as_str()));
        self.ports.store.end_selected(selection, reason, self.ports.clock.now(), vec![record]).await
    }

    /// The active authorisations that match, up to `limit`, by id.
    pub async fn list_authorisations(
        &self,
        filter: AuthorisationFilter,
        limit: u32,
    ) -> Result<Vec<Authorisation>, StoreError> {
        self.ports.store.authorisations(filter, limit).await
    }

    /// One authorisation, whatever its state.
    pub async fn authorisation(&self, id: AuthorisationId) -> Result<Option<Authorisation>, StoreError> {
        Ok(self.ports.store.authorisation(id).await?.map(|loaded| loaded.authorisation))
    }

    /// Stops everything over a subject until it is resumed; nothing is ended. Whether that changed anything.
    pub async fn set_subject_suspended(
        &self,
        subject: &str,
        suspended: bool,
        actor: Actor,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let kind = if suspended { "subject.suspended" } else { "subject.resumed" };
        let record = self.auditor.record(AuditEvent::new(kind, actor).subject(subject).origin(origin));
        self.ports.store.set_subject_suspended(subject, suspended, self.ports.clock.now(), vec![record]).await
    }

    /// Clears away what can no longer matter; to be called now and then. How many rows.
    pub async fn clear_expired(&self) -> Result<u64, StoreError> {
        self.ports.store.clear_expired(self.ports.clock.now()).await
    }
}
