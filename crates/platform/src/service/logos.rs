//! Fetching logos, and giving them out.

use std::time::Duration;

use authserver::{Client, ClientId, ClientState};
use base::StoreError;
use http::{Method, Request, StatusCode, header};
use identity::AccountId;
use outbound::{Body, BodyError, NotSent, SendError, SendOptions};

use crate::logo::{Logo, LogoError, LogoState, MAX_BYTES, StoredLogo, read_logo};
use crate::{ActError, Platform};

/// Somebody waits for the answer, so not for long.
const DEADLINE: Duration = Duration::from_secs(5);

/// Why there is no picture.
///
/// Anybody may register a client and name an address. What a call of it came to would tell them which machines and ports of this
/// server's own network answer, so they are told one of a few sentences, and the cause goes to the log alone.
#[derive(Debug)]
struct Untaken {
    told: String,
    cause: String,
}

const UNREACHABLE: &str = "its address could not be reached";
const NOT_ALLOWED: &str = "no pictures are fetched from its address, which is not public or not https";
const ELSEWHERE: &str = "its address leads elsewhere, and redirects are not followed";
const NO_PICTURE: &str = "there is no picture at its address";

impl Untaken {
    fn new(told: &str, cause: &dyn ToString) -> Self {
        Self { told: told.to_owned(), cause: cause.to_string() }
    }
}

impl From<LogoError> for Untaken {
    fn from(error: LogoError) -> Self {
        Self { told: error.to_string(), cause: error.to_string() }
    }
}

impl From<SendError> for Untaken {
    fn from(error: SendError) -> Self {
        let told = match &error {
            SendError::NotSent(NotSent::AddressRefused { .. } | NotSent::HttpsRequired { .. }) => NOT_ALLOWED,
            SendError::NotSent(_) | SendError::Unknown(_) | SendError::BadRequest(_) => UNREACHABLE,
        };
        Self::new(told, &error)
    }
}

impl From<BodyError> for Untaken {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLong { .. } => LogoError::TooLarge.into(),
            BodyError::Cut(_) | BodyError::Time => Self::new(UNREACHABLE, &error),
        }
    }
}

impl Platform {
    /// Sees to it that a client's logo is the one it names. Fetched once: an address that was fetched with success is not
    /// fetched again. A failure does not stop anything, since what it follows is done; its reason is shown at review.
    pub(crate) async fn take_logo(&self, client: &Client) {
        if let Err(error) = self.try_to_take_logo(client).await {
            tracing::warn!(client = %client.id(), %error, "a logo could not be kept");
        }
    }

    async fn try_to_take_logo(&self, client: &Client) -> Result<(), StoreError> {
        let id = client.id().as_str();
        let kept = self.store.logo(id).await?;
        let Some(source) = &client.spec.presentation.logo_uri else {
            if kept.is_some() {
                self.store.remove_logo(id).await?;
            }
            return Ok(());
        };
        if kept.is_some_and(|kept| kept.source == *source && kept.outcome.is_ok()) {
            return Ok(());
        }
        self.fetch_and_keep(id, source).await.map(drop)
    }

    /// Fetches the logo of a person's own client anew; not once it is approved, as people would be shown what no reviewer has seen.
    pub async fn fetch_own_logo(&self, account: AccountId, id: &ClientId) -> Result<LogoState, ActError> {
        if self.own_client(account, id).await?.client.state == ClientState::Approved {
            let told = "people see the picture that was reviewed: ask an administrator to fetch it again";
            return Err(ActError::invalid("logo_uri", told));
        }
        self.fetch_logo_again(id).await
    }

    /// Fetches a client's logo anew, whatever is kept: for those who review.
    pub async fn fetch_logo_again(&self, id: &ClientId) -> Result<LogoState, ActError> {
        let client = self.server.client(id).await?.ok_or_else(|| ActError::no_client(id))?;
        let Some(source) = &client.spec.presentation.logo_uri else { return Ok(LogoState::None) };
        let stored = self.fetch_and_keep(id.as_str(), source).await?;
        Ok(state_of(Some(stored)))
    }

