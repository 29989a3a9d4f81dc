use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Once};

use audit::Ledger;
use base::{Clock, Entropy};
use ipnet::IpNet;
use url::Url;

use super::{Manner, Standstill};

/// Which of the servers answers. Cookies and metrics carry its name, since ports of one host share cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Pleo's side: authorization server, consent, resource APIs.
    Platform,
    /// The integration's side.
    Connect,
    /// The accounting stand-ins.
    Sandbox,
}

impl Side {
    /// The side's name in cookies and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Connect => "connect",
            Self::Sandbox => "sandbox",
        }
    }

    /// What a person reads beside the product's name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Platform => "Pleo platform",
            Self::Connect => "Connect",
            Self::Sandbox => "Accounting sandbox",
        }
    }
}

/// What every door of one server knows about the server itself. It is in the extensions of every request within a
/// [`frame`](super::frame()), as `Arc<Site>`.
#[derive(Clone)]
pub struct Site {
    /// Which side this is.
    pub side: Side,
    /// Where people and clients reach this server; may hold a path. Links and cookies follow it.
    pub public_url: Url,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the log has told of an `X-Forwarded-For` that was not: once is enough, as anybody can send one.
    pub unbelieved_told: Arc<Once>,
    /// Shown as a mark in the header of every page, such as `Staging`; nothing in production.
    pub environment: Option<String>,
    /// The largest request body in bytes that an extractor reads unless a route sets its own limit.
    pub body_limit: usize,
    /// Which surface a path (without the public URL's own path) belongs to: it decides the shape of refusals.
    pub manner_of: fn(path: &str) -> Manner,
    /// Why nothing may be served now; None where that never happens.
    pub standstill: Option<Standstill>,
    /// Takes the refusals of posts from other sites; None where they are not put on record.
    pub ledger: Option<Arc<Ledger>>,
    /// Measures how long requests take.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids.
    pub entropy: Arc<dyn Entropy>,
}

impl Site {
    /// A site with the defaults: no trusted proxies, bodies of at most 1 MiB, API paths as [`Manner::by_path`] sees them.
    pub fn new(side: Side, public_url: Url, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            side,
            public_url,
            trusted_proxies: Vec::new(),
            unbelieved_told: Arc::new(Once::new()),
            environment: None,
            body_limit: 1024 * 1024,
            manner_of: Manner::by_path,
            standstill: None,
            ledger: None,
            clock,
            entropy,
        }
    }

    /// Whether people reach this server by https.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The public URL's path without a trailing slash: empty in most installations. Every link on a page begins with it.
    pub fn base_path(&self) -> &str {
        self.public_url.path().trim_end_matches('/')
    }

    /// The public URL without a trailing slash; also the issuer's form.
    pub fn base_url(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }

    /// The origin of the public URL, as browsers write it in `Origin`.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// Whether `X-Forwarded-For` from this address is believed.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("side", &self.side)
            .field("public_url", &self.public_url.as_str())
            .finish_non_exhaustive()
    }
}
