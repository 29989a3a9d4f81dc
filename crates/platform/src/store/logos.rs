use async_trait::async_trait;
use base::StoreError;

use crate::logo::StoredLogo;

/// Logos of clients. Each method is one transaction.
#[async_trait]
pub trait Logos: Send + Sync {
    /// What is kept of a client's logo.
    async fn logo(&self, client_id: &str) -> Result<Option<StoredLogo>, StoreError>;

    /// Keeps what was fetched, in the place of what was there before. `false`: the client is not there or removed, and nothing is
    /// kept.
    async fn put_logo(&self, logo: &StoredLogo) -> Result<bool, StoreError>;

    /// Forgets a client's logo. That of a client which is removed goes with it.
    async fn remove_logo(&self, client_id: &str) -> Result<(), StoreError>;

    /// The clients of these that have a picture, with the moment it was fetched.
    async fn clients_with_logo(
        &self,
        client_ids: &[String],
    ) -> Result<Vec<(String, base::Timestamp)>, StoreError>;
}
