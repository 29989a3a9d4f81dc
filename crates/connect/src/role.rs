use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an API token may do. Least is default: with `proxy` alone no provider's token ever leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Make links, read connections, events and timelines, ask for a new sign-in, disconnect.
    Connect,
    /// Send calls through the proxy, report a refusal.
    Proxy,
    /// Read access tokens, report a refusal.
    Token,
    /// Everything.
    Admin,
}

/// What a request wants to do, as far as roles go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Links, connections, events, timelines, settings, disconnecting, the catalogue.
    Connections,
    /// A call through the proxy.
    Proxy,
    /// An access token in clear.
    Token,
    /// To say that a token was refused.
    Rejected,
    /// The integration's own affairs: audit, webhooks, grants.
    Administration,
}

impl Role {
    /// Each role, for help texts.
    pub const ALL: [Self; 4] = [Self::Connect, Self::Proxy, Self::Token, Self::Admin];

    /// As it stands in JSON and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Token => "token",
            Self::Admin => "admin",
        }
    }

    /// Whether this role suffices for `need`.
    pub const fn allows(self, need: Need) -> bool {
        matches!(
            (self, need),
            (Self::Admin, _)
                | (Self::Connect, Need::Connections)
                | (Self::Proxy, Need::Proxy | Need::Rejected)
                | (Self::Token, Need::Token | Need::Rejected)
        )
    }
}

impl Need {
    /// The roles that suffice, in words, for the refusal.
    pub const fn roles(self) -> &'static str {
        match self {
            Self::Connections => "`connect` or `admin`",
            Self::Proxy => "`proxy` or `admin`",
            Self::Token => "`token` or `admin`",
            Self::Rejected => "`proxy`, `token` or `admin`",
            Self::Administration => "`admin`",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is `connect`, `proxy`, `token` or `admin`")]
pub struct ParseRoleError;

impl FromStr for Role {
    type Err = ParseRoleError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(ParseRoleError)
    }
}
