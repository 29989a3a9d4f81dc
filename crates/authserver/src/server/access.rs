use base::Secret;
use oauth::token_text::TokenText;

use super::{AuthorizationServer, presented};
use crate::authorisation::{AuthorisationId, AuthorisationState, EarlierTokens};
use crate::outcome::{AccessContext, AccessRefusal};
use crate::store::LoadedAuthorisation;
use crate::token_kinds::{AccessToken, KeyedTokenCheck};

impl AuthorizationServer {
    /// What an access token stands for, for resource servers. A text with a wrong check is refused without a look at the
    /// store. Within a retry window this counts as use of the successor.
    pub async fn authenticate(&self, access_token: &Secret<String>) -> Result<AccessContext, AccessRefusal> {
        let check = KeyedTokenCheck(&self.ports.keys);
        let token = TokenText::<AccessToken>::parse(access_token.expose(), &check)
            .map_err(|_| AccessRefusal::Invalid)?;
        let id = AuthorisationId::from_uuid(token.row);
        let loaded = self.ports.store.authorisation(id).await?.ok_or(AccessRefusal::Invalid)?;
        let earlier = self.earlier_for(&loaded, token.generation).await?;
        let LoadedAuthorisation { authorisation, client_state, subject_suspended } = loaded;
        let AuthorisationState::Active(tokens) = &authorisation.state else {
            return Err(AccessRefusal::Invalid);
        };
        if !client_state.serves() || subject_suspended {
            return Err(AccessRefusal::Invalid);
        }
        let live = presented::access(&self.ports.keys, &token, tokens, &earlier, self.ports.clock.now())
            .ok_or(AccessRefusal::Invalid)?;
        if live.is_current && tokens.predecessor.as_ref().is_some_and(|before| before.successor.is_some()) {
            // Before anything is answered: from here on the old refresh token counts as replayed. If the row has moved
            // meanwhile, there is nothing left to note.
            let _noted_or_moved = self.ports.store.note_successor_used(id, tokens.generation).await?;
        }
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
