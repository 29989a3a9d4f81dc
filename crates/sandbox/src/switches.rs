use std::sync::Arc;

use async_trait::async_trait;
use audit::Origin;
use base::{Clock, Entropy, Secret, StoreError};
use tokio_util::task::TaskTracker;

use crate::{ClockSwitch, Faults, Journal, Redaction};

/// Access that is to be withdrawn as if the customer had done it.
#[derive(Debug, Clone)]
pub enum Withdrawal {
    /// What a client may do for a company, or for all its companies.
    Client {
        /// The client.
        client_id: String,
        /// The company.
        company: Option<String>,
    },
    /// An API key.
    ApiKey(Secret<String>),
}

/// Why access was not withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawalError {
    /// There is no such access.
    #[error("there is no such access here: check `client_id` and `company`, or the key")]
    NotFound,
    /// This system does not know that kind of access.
    #[error("this system has no access of that kind")]
    NotOffered,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the switches need of the server they belong to.
#[async_trait]
pub trait AccessControl: Send + Sync {
    /// Withdraws access. Returns how many authorisations or keys ended.
    /// `origin`: where that was asked for, for the audit log.
    async fn withdraw(&self, withdrawal: Withdrawal, origin: &Origin) -> Result<usize, WithdrawalError>;

    /// The client behind a credential that an API was called with (a bearer token, or an API key), if it is known: for the
    /// journal and for faults of one client. Never counts as a use.
    async fn client_of(&self, credential: &Secret<String>) -> Option<String>;
}

/// The sandbox switches of one side.
pub struct Switches {
    /// Faults that are wanted.
    pub faults: Faults,
    /// What clients did.
    pub journal: Journal,
    /// How secrets are shown.
    pub redaction: Redaction,
    /// The side's clock, moved or not.
    pub clock: Arc<dyn Clock>,
    /// Moves it.
    pub clock_switch: Arc<ClockSwitch>,
    /// For faults with a probability.
    pub entropy: Arc<dyn Entropy>,
    /// The server's own part; absent on the connect side, which has the clock alone.
    pub access: Option<Arc<dyn AccessControl>>,
    /// Requests that a fault holds up. They go on when their senders hang up, and end with the process.
    pub held_up: TaskTracker,
    token: Secret<String>,
}

impl Switches {
    /// Switches behind the sandbox token.
    pub fn new(
        token: Secret<String>,
        clock_switch: Arc<ClockSwitch>,
        redaction: Redaction,
        entropy: Arc<dyn Entropy>,
        access: Option<Arc<dyn AccessControl>>,
    ) -> Self {
        let clock = Arc::clone(clock_switch.clock()) as Arc<dyn Clock>;
        Self {
            faults: Faults::default(),
            journal: Journal::default(),
            redaction,
            clock,
            clock_switch,
            entropy,
            access,
            held_up: TaskTracker::new(),
            token,
        }
    }

    /// Whether a bearer token is the sandbox token; takes the same time wherever the two differ.
    pub fn admits(&self, bearer: &Secret<String>) -> bool {
        self.token.equals_in_constant_time(bearer)
    }
}

impl std::fmt::Debug for Switches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Switches").field("faults", &self.faults).finish_non_exhaustive()
    }
}
