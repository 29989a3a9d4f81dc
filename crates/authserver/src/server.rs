use std::sync::Arc;

use audit::{Auditor, Ledger};
use base::{Clock, Entropy};
use seal::{Keys, Sealer};

use crate::client_memory::ClientMemory;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::settings::Settings;
use crate::store::Store;
use crate::throttle::Throttle;

mod access;
mod authorisations;
mod authorize;
mod client_authentication;
mod clients;
mod endpoint;
mod exchange;
mod generate;
mod initial_access;
mod introspect;
mod issue;
mod presented;
mod refresh;
mod refusals;
mod registration;
mod registration_api;
mod revoke;
mod token;

pub use generate::Generated;
pub use registration::Decided;
pub use registration_api::{ManagedClient, RegistrationRefusal};

/// What the engine stands on.
#[derive(Clone)]
pub struct Ports {
    /// Where clients and authorisations lie.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Seals what must be read again (successors in a retry window).
    pub sealer: Arc<Sealer>,
    /// Keys of hashes, checks and fingerprints.
    pub keys: Arc<Keys>,
    /// Disturbances on purpose; [`crate::NoFaults`] in production.
    pub faults: Arc<dyn Faults>,
    /// Where requests are written down; [`crate::NoJournal`] in production.
    pub journal: Arc<dyn Journal>,
}

/// The authorization server.
pub struct AuthorizationServer {
    settings: Settings,
    ports: Ports,
    auditor: Auditor,
    throttle: Throttle,
    registration_throttle: Throttle,
    clients: ClientMemory,
    ledger: Option<Arc<Ledger>>,
    answered: endpoint::Answered,
}

impl AuthorizationServer {
    /// An engine on these ports.
    pub fn new(settings: Settings, ports: Ports) -> Self {
        let auditor =
            Auditor::new(Arc::clone(&ports.keys), Arc::clone(&ports.clock), Arc::clone(&ports.entropy));
        let throttle = Throttle::new(settings.failed_authentications_per_minute);
        let registration_throttle = Throttle::new(settings.failed_authentications_per_minute);
        let clients = ClientMemory::default();
        Self {
            settings,
            ports,
            auditor,
            throttle,
            registration_throttle,
            clients,
            ledger: None,
            answered: endpoint::Answered::default(),
        }
    }

    /// What was decided for it.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationServer").field("issuer", &self.settings.issuer).finish_non_exhaustive()
    }
}
