//! What is refused and so changes nothing is put on record, within bounds. What a client sends in place of an id or a token is not:
//! it may be a secret in the wrong field.

use std::sync::Arc;

use audit::{Actor, AuditEvent, Ledger, Origin};
use base::Secret;
use oauth::Parameters;
use oauth::token_text::TokenText;

use super::AuthorizationServer;
use crate::answer;
use crate::authorisation::AuthorisationId;
use crate::client::ClientId;
use crate::faults::Endpoint;
use crate::outcome::{AuthorizationRefusal, EndpointError};
use crate::token_kinds::{AuthorizationCode, KeyedTokenCheck, RefreshToken};

impl AuthorizationServer {
    /// The same server, whose refusals are put on record.
    #[must_use]
    pub fn recording(mut self, ledger: Arc<Ledger>) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// Somebody could not prove to be a client. `client`: whom they claimed to be, if there is such a client.
    pub(super) async fn tell_client_refused(
        &self,
        client: Option<&str>,
        endpoint: Endpoint,
        reason: &str,
        origin: &Origin,
    ) {
        let Some(ledger) = &self.ledger else { return };
        let mut event =
            AuditEvent::new("client.refused", Actor::Unknown).origin(origin).with("reason", reason);
        event.client = client.map(ToOwned::to_owned);
        ledger.refused(event.with("endpoint", format!("{endpoint:?}").to_lowercase())).await;
    }

    /// A client that has proven who it is did not get tokens. `presented`: the code or refresh token that it showed; what that is of
    /// goes into the record, whosever it is.
    pub(super) async fn tell_tokens_refused(
        &self,
        kind: &'static str,
        client: &ClientId,
        presented: Option<&Secret<String>>,
        error: &EndpointError,
        origin: &Origin,
    ) {
        let Some(ledger) = &self.ledger else { return };
        let EndpointError::Refused(_) = error else { return };
        let refused = answer::as_refusal(error);
        let mut event =
            AuditEvent::new(kind, Actor::Client(client.to_string())).client(client).origin(origin);
        if let Some(id) = presented.and_then(|text| self.authorisation_in(text)) {
            event = event.with("authorisation", id);
            // A database that fails is no reason to have no record.
            event.subject = self.authorisation(id).await.ok().flatten().map(|found| found.subject);
        }
        ledger.refused(event.with("error", &refused.code).with("reason", &refused.description)).await;
    }

    /// Which authorisation a code or refresh token names, if it was made here.
    fn authorisation_in(&self, text: &Secret<String>) -> Option<AuthorisationId> {
        let (text, check) = (text.expose(), KeyedTokenCheck(&self.ports.keys));
        let refresh = TokenText::<RefreshToken>::parse(text, &check).map(|token| token.row);
        let row =
            refresh.or_else(|_| TokenText::<AuthorizationCode>::parse(text, &check).map(|code| code.row));
        row.ok().map(AuthorisationId::from_uuid)
    }

    /// A request for authorisation was refused before a person was asked.
    pub async fn tell_authorization_refused(
        &self,
        query: &str,
        refusal: &AuthorizationRefusal,
        origin: &Origin,
    ) {
        let Some(ledger) = &self.ledger else { return };
        let reason = match refusal {
            AuthorizationRefusal::Page(reason) => reason.to_string(),
            AuthorizationRefusal::Redirect(_) => "the client was told why".to_owned(),
            AuthorizationRefusal::Unavailable(_) | AuthorizationRefusal::Disturbed(_) => return,
        };
        let parameters = Parameters::parse(query).unwrap_or_default();
        let named = parameters.one("client_id").ok().flatten().map(ClientId::new);
        let known = match named {
            Some(id) => {
                self.ports.store.client(&id).await.ok().flatten().map(|client| client.id().to_string())
            }
            None => None,
        };
        let mut event = AuditEvent::new("authorisation.refused", Actor::Unknown).origin(origin);
        event.client = known;
        ledger.refused(event.with("reason", reason)).await;
    }

    /// A person was asked, and said no. They are signed in and decide, so that this is recorded like a consent: always.
    pub(super) async fn tell_denied(&self, client: &ClientId, user: &str, origin: &Origin) {
        let Some(ledger) = &self.ledger else { return };
        let event = AuditEvent::new("authorisation.denied", Actor::User(user.to_owned())).client(client);
        ledger.done(event.origin(origin)).await;
    }
}
