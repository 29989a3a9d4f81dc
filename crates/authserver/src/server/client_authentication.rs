use std::sync::Arc;
use std::time::Duration;

use audit::Origin;
use base::{Secret, StoreError, Timestamp};
use oauth::{Credential, ErrorCode, PresentedClient, Refused};

use super::AuthorizationServer;
use crate::client::{Client, ClientId, ClientState};
use crate::faults::Endpoint;
use crate::keyed_hash::KeyedHash;
use crate::metadata::describe;
use crate::outcome::EndpointError;

const CONTEXT: &str = "client secret";
const TOO_MANY: &str = "too many failed client authentications";
/// One sentence for all causes: which one it was is nobody's business who cannot authenticate.
const FAILED: Refused = Refused::new(ErrorCode::InvalidClient, "client authentication failed");

impl AuthorizationServer {
    /// Proves who asks. Failures are counted for the client and the source.
    pub(super) async fn authenticate_client(
        &self,
        presented: Result<PresentedClient, Refused>,
        endpoint: Endpoint,
        origin: &Origin,
    ) -> Result<Arc<Client>, EndpointError> {
        let presented = presented?;
        let monotonic = self.ports.clock.monotonic();
        let named = presented.client_id.as_str();
        if let Some(pause) = self.throttle.pause(named, origin, monotonic) {
            self.tell_client_refused(Some(named), endpoint, "too many failures", origin).await;
            return Err(Refused::too_many(TOO_MANY, pause).into());
        }
        let client = self.young_client(named, monotonic).await?;
        let now = self.ports.clock.now();
        let is_known = client.is_some();
        let proven = client.filter(|client| {
            client.state != ClientState::Removed && self.proves(client, &presented.credential, endpoint, now)
        });
        let Some(client) = proven else {
            metrics::counter!("oauth_client_authentication_failures_total").increment(1);
            let claimed = is_known.then_some(named);
            // Names that nobody has count as one: whoever makes them up can make up any number.
            if let Some(pause) =
                claimed.is_none().then(|| self.throttle.pause("", origin, monotonic)).flatten()
            {
                self.tell_client_refused(claimed, endpoint, "too many failures", origin).await;
                return Err(Refused::too_many(TOO_MANY, pause).into());
            }
            self.throttle.failed(claimed.unwrap_or_default(), origin, monotonic);
            self.tell_client_refused(claimed, endpoint, "authentication failed", origin).await;
            return Err(FAILED.into());
        };
        if !client.state.serves() {
            self.tell_client_refused(Some(named), endpoint, "not approved", origin).await;
            return Err(Refused::new(ErrorCode::UnauthorizedClient, "this client is not approved").into());
        }
        Ok(client)
    }

    /// A client as it is, or was within the last second if it was changed by another process.
    async fn young_client(&self, id: &str, monotonic: Duration) -> Result<Option<Arc<Client>>, StoreError> {
        let ticket = match self.clients.find(id, monotonic) {
            Ok(client) => return Ok(Some(client)),
            Err(ticket) => ticket,
        };
        let client = self.ports.store.client(&ClientId::new(id)).await?.map(Arc::new);
        if let Some(client) = &client {
            self.clients.keep(ticket, Arc::clone(client));
        }
        Ok(client)
    }

    fn proves(&self, client: &Client, credential: &Credential, endpoint: Endpoint, now: Timestamp) -> bool {
        let method = credential.method();
        if !describe(endpoint).auth_methods.contains(&method) || !client.spec.auth_methods.contains(&method) {
            return false;
        }
        match credential {
            Credential::None => client.spec.public,
            Credential::Basic(secret) | Credential::Post(secret) => {
                !client.spec.public && self.is_live_secret(client, secret, now)
            }
        }
    }

    /// Whether `secret` is one of the client's that has not expired. All are tried, so that the time taken does not tell
    /// which one it was.
    pub(super) fn is_live_secret(&self, client: &Client, secret: &Secret<String>, now: Timestamp) -> bool {
        let row = client.id().as_str().as_bytes();
        let live = client.secrets.iter().filter(|known| known.expires_at.is_none_or(|end| now < end));
        let matching = live
            .filter(|known| known.hash.matches(&self.ports.keys, CONTEXT, row, secret.expose().as_bytes()));
        matching.count() > 0
    }

    pub(super) fn hash_client_secret(&self, client_id: &ClientId, secret: &Secret<String>) -> KeyedHash {
        KeyedHash::make(&self.ports.keys, CONTEXT, client_id.as_str().as_bytes(), secret.expose().as_bytes())
    }
}
