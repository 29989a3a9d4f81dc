use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base::{Secret, StoreError};
use providers::{Catalogue, EndpointError, Overrides, ProviderId, Side};
use refresh::ProviderAccess;
use seal::Sealer;

use crate::{ClientSecret, OAuthClient, Store};

/// The providers as this deployment uses them, and the integration's own clients there.
pub struct Directory {
    providers: BTreeMap<String, Arc<ProviderAccess>>,
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
}

impl Directory {
    /// Each provider of the catalogue with the addresses that configuration gives it.
    pub fn new(
        catalogue: &Catalogue,
        overrides: &BTreeMap<ProviderId, Overrides>,
        store: Arc<dyn Store>,
        sealer: Arc<Sealer>,
    ) -> Result<Self, EndpointError> {
        let none = Overrides::default();
        let providers = catalogue
            .iter()
            .map(|provider| {
                let overrides = overrides.get(&provider.id).unwrap_or(&none);
                let endpoints = provider.endpoints(overrides)?;
                let mut provider = provider.clone();
                if let (Some(oauth), Some(scopes)) = (&mut provider.oauth, &overrides.scopes) {
                    oauth.scopes = scopes.clone();
                }
                Ok((provider.id.to_string(), Arc::new(ProviderAccess { provider, endpoints })))
            })
            .collect::<Result<_, EndpointError>>()?;
        Ok(Self { providers, store, sealer })
    }

    /// A provider by its id.
    pub fn get(&self, id: &str) -> Option<&Arc<ProviderAccess>> {
        self.providers.get(id)
    }

    /// Pleo.
    pub fn platform(&self) -> Option<&Arc<ProviderAccess>> {
        self.get(ProviderId::pleo().as_str())
    }

    /// An accounting system by its id.
    pub fn accounting(&self, id: &str) -> Option<&Arc<ProviderAccess>> {
        self.get(id).filter(|access| access.provider.side == Side::Accounting)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ProviderAccess>> {
        self.providers.values()
    }

    /// The name people know a provider by; its id where it has left the catalogue.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.get(id).map_or(id, |access| &access.provider.name)
    }

    /// The integration's own client at a provider, in the environment in force.
    pub async fn client(&self, access: &ProviderAccess) -> Result<Option<OAuthClient>, StoreError> {
        self.store.oauth_client(access.provider.id.as_str(), &access.endpoints.environment).await
    }

    /// The live secrets of a client, newest first.
    pub fn open_secrets(&self, client: &OAuthClient) -> Result<Vec<Secret<String>>, StoreError> {
        client.secrets.iter().map(|secret| self.open(secret)).collect()
    }

    fn open(&self, secret: &ClientSecret) -> Result<Secret<String>, StoreError> {
        let corrupt = |why: String| StoreError::Corrupt(format!("the client secret {}: {why}", secret.id));
        let opened = self
            .sealer
            .open(&ClientSecret::place(secret.id), &secret.sealed)
            .map_err(|error| corrupt(error.to_string()))?;
        let text = std::str::from_utf8(opened.expose()).map_err(|error| corrupt(error.to_string()))?;
        Ok(Secret::new(text.to_owned()))
    }
}

#[async_trait]
impl refresh::Directory for Directory {
    fn provider(&self, id: &str) -> Option<Arc<ProviderAccess>> {
        self.get(id).cloned()
    }

    async fn client_secrets(
        &self,
        provider: &str,
        client_id: &str,
    ) -> Result<Vec<Secret<String>>, StoreError> {
        let Some(access) = self.get(provider) else { return Ok(Vec::new()) };
        match self.client(access).await? {
            Some(client) if client.client_id == client_id => self.open_secrets(&client),
            _ => Ok(Vec::new()),
        }
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("providers", &self.providers.keys()).finish_non_exhaustive()
    }
}
