use std::fmt;
use std::sync::Arc;

use authserver::AuthorizationServer;
use base::{Clock, Entropy};
use identity::Identity;
use seal::{Keys, Purpose};

use crate::StandinKind;
use crate::store::Store;
use crate::system::{CompanyIn, System};

mod access_control;
mod asking;
mod calls;
mod seeding;
mod tokens;

pub use asking::{AskError, Asked, Decided, DecisionError};

/// What a stand-in stands on; all of it belongs to this one system.
#[derive(Clone)]
pub struct StandinPorts {
    /// Companies, reach and books.
    pub store: Arc<dyn Store>,
    /// People.
    pub identity: Arc<Identity>,
    /// The engine, made with [`System::server_settings`].
    pub server: Arc<AuthorizationServer>,
    /// Keys of hashes.
    pub keys: Arc<Keys>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A stand-in for one accounting system.
pub struct Standin {
    system: &'static System,
    ports: StandinPorts,
}

impl Standin {
    /// The stand-in of that kind.
    pub fn new(kind: StandinKind, ports: StandinPorts) -> Self {
        Self { system: System::of(kind), ports }
    }

    /// The system it plays.
    pub const fn system(&self) -> &'static System {
        self.system
    }

    /// Its people.
    pub fn identity(&self) -> &Identity {
        &self.ports.identity
    }

    /// The header in which calls name their company, in lower case, where it is a header.
    pub const fn company_header(&self) -> Option<&'static str> {
        match self.system.api.company_in {
            CompanyIn::Header(name) | CompanyIn::HeaderOrLead(name) => Some(name),
            CompanyIn::Path | CompanyIn::Grant => None,
        }
    }

    /// The keyed hash of a static token.
    fn token_hash(&self, context: &str, token: &str) -> [u8; 32] {
        self.ports.keys.current(Purpose::Lookup).mac(context, &[token.as_bytes()])
    }
}

/// The context of hashes of agreement grant tokens.
const AGREEMENT: &str = "stand-in agreement token";
/// The context of hashes of application secrets.
const APPLICATION: &str = "stand-in application secret";

/// The subject of a grant for one company.
fn company_subject(company_id: &str) -> String {
    format!("company:{company_id}")
}

/// The subject of a grant for what a person reaches.
fn person_subject(account: identity::AccountId) -> String {
    format!("person:{account}")
}

impl fmt::Debug for Standin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standin").field("kind", &self.system.kind).finish_non_exhaustive()
    }
}
