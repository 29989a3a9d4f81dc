//! What the sandbox switches need of the platform: taking access away as if the customer had done it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use audit::Origin;
use authserver::{AuthorisationFilter, AuthorisationState, ClientId, KeyedTokenCheck};
use base::{Secret, StoreError};
use oauth::token_text::TokenText;
use platform::{ActError, ApiKey, ApiKeyId, ApiKeyOrigin, ApiKeyText, By, CompanyId, Subject};
use sandbox::{AccessControl, Withdrawal, WithdrawalError};
use seal::Keys;

use crate::wiring::platform::PlatformSide;

/// More authorisations than a client under test has.
const MOST: u32 = 10_000;

/// The platform behind the sandbox switches.
pub(crate) struct PlatformAccess {
    side: PlatformSide,
    keys: Arc<Keys>,
}

impl PlatformAccess {
    /// The switches' view of a platform.
    pub(crate) fn new(side: &PlatformSide) -> Self {
        Self { side: side.clone(), keys: Arc::clone(&side.opened.keys) }
    }

    fn key_id(&self, text: &Secret<String>) -> Option<ApiKeyId> {
        let parsed = TokenText::<ApiKeyText>::parse(text.expose(), &KeyedTokenCheck(&self.keys)).ok()?;
        Some(ApiKeyId::from_uuid(parsed.row))
    }

    async fn live_keys(&self) -> Result<Vec<ApiKey>, WithdrawalError> {
        let keys = self.side.platform.api_keys().await.map_err(|error| refused(&error))?;
        Ok(keys.into_iter().filter(|key| key.revoked_at.is_none()).collect())
    }

    async fn withdraw_client(
        &self,
        client_id: &str,
        company: Option<&str>,
        by: &By,
    ) -> Result<usize, WithdrawalError> {
        let wanted =
            company.map(str::parse::<CompanyId>).transpose().map_err(|_| WithdrawalError::NotFound)?;
        let client = ClientId::new(client_id);
        let filter =
            AuthorisationFilter { client_id: Some(client.clone()), ..AuthorisationFilter::default() };
        let granted = self.side.server.list_authorisations(filter, MOST).await?;
        let live = granted
            .iter()
            .filter(|authorisation| !matches!(authorisation.state, AuthorisationState::Ended { .. }));
        let by_token = live.filter_map(|authorisation| authorisation.subject.parse::<Subject>().ok());
        let by_key = self.live_keys().await?.into_iter().filter(
            |key| matches!(&key.origin, ApiKeyOrigin::Integrated { client_id: of } if of == client_id),
        );
        let all: Vec<Subject> = by_token.chain(by_key.map(|key| key.subject)).collect();
        let meant = |subject: &&Subject| wanted.is_none_or(|company| **subject == Subject::Company(company));
        let ended = all.iter().filter(meant).count();
        for subject in all.iter().filter(meant).map(ToString::to_string).collect::<BTreeSet<_>>() {
            let subject: Subject = subject.parse().map_err(|_| WithdrawalError::NotFound)?;
            let withdrawn = self.side.platform.withdraw_unattended(by, &client, subject).await;
            withdrawn.map_err(|error| refused(&error))?;
        }
        Ok(ended)
    }
}

fn refused(error: &ActError) -> WithdrawalError {
    match error {
        ActError::NotFound { .. } => WithdrawalError::NotFound,
        ActError::Store(error) => WithdrawalError::Store(error.clone()),
        other => WithdrawalError::Store(StoreError::Statement(other.to_string())),
    }
}

#[async_trait]
impl AccessControl for PlatformAccess {
    async fn withdraw(&self, withdrawal: Withdrawal, origin: &Origin) -> Result<usize, WithdrawalError> {
        let by = By::sandbox(origin.clone());
        match withdrawal {
            Withdrawal::Client { client_id, company } => {
                let ended = self.withdraw_client(&client_id, company.as_deref(), &by).await?;
                if ended == 0 { Err(WithdrawalError::NotFound) } else { Ok(ended) }
            }
            Withdrawal::ApiKey(text) => {
                let id = self.key_id(&text).ok_or(WithdrawalError::NotFound)?;
                let revoked = self.side.platform.revoke_api_key_unattended(&by, id).await;
                revoked.map(|()| 1).map_err(|error| refused(&error))
            }
        }
    }

    async fn client_of(&self, credential: &Secret<String>) -> Option<String> {
        let Some(id) = self.key_id(credential) else {
            return self
                .side
                .server
                .authenticate(credential)
                .await
                .ok()
                .map(|access| access.client_id.to_string());
        };
        // A journal that cannot tell who it was is no reason to fail the call.
        match self.side.platform.api_keys().await.ok()?.into_iter().find(|key| key.id == id)?.origin {
            ApiKeyOrigin::Integrated { client_id } => Some(client_id),
            ApiKeyOrigin::Standalone { .. } => Some(id.to_string()),
        }
    }
}
