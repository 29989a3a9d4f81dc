//! One walk of a person through the connecting pages: what was asked for, and how far it has come.
//!
//! The steps are a state machine: each transition consumes the state and gives the next one or says why it cannot. What
//! a person sees and may do follows from the state alone, so that a doubled click, a second tab or an old page changes nothing.

use base::Timestamp;
use refresh::GrantId;
use seal::Sealed;
use serde::{Deserialize, Serialize};

use crate::{ApiTokenId, Company, ConnectSessionId, ConnectionId, End, Environment, KeyedHash};

mod flow;

pub use flow::{Away, Finished, Flow, FlowError, Party};

/// A connect session as it is stored.
#[derive(Debug, Clone)]
pub struct ConnectSession {
    /// Its name.
    pub id: ConnectSessionId,
    /// The hash of the link's secret.
    pub link: KeyedHash,
    /// What it is for.
    pub purpose: Purpose,
    /// The API token that asked for it; `None` for a person who came by themselves or an operator.
    pub made_by: Option<ApiTokenId>,
    /// Where to send the person afterwards; its origin was checked when the session was made.
    pub return_to: Option<String>,
    /// The hash of the cookie of the browser in which it was started.
    pub browser: Option<KeyedHash>,
    /// How far it has come.
    pub flow: Flow,
    /// What went wrong last, shown once on the page.
    pub notice: Option<Notice>,
    /// The PKCE verifier of the sign-in under way.
    pub verifier: Option<Sealed>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it can no longer be used.
    pub expires_at: Timestamp,
    /// Raised by each write; writes are conditional on it.
    pub version: u64,
}

/// What a connect session is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum Purpose {
    /// To make a new pair.
    Connect {
        /// The accounting system; `None` where the person still has to say.
        accounting: Option<String>,
        /// The accounting system's environment.
        accounting_environment: Environment,
        /// The country whose addresses are to be used (Exact Online has one host each, facts 16.8).
        country: Option<String>,
        /// The backend's name for the connection.
        reference: Option<String>,
        /// How the Pleo end signs in.
        method: Method,
        /// Whether the backend confirms before anything becomes active.
        confirm: bool,
    },
    /// To sign in again at one end of an existing connection.
    Reauthorise {
        /// Which.
        connection: ConnectionId,
        /// Where.
        end: End,
        /// How: a connection can move from OAuth to an API key and back (facts 17.119).
        method: Method,
    },
}

/// How a person proves access at Pleo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By signing in and consenting.
    #[default]
    #[serde(rename = "oauth")]
    OAuth,
    /// By pasting an API key.
    ApiKey,
}

impl std::str::FromStr for Method {
    type Err = ParseMethodError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "oauth" => Ok(Self::OAuth),
            "api_key" => Ok(Self::ApiKey),
            _ => Err(ParseMethodError),
        }
    }
}

/// A text that is no method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a method is `oauth` or `api_key`")]
pub struct ParseMethodError;

/// Something that a person must be told before going on: what happened, and what was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Stable.
    pub code: String,
    /// For people.
    pub sentence: String,
}

impl Notice {
    /// A notice.
    pub fn new(code: &str, sentence: impl Into<String>) -> Self {
        Self { code: code.to_owned(), sentence: sentence.into() }
    }
}

impl ConnectSession {
    /// Whether it can no longer be used.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// Grants that hang on this session and on nothing else yet.
    pub fn loose_grants(&self) -> Vec<GrantId> {
        self.flow.loose_grants()
    }

    /// Whether there is no step left to take.
    pub const fn is_over(&self) -> bool {
        matches!(self.flow, Flow::Done { .. } | Flow::Cancelled)
    }

    /// The company at `end` as far as it is known.
    pub fn company(&self, end: End) -> Option<&Company> {
        self.flow.party(end).map(|party| &party.company)
    }
}

#[cfg(test)]
mod tests;
