//! The sides of the house, each with a database, keys, a lock and a control socket of its own.

use std::net::{Ipv4Addr, SocketAddr};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::configuration::Configuration;

/// A side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    /// The integration's side
    Connect,
    /// Pleo's side
    Platform,
    /// The accounting stand-ins
    Sandbox,
}

impl Side {
    /// The word in file names and messages.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Platform => "platform",
            Self::Sandbox => "sandbox",
        }
    }

    /// The command that serves this side.
    pub(crate) const fn serve_command(self) -> &'static str {
        match self {
            Self::Connect => "mainstay serve",
            Self::Platform => "mainstay platform serve",
            Self::Sandbox => "mainstay sandbox serve",
        }
    }

    /// The port used when no address is given.
    pub(crate) const fn default_port(self) -> u16 {
        match self {
            Self::Connect => 8080,
            Self::Platform => 8100,
            Self::Sandbox => 8200,
        }
    }

    /// The configured address, or this side's own.
    pub(crate) fn default_address(self, configuration: &Configuration) -> SocketAddr {
        configuration.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, self.default_port())))
    }
}
