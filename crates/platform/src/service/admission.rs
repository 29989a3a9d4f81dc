//! What stands before every call of the resource APIs: who calls, how often, and a record of each use that is denied.

use audit::{Actor, AuditEvent, Origin};
use authserver::{AccessToken, AuthorisationId, KeyedTokenCheck};
use oauth::token_text::TokenText;

use crate::{ApiError, ApiKeyId, ApiKeyText, AuthMethod, By, Caller, Platform, Presented};

impl Platform {
    /// Like [`Platform::authenticate`], within the limits, and a denied use is put on record.
    pub async fn admit(&self, presented: &Presented, origin: &Origin) -> Result<Caller, ApiError> {
        let (caller, credential) = match self.find_caller(presented).await {
            Ok(found) => found,
            Err(error) => {
                if error == ApiError::InvalidCredential {
                    self.tell_dead_credential(presented, origin).await?;
                }
                return Err(error);
            }
        };
        let monotonic = self.clock.monotonic();
        match self.limits.as_ref().map(|limits| limits.admit(credential, caller.subject, monotonic)) {
            None | Some(Ok(())) => Ok(caller),
            Some(Err(pause)) => {
                self.tell_denied_call(&caller, "too many calls", origin).await;
                Err(ApiError::TooManyCalls { pause })
            }
        }
    }

    /// Puts on record that a call with a good credential was denied.
    pub async fn tell_denied_call(&self, caller: &Caller, reason: &str, origin: &Origin) {
        let Some(ledger) = &self.ledger else { return };
        let kind = match caller.method {
            AuthMethod::ApiKey => "api_key.refused",
            AuthMethod::OAuth2 => "access_token.refused",
        };
        let by = By::caller(caller, origin.clone());
        let mut event = AuditEvent::new(kind, by.actor).subject(caller.subject).origin(&by.origin);
        if caller.method == AuthMethod::OAuth2 {
            event = event.client(&caller.application_id);
        }
        if let Some(key) = caller.api_key {
            event = event.with("key", key);
        }
        ledger.refused(event.with("reason", reason)).await;
    }

    /// Puts on record that a key or token that was made here was presented and is not good (any more). A text that was never one of
    /// ours is nobody's, and is only refused.
    async fn tell_dead_credential(&self, presented: &Presented, origin: &Origin) -> Result<(), ApiError> {
        let Some(ledger) = &self.ledger else { return Ok(()) };
        let check = KeyedTokenCheck(&self.keys);
        let event = match presented {
            Presented::ApiKey(text) => {
                let Ok(token) = TokenText::<ApiKeyText>::parse(text.expose(), &check) else { return Ok(()) };
                let id = ApiKeyId::from_uuid(token.row);
                let event = AuditEvent::new("api_key.refused", Actor::Unknown).with("key", id);
                match self.store.api_key(id).await? {
                    Some(stored) => event.subject(stored.key.subject),
                    None => event,
                }
            }
            Presented::AccessToken(text) => {
                let Ok(token) = TokenText::<AccessToken>::parse(text.expose(), &check) else { return Ok(()) };
                let id = AuthorisationId::from_uuid(token.row);
                let event = AuditEvent::new("access_token.refused", Actor::Unknown)
                    .with("authorisation", id)
                    .with("generation", token.generation);
                match self.server.authorisation(id).await? {
                    Some(found) => event.subject(found.subject).client(found.client_id),
                    None => event,
                }
            }
        };
        ledger.refused(event.origin(origin).with("reason", "not valid")).await;
        Ok(())
    }
}
