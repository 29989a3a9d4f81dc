//! Signing in and out, on record.

use std::sync::Arc;

use audit::{Actor, AuditEvent, Ledger, Origin};
use base::{Secret, StoreError};

use super::{Identity, SignInError};
use crate::account::Email;
use crate::session::SignedIn;

impl Identity {
    /// The same people, whose sign-ins are put on record.
    #[must_use]
    pub fn recording(self, ledger: Arc<Ledger>) -> Self {
        Self { ledger: Some(ledger), ..self }
    }

    /// Like [`Identity::sign_in`], on record. What was typed is not: it may be a password in the wrong field.
    pub async fn sign_in_from(
        &self,
        email: &str,
        password: &Secret<String>,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        let outcome = self.sign_in(email, password, &origin.counted_as()).await;
        let Some(ledger) = &self.ledger else { return outcome };
        match &outcome {
            Ok(signed_in) => {
                let id = signed_in.session.account.id.to_string();
                let event = AuditEvent::new("session.started", Actor::User(id.clone())).subject(id);
                ledger.done(event.origin(origin)).await;
            }
            Err(error @ (SignInError::Refused | SignInError::TooManyAttempts { .. })) => {
                let reason = if *error == SignInError::Refused { "refused" } else { "too many attempts" };
                let event = AuditEvent::new("sign_in.refused", Actor::Unknown).origin(origin);
                // Looked for whether there is one or not, so that the time taken does not tell.
                let account = match email.parse::<Email>() {
                    Ok(email) => self.store.account_by_email(&email).await?,
                    Err(_) => None,
                };
                let event = match account {
                    Some(known) => event.subject(known.account.id),
                    None => event,
                };
                ledger.refused(event.with("reason", reason)).await;
            }
            Err(SignInError::Busy | SignInError::Store(_)) => {}
        }
        outcome
    }

    /// Like [`Identity::sign_out`], on record.
    pub async fn sign_out_from(&self, token: &str, origin: &Origin) -> Result<(), StoreError> {
        let session = self.session(token).await?;
        self.sign_out(token).await?;
        if let (Some(ledger), Some(session)) = (&self.ledger, session) {
            let id = session.account.id.to_string();
            ledger
                .done(AuditEvent::new("session.ended", Actor::User(id.clone())).subject(id).origin(origin))
                .await;
        }
        Ok(())
    }
}
