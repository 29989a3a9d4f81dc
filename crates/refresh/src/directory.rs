use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base::{Secret, StoreError};
use providers::{Endpoints, OAuthRules, Provider, Rotation};

/// A provider's rules with the addresses in force.
#[derive(Debug)]
pub struct ProviderAccess {
    /// The catalogue's entry.
    pub provider: Provider,
    /// The addresses in force.
    pub endpoints: Endpoints,
}

impl ProviderAccess {
    /// The rules that rotation needs; `None` where only static keys exist.
    pub fn rotating(&self) -> Option<(&OAuthRules, &Rotation)> {
        self.provider.oauth.as_ref().zip(self.provider.rotation.as_ref())
    }
}

/// What the authority must know of others.
#[async_trait]
pub trait Directory: Send + Sync + fmt::Debug {
    /// A provider by its id.
    fn provider(&self, id: &str) -> Option<Arc<ProviderAccess>>;
    /// The live secrets of the integration's own client, newest first; empty for a public client or an unknown one.
    async fn client_secrets(
        &self,
        provider: &str,
        client_id: &str,
    ) -> Result<Vec<Secret<String>>, StoreError>;
}
