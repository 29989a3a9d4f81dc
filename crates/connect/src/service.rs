use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Clock, Entropy, Timestamp};
use outbound::HttpClient;
use refresh::Authority;
use seal::{Keys, Sealer};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use url::{Origin, Url};

use crate::memory::Memory;
use crate::visitors::Visitors;
use crate::{ApiToken, ApiTokenId, Connection, ConnectionId, Directory, Store};

/// What the connect side works with.
#[derive(Clone)]
pub struct Parts {
    /// Where it keeps what it knows.
    pub store: Arc<dyn Store>,
    /// Providers and the integration's own clients.
    pub directory: Arc<Directory>,
    /// Lends and refreshes.
    pub authority: Authority,
    /// The way out.
    pub http: Arc<dyn HttpClient>,
    /// Seals verifiers and client secrets.
    pub sealer: Arc<Sealer>,
    /// Keys for hashes and checks.
    pub keys: Arc<Keys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What must not stop because a browser hangs up runs here; shutdown waits for it.
    pub tracker: TaskTracker,
}

/// What a deployment can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people reach the connect side; links and redirect URIs are built from it.
    pub public_url: Url,
    /// Origins to which a person may be sent back.
    pub return_to_allow: Vec<Origin>,
    /// How long a link can be opened, and a walk can take.
    pub link_life: Duration,
    /// How long an entry in memory is used without a look into the store.
    pub staleness: Duration,
    /// How long the proxy waits for the head of an answer.
    pub proxy_deadline: Duration,
    /// How long the proxy waits without a byte of the body.
    pub proxy_idle: Duration,
}

impl Settings {
    /// The defaults: links for an hour, memory for a second.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            return_to_allow: Vec::new(),
            link_life: Duration::from_hours(1),
            staleness: Duration::from_secs(1),
            proxy_deadline: Duration::from_mins(1),
            proxy_idle: Duration::from_mins(1),
        }
    }
}

/// The integration's side. Cheap to clone.
#[derive(Clone)]
pub struct Connect {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) settings: Settings,
    pub(crate) api_tokens: Memory<ApiTokenId, ApiToken>,
    pub(crate) connections: Memory<ConnectionId, Connection>,
    /// Up to which event the changes of connections were followed; `None` before the first look.
    pub(crate) followed_to: Mutex<Option<u64>>,
    /// Counts writes of events by this process; waiting readers of the feed look again when it changes.
    pub(crate) told: watch::Sender<u64>,
    pub(crate) visitors: Visitors,
}

impl Connect {
    /// The service; what happens to grants is told onward only while [`Connect::run`] runs.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let memory = || settings.staleness;
        let (api_tokens, connections) = (Memory::new(memory()), Memory::new(memory()));
        Self {
            inner: Arc::new(Inner {
                parts,
                settings,
                api_tokens,
                connections,
                followed_to: Mutex::default(),
                told: watch::Sender::new(0),
                visitors: Visitors::default(),
            }),
        }
    }

    /// The providers as this deployment uses them.
    pub fn directory(&self) -> &Directory {
        &self.inner.parts.directory
    }

    /// What was set.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.inner.parts.store
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.inner.parts.authority
    }

    pub(crate) fn http(&self) -> &dyn HttpClient {
        &*self.inner.parts.http
    }

    pub(crate) fn keys(&self) -> &Arc<Keys> {
        &self.inner.parts.keys
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.inner.parts.clock
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.inner.parts.entropy
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// An address of this side: `path` begins with a slash.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.inner.settings.public_url.as_str().trim_end_matches('/'))
    }

    /// Something was written: readers that wait look again.
    pub(crate) fn wake_readers(&self) {
        self.inner.told.send_modify(|count| *count += 1);
    }

    /// A connection was written by this process.
    pub(crate) fn connection_changed(&self, id: ConnectionId) {
        self.inner.connections.forget(&id);
        self.wake_readers();
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("public_url", &self.inner.settings.public_url.as_str())
            .finish_non_exhaustive()
    }
}
