//! The making of tokens: texts for the client, hashes for the row.

use base::{Scope, Secret, StoreError, Timestamp};
use oauth::token_text::{TokenKind, TokenText};
use seal::Place;

use super::AuthorizationServer;
use crate::authorisation::{Authorisation, AuthorisationId, AuthorisationState, IssuedAccess, IssuedRefresh};
use crate::client::ClientSpec;
use crate::keyed_hash::KeyedHash;
use crate::outcome::TokenSuccess;
use crate::store::WriteOutcome;
use crate::token_kinds::{AccessToken, KeyedTokenCheck, RefreshToken};

pub(super) const CODE_CONTEXT: &str = "authorization code";
pub(super) const ACCESS_CONTEXT: &str = "access token";
pub(super) const REFRESH_CONTEXT: &str = "refresh token";

/// A token that was just made: its text, and what the row keeps.
pub(super) struct Made<T> {
    pub(super) text: Secret<String>,
    pub(super) row: T,
}

impl AuthorizationServer {
    fn make<K: TokenKind>(&self, context: &str, id: AuthorisationId, generation: u32) -> Made<KeyedHash> {
        let token = TokenText::<K>::generate(id.uuid(), generation, &*self.ports.entropy);
        let row = KeyedHash::make(&self.ports.keys, context, id.uuid().as_bytes(), token.secret.expose());
        Made { text: token.render(&KeyedTokenCheck(&self.ports.keys)), row }
    }

    pub(super) fn make_access(
        &self,
        spec: &ClientSpec,
        id: AuthorisationId,
        generation: u32,
        now: Timestamp,
        narrowed_scope: Option<Scope>,
    ) -> Made<IssuedAccess> {
        let Made { text, row: hash } = self.make::<AccessToken>(ACCESS_CONTEXT, id, generation);
        Made {
            text,
            row: IssuedAccess { hash, expires_at: now + spec.access_token_lifetime, narrowed_scope },
        }
    }

    pub(super) fn make_refresh(
        &self,
        spec: &ClientSpec,
        id: AuthorisationId,
        generation: u32,
        now: Timestamp,
        absolute_expires_at: Option<Timestamp>,
    ) -> Made<IssuedRefresh> {
        let Made { text, row: hash } = self.make::<RefreshToken>(REFRESH_CONTEXT, id, generation);
        let idle = now + spec.refresh_idle;
        let expires_at = absolute_expires_at.map_or(idle, |end| end.min(idle));
        Made { text, row: IssuedRefresh { generation, hash, issued_at: now, expires_at } }
    }

    /// The outcome of a write of tokens. Where its answer was lost on the way from the database, a look at the row tells: a client
    /// that were sent away with the token it has spent would end its authorisation with the next attempt.
    pub(super) async fn found_out(
        &self,
        id: AuthorisationId,
        generation: u32,
        access: &IssuedAccess,
        written: Result<WriteOutcome, StoreError>,
    ) -> Result<WriteOutcome, StoreError> {
        let Err(StoreError::Unavailable(_)) = &written else { return written };
        let Ok(Some(loaded)) = self.ports.store.authorisation(id).await else { return written };
        match loaded.authorisation.state {
            AuthorisationState::Active(tokens)
                if tokens.generation == generation && tokens.access.as_ref() == Some(access) =>
            {
                metrics::counter!("oauth_lost_writes_found_total").increment(1);
                Ok(WriteOutcome::Done)
            }
            _ => written,
        }
    }

    /// Where the successor's texts are sealed.
    pub(super) fn successor_place(id: AuthorisationId, generation: u32) -> Place {
        Place::new("authorisations", id, "successor", generation.into())
    }
}

/// The answer that carries these tokens.
pub(super) fn success(
    authorisation: &Authorisation,
    generation: u32,
    access: Made<&IssuedAccess>,
    refresh: Option<Made<&IssuedRefresh>>,
    now: Timestamp,
) -> TokenSuccess {
    TokenSuccess {
        access_token: access.text,
        expires_in: access.row.expires_at.since(now),
        refresh_token_expires_in: refresh.as_ref().map(|made| made.row.expires_at.since(now)),
        refresh_token: refresh.map(|made| made.text),
        scope: access.row.narrowed_scope.clone().unwrap_or_else(|| authorisation.scope.clone()),
        authorisation: authorisation.id,
        client_id: authorisation.client_id.clone(),
        subject: authorisation.subject.clone(),
        generation,
    }
}