    async fn fetch_and_keep(&self, client_id: &str, source: &str) -> Result<StoredLogo, StoreError> {
        let outcome = self.fetch_logo(source).await.map_err(|Untaken { told, cause }| {
            tracing::info!(client = client_id, cause, "a logo could not be taken");
            told
        });
        let stored = StoredLogo {
            client_id: client_id.to_owned(),
            source: source.to_owned(),
            outcome,
            fetched_at: self.clock.now(),
        };
        if !self.store.put_logo(&stored).await? {
            tracing::info!(
                client = client_id,
                "the client was removed while its logo was fetched; it is not kept"
            );
        }
        Ok(stored)
    }

    async fn fetch_logo(&self, source: &str) -> Result<Logo, Untaken> {
        let Some(http) = &self.http else {
            let told = "this server fetches nothing from elsewhere";
            return Err(Untaken::new(told, &told));
        };
        let request = Request::builder()
            .method(Method::GET)
            .uri(source)
            .header(header::ACCEPT, "image/png, image/jpeg, image/webp, image/gif")
            .body(Body::empty())
            .map_err(|error| Untaken::new(UNREACHABLE, &error))?;
        let answer = http.send(request, &SendOptions::within(DEADLINE)).await?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_redirection() => return Err(Untaken::new(ELSEWHERE, &status)),
            status => return Err(Untaken::new(NO_PICTURE, &status)),
        }
        let bytes = answer.into_body().collect_up_to(MAX_BYTES).await?;
        Ok(read_logo(&bytes)?)
    }

    /// How it stands with a client's logo.
    pub(crate) async fn logo_state(&self, client: &Client) -> Result<LogoState, StoreError> {
        if client.spec.presentation.logo_uri.is_none() {
            return Ok(LogoState::None);
        }
        Ok(state_of(self.store.logo(client.id().as_str()).await?))
    }

    /// The picture of a client. Of one that is not approved only `for_review`: nobody else is to be shown what nobody has
    /// looked at.
    pub async fn logo(&self, id: &ClientId, for_review: bool) -> Result<Option<StoredLogo>, StoreError> {
        let client = self.server.client(id).await?;
        let shown = client.is_some_and(|client| {
            client.state == ClientState::Approved || (for_review && client.state != ClientState::Removed)
        });
        if !shown {
            return Ok(None);
        }
        Ok(self.store.logo(id.as_str()).await?.filter(|logo| logo.outcome.is_ok()))
    }

    /// The addresses, below the public URL, of the logos of those of these clients that are approved and have one, by client.
    pub async fn logo_paths<'a>(
        &self,
        clients: impl IntoIterator<Item = &'a crate::Application>,
    ) -> Result<std::collections::BTreeMap<String, String>, StoreError> {
        let ids: Vec<String> = clients
            .into_iter()
            .filter(|client| client.approved && client.presentation.logo_uri.is_some())
            .map(|client| client.client_id.clone())
            .collect();
        if ids.is_empty() {
            return Ok(std::collections::BTreeMap::new());
        }
        let found = self.store.clients_with_logo(&ids).await?;
        Ok(found.into_iter().map(|(id, at)| (id.clone(), logo_path(&id, at))).collect())
    }
}

/// Where a client's logo is, below the public URL. The moment makes another address of another picture, so that browsers may
/// keep it.
pub fn logo_path(client_id: &str, fetched_at: base::Timestamp) -> String {
    format!("/logos/{}?v={:x}", oauth::parameters::encode(client_id), fetched_at.as_millis())
}

fn state_of(stored: Option<StoredLogo>) -> LogoState {
    match stored {
        None => LogoState::Missing("it was not fetched yet".to_owned()),
        Some(StoredLogo { outcome: Ok(_), fetched_at, .. }) => LogoState::Here(fetched_at),
        Some(StoredLogo { outcome: Err(why), .. }) => LogoState::Missing(why),
    }
}
