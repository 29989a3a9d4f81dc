//! The integration's own OAuth clients (facts 17.9 to 17.11).

use base::{Secret, StoreError};

use crate::{ClientSecret, ClientSecretId, Connect, OAuthClient, OAuthClientId};

/// How many secrets of one client may be live at a time: the old and the new one of a rotation.
const LIVE_SECRETS: u32 = 2;

/// Why a client cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetClientError {
    /// There is no such provider.
    #[error("there is no provider called {0:?}; `mainstay providers list` shows the known ones")]
    NoProvider(String),
    /// The provider has no such environment in use.
    #[error(
        "{provider} is set to the environment {in_use:?}, not {wanted:?}; change `[providers.{provider}]` first"
    )]
    OtherEnvironment {
        /// The provider.
        provider: String,
        /// What configuration says.
        in_use: String,
        /// What was asked for.
        wanted: String,
    },
    /// Empty, or with characters that no client id or secret has.
    #[error("a client id and a secret have printable ASCII characters without spaces")]
    Form,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn is_fine(text: &str) -> bool {
    !text.is_empty() && text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Connect {
    /// Sets the client of a provider. A secret is added in front of the live ones, so that one can be rotated without a gap;
    /// a changed client id drops the earlier secrets.
    pub async fn set_client(
        &self,
        provider: &str,
        environment: Option<&str>,
        client_id: &str,
        secret: Option<&Secret<String>>,
    ) -> Result<OAuthClient, SetClientError> {
        let access =
            self.directory().get(provider).ok_or_else(|| SetClientError::NoProvider(provider.to_owned()))?;
        let in_use = &access.endpoints.environment;
        if let Some(wanted) = environment.filter(|wanted| wanted != in_use) {
            return Err(SetClientError::OtherEnvironment {
                provider: provider.to_owned(),
                in_use: in_use.clone(),
                wanted: wanted.to_owned(),
            });
        }
        if !is_fine(client_id) || secret.is_some_and(|secret| !is_fine(secret.expose())) {
            return Err(SetClientError::Form);
        }
        let now = self.now();
        let secrets = secret
            .map(|secret| {
                let id = ClientSecretId::new(self.clock(), self.entropy());
                let sealed =
                    self.inner.parts.sealer.seal(&ClientSecret::place(id), secret.expose().as_bytes());
                ClientSecret { id, sealed, created_at: now }
            })
            .into_iter()
            .collect();
        let client = OAuthClient {
            id: OAuthClientId::new(self.clock(), self.entropy()),
            provider: provider.to_owned(),
            environment: in_use.clone(),
            client_id: client_id.to_owned(),
            secrets,
            created_at: now,
        };
        self.store().put_oauth_client(&client, LIVE_SECRETS).await?;
        Ok(client)
    }

    /// All clients that are set.
    pub async fn clients(&self) -> Result<Vec<OAuthClient>, StoreError> {
        self.store().oauth_clients().await
    }
}
