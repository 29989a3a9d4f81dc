use audit::Origin;
use oauth::token_request::{Grant, ReceivedTokenRequest};

use super::AuthorizationServer;
use super::endpoint::Opened;
use crate::faults::Endpoint;
use crate::outcome::{EndpointError, Reply, TokenSuccess};

impl AuthorizationServer {
    /// The token endpoint: the value of the `Authorization` header, if there is one, and the form.
    pub async fn token(
        &self,
        authorization: Option<&str>,
        body: &[u8],
        origin: &Origin,
    ) -> Reply<TokenSuccess> {
        let opened = match self.open(Endpoint::Token, authorization, body).await {
            Ok(opened) => opened,
            Err(fault) => return Reply::Disturbed { fault, behind: None },
        };
        let result = self.answer_token(&opened, authorization, origin).await;
        self.close(opened, result, |success| self.token_members(success)).await
    }

    async fn answer_token(
        &self,
        opened: &Opened,
        authorization: Option<&str>,
        origin: &Origin,
    ) -> Result<TokenSuccess, EndpointError> {
        let request = ReceivedTokenRequest::parse(authorization, opened.readable()?);
        let client = self.authenticate_client(request.client, Endpoint::Token, origin).await?;
        let (kind, presented, result) = match request.grant {
            Ok(Grant::AuthorizationCode { code, redirect_uri, verifier }) => {
                let result = self.exchange(&client, &code, redirect_uri.as_deref(), verifier, origin).await;
                ("authorization_code.refused", Some(code), result)
            }
            Ok(Grant::RefreshToken { refresh_token, scope }) => {
                let result = self.refresh(&client, &refresh_token, scope, origin).await;
                ("refresh_token.refused", Some(refresh_token), result)
            }
            Err(refused) => ("grant.refused", None, Err(refused.into())),
        };
        if let Err(error) = &result {
            self.tell_tokens_refused(kind, client.id(), presented.as_ref(), error, origin).await;
        }
        result
    }

    fn token_members(&self, success: &TokenSuccess) -> Vec<(String, String)> {
        let mut members = vec![
            ("access_token".to_owned(), self.fingerprint(success.access_token.expose())),
            ("expires_in".to_owned(), success.expires_in.as_secs().to_string()),
            ("generation".to_owned(), success.generation.to_string()),
        ];
        if let Some(token) = &success.refresh_token {
            members.push(("refresh_token".to_owned(), self.fingerprint(token.expose())));
        }
        members
    }
}
