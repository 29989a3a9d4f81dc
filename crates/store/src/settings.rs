use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Entropy};

use crate::Location;

/// Which side's schema a database holds. Each side has a database of its own, also when one process runs both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The integration's side.
    Connect,
    /// Pleo's side.
    Platform,
    /// A stand-in for one accounting system.
    Sandbox,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Platform => "platform",
            Self::Sandbox => "sandbox",
        })
    }
}

/// What is needed to open a [`crate::Database`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// The side whose schema it is to have.
    pub side: Side,
    /// The accounting system of a stand-in (`xero`), which names its schema on PostgreSQL: `sandbox_xero`.
    pub system: Option<String>,
    /// Where it is.
    pub location: Location,
    /// For measuring, for bounding work, and for noting when a migration was applied.
    pub clock: Arc<dyn Clock>,
    /// For the pauses before a transaction is run again.
    pub entropy: Arc<dyn Entropy>,
    /// The most connections to PostgreSQL that this process holds.
    pub connections: usize,
    /// For showing that races are won over a slow database: a pause before each transaction.
    pub slowed_by: Option<Duration>,
}

impl Settings {
    /// The usual settings: at most 16 connections.
    pub fn new(side: Side, location: Location, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { side, system: None, location, clock, entropy, connections: 16, slowed_by: None }
    }

    /// For a stand-in of `system`.
    #[must_use]
    pub fn system(mut self, system: &str) -> Self {
        self.system = Some(system.to_owned());
        self
    }

    /// The schema on PostgreSQL: the side's name, with the system's after it. Other characters than letters and digits become `_`.
    pub(crate) fn schema(&self) -> String {
        let Some(system) = &self.system else { return self.side.to_string() };
        let system: String = system
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        format!("{}_{system}", self.side)
    }
}
