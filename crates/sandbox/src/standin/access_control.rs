use async_trait::async_trait;
use audit::{Actor, Origin};
use authserver::{AuthorisationFilter, ClientId, EndReason};
use base::{Secret, StoreError};
use identity::AccountId;

use super::{AGREEMENT, Standin, company_subject, person_subject};
use crate::switches::{AccessControl, Withdrawal, WithdrawalError};
use crate::system::Reach;

#[async_trait]
impl AccessControl for Standin {
    async fn withdraw(&self, withdrawal: Withdrawal, origin: &Origin) -> Result<usize, WithdrawalError> {
        let ended = match withdrawal {
            Withdrawal::ApiKey(key) if self.system.token_path.is_none() => {
                usize::from(self.ports.store.end_agreement(&self.token_hash(AGREEMENT, key.expose())).await?)
            }
            Withdrawal::ApiKey(_) => return Err(WithdrawalError::NotOffered),
            Withdrawal::Client { client_id, company } => {
                self.withdraw_client(&client_id, company.as_deref(), origin).await?
            }
        };
        if ended == 0 { Err(WithdrawalError::NotFound) } else { Ok(ended) }
    }

    async fn client_of(&self, credential: &Secret<String>) -> Option<String> {
        if self.system.token_path.is_some() {
            return self
                .ports
                .server
                .authenticate(credential)
                .await
                .ok()
                .map(|access| access.client_id.as_str().to_owned());
        }
        let hash = self.token_hash(AGREEMENT, credential.expose());
        // A journal that cannot tell who it was is no reason to fail the call.
        self.ports.store.agreement(&hash).await.ok().flatten().map(|agreement| agreement.client_id)
    }
}

impl Standin {
    async fn withdraw_client(
        &self,
        client_id: &str,
        company: Option<&str>,
        origin: &Origin,
    ) -> Result<usize, StoreError> {
        let actor = Actor::Sandbox;
        if self.system.token_path.is_none() {
            return self.ports.store.end_agreements(client_id, company).await;
        }
        match (self.system.reach, company) {
            (Reach::One, Some(company)) => {
                self.withdraw_subject(client_id, &company_subject(company), actor, origin).await
            }
            (Reach::One, None) => {
                let filter = AuthorisationFilter {
                    client_id: Some(client_id.into()),
                    ..AuthorisationFilter::default()
                };
                self.end_listed(filter, EndReason::Withdrawn, actor, origin).await
            }
            (Reach::AllOfPerson, company) => {
                let accounts = self.ports.store.disconnect_all(client_id, company).await?;
                for account in &accounts {
                    self.end_if_nothing_is_reached(client_id, *account, actor.clone(), origin).await?;
                }
                Ok(accounts.len())
            }
        }
    }

    /// Ends the grants of a person for a client that reaches no company through them any more (facts 16.2).
    pub(super) async fn end_if_nothing_is_reached(
        &self,
        client_id: &str,
        account: AccountId,
        actor: Actor,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        if self.ports.store.connected(client_id, account).await?.is_empty() {
            self.withdraw_subject(client_id, &person_subject(account), actor, origin).await?;
        }
        Ok(())
    }

    async fn withdraw_subject(
        &self,
        client_id: &str,
        subject: &str,
        actor: Actor,
        origin: &Origin,
    ) -> Result<usize, StoreError> {
        let client_id: ClientId = client_id.into();
        let server = &self.ports.server;
        let ended = server.withdraw(&client_id, subject, EndReason::Withdrawn, actor, origin).await?;
        Ok(usize::try_from(ended).unwrap_or(usize::MAX))
    }

    /// Ends all authorisations that are listed by the filter; how many.
    pub(super) async fn end_listed(
        &self,
        filter: AuthorisationFilter,
        reason: EndReason,
        actor: Actor,
        origin: &Origin,
    ) -> Result<usize, StoreError> {
        const AT_ONCE: u32 = 100;
        let mut filter = filter;
        let mut ended = 0;
        loop {
            let page = self.ports.server.list_authorisations(filter.clone(), AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(ended) };
            filter.after = Some(last.id);
            for authorisation in &page {
                ended += usize::from(
                    self.ports
                        .server
                        .end_authorisation(authorisation.id, reason, actor.clone(), origin)
                        .await?,
                );
            }
        }
    }
}
