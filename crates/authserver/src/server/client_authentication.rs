use audit::Origin;
use base::{Secret, Timestamp};
use oauth::{Credential, ErrorCode, PresentedClient, Refused};

use super::AuthorizationServer;
use crate::client::{Client, ClientId, ClientState};
use crate::faults::Endpoint;
use crate::keyed_hash::KeyedHash;
use crate::metadata::describe;
use crate::outcome::EndpointError;

const CONTEXT: &str = "client secret";
/// One sentence for all causes: which one it was is nobody's business who cannot authenticate.
const FAILED: Refused = Refused::new(ErrorCode::InvalidClient, "client authentication failed");

impl AuthorizationServer {
    /// Proves who asks. Failures are counted for the client and the source.
    pub(super) async fn authenticate_client(
        &self,
        presented: Result<PresentedClient, Refused>,
        endpoint: Endpoint,
        origin: &Origin,
    ) -> Result<Client, EndpointError> {
        let presented = presented?;
        let source = origin.source.as_deref().unwrap_or_default();
        let monotonic = self.ports.clock.monotonic();
        if let Some(pause) = self.throttle.pause(&presented.client_id, source, monotonic) {
            return Err(Refused::too_many("too many failed client authentications", pause).into());
        }
        let client = self.ports.store.client(&ClientId::new(presented.client_id.as_str())).await?;
        let now = self.ports.clock.now();
        let proven = client.filter(|client| {
            client.state != ClientState::Removed && self.proves(client, &presented.credential, endpoint, now)
        });
        let Some(client) = proven else {
            self.throttle.failed(&presented.client_id, source, monotonic);
            metrics::counter!("oauth_client_authentication_failures_total").increment(1);
            return Err(FAILED.into());
        };
        if client.state != ClientState::Approved {
            return Err(Refused::new(ErrorCode::UnauthorizedClient, "this client is not approved").into());
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
