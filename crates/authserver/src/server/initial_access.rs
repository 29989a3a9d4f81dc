//! Initial access tokens (RFC 7591 section 3): making, listing and withdrawing them, and what one that was presented is.

use std::time::Duration;

use audit::{Actor, AuditEvent, Origin};
use base::{Secret, StoreError};
use oauth::token_text::TokenText;

use super::AuthorizationServer;
use crate::keyed_hash::KeyedHash;
use crate::outcome::ClientError;
use crate::registration::{InitialAccessToken, InitialAccessTokenId, NewInitialAccessToken};
use crate::rules::ClientProblems;
use crate::store::WriteOutcome;
use crate::token_kinds::{InitialAccess, KeyedTokenCheck};

const CONTEXT: &str = "initial access token";
const MAX_NOTE: usize = 100;
const MAX_USES: u32 = 1000;
const MAX_DAYS: u32 = 365;
/// Tokens that are over stay in lists for so long.
const KEPT_IN_LISTS: Duration = Duration::from_hours(30 * 24);

impl AuthorizationServer {
    /// Makes an initial access token; its text is in the answer this once.
    pub async fn create_initial_access_token(
        &self,
        new: NewInitialAccessToken,
        actor: Actor,
        origin: &Origin,
    ) -> Result<(InitialAccessToken, Secret<String>), ClientError> {
        let NewInitialAccessToken { note, pre_approved, uses, days } = new;
        let note = note.trim().to_owned();
        let wrong = if !(1..=MAX_USES).contains(&uses) {
            Some(("uses", format!("it registers 1 to {MAX_USES} clients")))
        } else if !(1..=MAX_DAYS).contains(&days) {
            Some(("days", format!("it works for 1 to {MAX_DAYS} days")))
        } else if note.chars().count() > MAX_NOTE || note.chars().any(char::is_control) {
            Some(("note", format!("it is a line of at most {MAX_NOTE} characters")))
        } else {
            None
        };
        if let Some((field, why)) = wrong {
            return Err(ClientError::Rejected(ClientProblems::one(field, why)));
        }
        let id = InitialAccessTokenId::new(&*self.ports.clock, &*self.ports.entropy);
        let text = TokenText::<InitialAccess>::generate(id.uuid(), 0, &*self.ports.entropy);
        let hash = KeyedHash::make(&self.ports.keys, CONTEXT, id.uuid().as_bytes(), text.secret.expose());
        let now = self.ports.clock.now();
        let event = AuditEvent::new("initial_access_token.created", actor.clone())
            .origin(origin)
            .with("initial_access_token", id)
            .with("pre_approved", pre_approved)
            .with("uses", uses)
            .with("days", days);
        let token = InitialAccessToken {
            id,
            hash,
            note,
            pre_approved,
            uses_left: uses,
            created_by: actor.to_string(),
            created_at: now,
            expires_at: now + Duration::from_hours(24) * days,
            revoked_at: None,
        };
        let audit = vec![self.auditor.record(event)];
        self.ports.store.insert_initial_access_token(token.clone(), audit).await?;
        Ok((token, text.render(&KeyedTokenCheck(&self.ports.keys))))
    }

    /// The initial access tokens that are live or have been over for a month at most, newest first.
    pub async fn initial_access_tokens(&self) -> Result<Vec<InitialAccessToken>, StoreError> {
        let since = self.ports.clock.now() - KEPT_IN_LISTS;
        self.ports.store.initial_access_tokens(since).await
    }

    /// Withdraws an initial access token; false if there is none of that id, or it is withdrawn already. Clients that were
    /// registered with it stay.
    pub async fn revoke_initial_access_token(
        &self,
        id: InitialAccessTokenId,
        actor: Actor,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let event = AuditEvent::new("initial_access_token.revoked", actor)
            .origin(origin)
            .with("initial_access_token", id);
        let audit = vec![self.auditor.record(event)];
        let outcome = self.ports.store.revoke_initial_access_token(id, self.ports.clock.now(), audit).await?;
        Ok(outcome == WriteOutcome::Done)
    }

    /// The live token that a text is. A text with a wrong check is refused without a look at the store.
    pub(super) async fn presented_initial_access(
        &self,
        text: &Secret<String>,
    ) -> Result<Option<InitialAccessToken>, StoreError> {
        let check = KeyedTokenCheck(&self.ports.keys);
        let Ok(text) = TokenText::<InitialAccess>::parse(text.expose(), &check) else { return Ok(None) };
        let id = InitialAccessTokenId::from_uuid(text.row);
        let token = self.ports.store.initial_access_token(id).await?;
        Ok(token.filter(|token| {
            let secret = text.secret.expose();
            token.is_live(self.ports.clock.now())
                && token.hash.matches(&self.ports.keys, CONTEXT, text.row.as_bytes(), secret)
        }))
    }
}
