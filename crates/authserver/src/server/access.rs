use std::sync::Arc;

use base::Secret;
use oauth::token_text::TokenText;

use super::{AuthorizationServer, presented};
use crate::authorisation::{AuthorisationId, AuthorisationState, EarlierTokens};
use crate::outcome::{AccessContext, AccessRefusal};
use crate::present_access::PresentAccess;
use crate::store::LoadedAuthorisation;
use crate::token_kinds::{AccessToken, KeyedTokenCheck};

/// What is known where an access token is shown.
pub(super) enum Presented {
    /// It is of the current generation, and nothing stands over the authorisation. Whether it is the right one, and has not expired, is
    /// still to be seen.
    Current(Arc<PresentAccess>),
    /// Anything else.
    Other(Option<Box<LoadedAuthorisation>>),
}

impl AuthorizationServer {
    /// What an access token stands for, for resource servers. A text with a wrong check is refused without a look at the
    /// store. Within a retry window this counts as use of the successor.
    pub async fn authenticate(&self, access_token: &Secret<String>) -> Result<AccessContext, AccessRefusal> {
        let check = KeyedTokenCheck(&self.ports.keys);
        let token = TokenText::<AccessToken>::parse(access_token.expose(), &check)
            .map_err(|_| AccessRefusal::Invalid)?;
        let id = AuthorisationId::from_uuid(token.row);
        let loaded = match self.present(id, token.generation).await? {
            Presented::Current(present) => return self.admit(&token, id, &present).await,
            Presented::Other(loaded) => *loaded.ok_or(AccessRefusal::Invalid)?,
        };
        let earlier = self.earlier_for(&loaded, token.generation).await?;
        let LoadedAuthorisation { authorisation, client_state, subject_suspended } = loaded;
        let AuthorisationState::Active(tokens) = &authorisation.state else {
            return Err(AccessRefusal::Invalid);
        };
        if !client_state.serves() || subject_suspended {
            return Err(AccessRefusal::Invalid);
        }
        // The current one was looked at above, so that this is one that still works beside it, or none.
        let live = presented::access(&self.ports.keys, &token, tokens, &earlier, self.ports.clock.now())
            .ok_or(AccessRefusal::Invalid)?;
        Ok(AccessContext {
            scope: live.scope(&authorisation.scope),
            expires_at: live.access.expires_at,
            client_id: authorisation.client_id,
            subject: authorisation.subject,
            granted_by: authorisation.granted_by,
            authorisation: id,
            generation: token.generation,
        })
    }

    /// Whom a token of the current generation lets in.
    async fn admit(
        &self,
        token: &TokenText<AccessToken>,
        id: AuthorisationId,
        present: &PresentAccess,
    ) -> Result<AccessContext, AccessRefusal> {
        if !presented::is_live(&self.ports.keys, token, &present.access, self.ports.clock.now()) {
            return Err(AccessRefusal::Invalid);
        }
        if present.is_kept_for_retry {
            // Before anything is answered: from here on the old refresh token counts as replayed. If the row has moved
            // meanwhile, there is nothing left to note.
            let _noted_or_moved = self.ports.store.note_successor_used(id, present.generation).await?;
        }
        Ok(AccessContext {
            scope: presented::scope_of(&present.access, &present.scope),
            expires_at: present.access.expires_at,
            client_id: present.client_id.clone(),
            subject: present.subject.to_string(),
            granted_by: present.granted_by.to_string(),
            authorisation: id,
            generation: present.generation,
        })
    }

    /// What the store knows of an authorisation whose access token of this generation is shown: from memory, where it may be.
    pub(super) async fn present(
        &self,
        id: AuthorisationId,
        generation: u32,
    ) -> Result<Presented, base::StoreError> {
        let is_current = |present: &PresentAccess| present.generation == generation;
        if let Some(present) = self.ports.store.remembered(id).filter(|present| is_current(present)) {
            return Ok(Presented::Current(present));
        }
        let loaded = self.ports.store.authorisation_in_use(id).await?;
        let present = loaded.as_ref().and_then(PresentAccess::of).filter(is_current);
        Ok(match present {
            Some(present) => Presented::Current(Arc::new(present)),
            None => Presented::Other(loaded.map(Box::new)),
        })
    }

    /// The earlier tokens of an authorisation, if a token of this generation can only be one of them.
    pub(super) async fn earlier_for(
        &self,
        loaded: &LoadedAuthorisation,
        generation: u32,
    ) -> Result<Vec<EarlierTokens>, base::StoreError> {
        let AuthorisationState::Active(tokens) = &loaded.authorisation.state else { return Ok(Vec::new()) };
        // Only stand-ins have such rows; the platform does not pay for the look-up as long as its tokens are current.
        if generation >= tokens.generation {
            return Ok(Vec::new());
        }
        self.ports.store.earlier_tokens(loaded.authorisation.id, self.ports.clock.now()).await
    }
}
