use audit::Origin;
use oauth::introspection::ReceivedTokenQuestion;
use oauth::token_text::TokenText;

use super::endpoint::Opened;
use super::exchange::ended_event;
use super::{AuthorizationServer, presented};
use crate::authorisation::{Authorisation, AuthorisationId, AuthorisationState, EndReason};
use crate::client::Client;
use crate::faults::Endpoint;
use crate::outcome::{EndpointError, Reply};
use crate::token_kinds::{AccessToken, KeyedTokenCheck, RefreshToken};

impl AuthorizationServer {
    /// Revocation (RFC 7009). A refresh token ends its authorisation with all its tokens, an older one of the family too;
    /// an access token ends by itself and leaves the refresh token. Whatever else is presented, the answer is success.
    pub async fn revoke(&self, authorization: Option<&str>, body: &[u8], origin: &Origin) -> Reply<()> {
        let opened = match self.open(Endpoint::Revoke, authorization, body).await {
            Ok(opened) => opened,
            Err(fault) => return Reply::Disturbed { fault, behind: None },
        };
        let result = self.answer_revocation(&opened, authorization, origin).await;
        self.close(opened, result, |()| Vec::new()).await
    }

    async fn answer_revocation(
        &self,
        opened: &Opened,
        authorization: Option<&str>,
        origin: &Origin,
    ) -> Result<(), EndpointError> {
        let question = ReceivedTokenQuestion::parse(authorization, opened.readable()?);
        let client = self.authenticate_client(question.client, Endpoint::Revoke, origin).await?;
        let token = question.token?;
        let check = KeyedTokenCheck(&self.ports.keys);
        let now = self.ports.clock.now();
        if let Ok(token) = TokenText::<RefreshToken>::parse(token.expose(), &check) {
            if let Some(authorisation) = self.own_authorisation(&client, token.row).await?
                && matches!(authorisation.state, AuthorisationState::Active(_))
            {
                let record =
                    self.auditor.record(ended_event("refresh_token.revoked", &authorisation, origin));
                let _either_way_over =
                    self.ports.store.end(authorisation.id, EndReason::Revoked, now, vec![record]).await?;
            }
        } else if let Ok(token) = TokenText::<AccessToken>::parse(token.expose(), &check)
            && let Some(authorisation) = self.own_authorisation(&client, token.row).await?
            && let AuthorisationState::Active(tokens) = &authorisation.state
            && presented::access(&self.ports.keys, &token, tokens, &[], now).is_some()
        {
            let record = self.auditor.record(ended_event("access_token.revoked", &authorisation, origin));
            // If the row has moved, a refresh has replaced this access token meanwhile.
            let _gone_either_way =
                self.ports.store.drop_access_token(authorisation.id, tokens.generation, vec![record]).await?;
        }
        Ok(())
    }

    async fn own_authorisation(
        &self,
        client: &Client,
        row: uuid::Uuid,
    ) -> Result<Option<Authorisation>, EndpointError> {
        let loaded = self.ports.store.authorisation(AuthorisationId::from_uuid(row)).await?;
        Ok(loaded
            .map(|loaded| loaded.authorisation)
            .filter(|authorisation| authorisation.client_id == *client.id()))
    }
}
