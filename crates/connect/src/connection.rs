use std::collections::BTreeMap;

use base::{Scope, Timestamp};
use refresh::{CredentialKind, GrantId, GrantState};
use serde::{Deserialize, Serialize};

use crate::{ConnectionId, End};

/// A company at either end, as the provider named it when it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// What the provider calls it by: what calls are addressed with (facts 16.10.4).
    pub id: String,
    /// For people.
    pub name: String,
    /// Two letters, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Tells two of the same name apart, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_number: Option<String>,
    /// What the catalogue's templates need to name it in calls.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// Which of the provider's places: `production`, `staging`, or a name of the deployment's own.
pub type Environment = String;

/// One Pleo company kept together with one accounting company (facts 17.85).
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its name; stays the same over every new sign-in.
    pub id: ConnectionId,
    /// The backend's own name for it.
    pub reference: Option<String>,
    /// How far it has come.
    pub stage: Stage,
    /// What was last told of it in an event.
    pub told: StateKind,
    /// Pleo.
    pub platform: Side,
    /// The accounting system.
    pub accounting: Side,
    /// The backend's own settings, untouched by anything that happens to the credentials (facts 17.69).
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// When the pair was made.
    pub created_at: Timestamp,
    /// Raised by each write to the row; writes are conditional on it.
    pub version: u64,
}

/// How far a connection has come. Whether it works at the moment follows from its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Both ends are signed in and the backend has been asked to confirm. Reserves nothing.
    Pending,
    /// The pair is made and reserved.
    Live,
    /// Over. Kept for its history.
    Disconnected {
        /// Since when.
        at: Timestamp,
        /// What could not be ended at the providers and is left for a person to do (facts 17.120).
        left_to_do: Vec<String>,
    },
}

impl Stage {
    /// As stored.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Live => "live",
            Self::Disconnected { .. } => "disconnected",
        }
    }
}

/// One end of a connection.
#[derive(Debug, Clone)]
pub struct Side {
    /// The catalogue's id of the provider.
    pub provider: String,
    /// Its environment.
    pub environment: Environment,
    /// The company.
    pub company: Company,
    /// The grant that calls draw on.
    pub grant: GrantId,
    /// Added to the grant's generation, so that what is shown of an end never steps back when a new sign-in brings a new grant.
    pub generation_base: u64,
    /// The grant as it stands.
    pub facts: GrantFacts,
}

impl Side {
    /// The generation as callers know it.
    pub const fn generation(&self) -> u64 {
        self.generation_base + self.facts.generation
    }

    /// The grant's own generation for one that a caller named; `None` if it is of an earlier sign-in.
    pub const fn grant_generation(&self, shown: u64) -> Option<u64> {
        match shown.checked_sub(self.generation_base) {
            Some(0) | None => None,
            Some(own) => Some(own),
        }
    }

    /// What can be said of this end. `refreshing` is a request under way, not a trouble.
    pub const fn state(&self) -> EndState {
        match &self.facts.state {
            GrantState::Active if self.facts.refreshing => EndState::Refreshing,
            GrantState::Active => EndState::Active,
            GrantState::Degraded { .. } => EndState::Degraded,
            GrantState::Unknown { .. } => EndState::Unknown,
            GrantState::Ended { .. } => EndState::Ended,
        }
    }
}

/// What a connection shows of a grant; the credential itself stays where it is.
#[derive(Debug, Clone)]
pub struct GrantFacts {
    /// Whether it rotates.
    pub kind: CredentialKind,
    /// Where it stands.
    pub state: GrantState,
    /// Whether a refresh is under way.
    pub refreshing: bool,
    /// Its generation.
    pub generation: u64,
    /// When the access token or key expires.
    pub expires_at: Option<Timestamp>,
    /// When the refresh token expires, where told.
    pub refresh_token_expires_at: Option<Timestamp>,
    /// When a person gave it.
    pub granted_at: Timestamp,
    /// When the provider last showed it to be good.
    pub proven_at: Timestamp,
    /// When it is looked at next.
    pub next_action_at: Option<Timestamp>,
    /// The scope that was granted, where told.
    pub scope: Option<Scope>,
}

/// The word for an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndState {
    /// Good as far as is known.
    Active,
    /// A refresh is under way.
    Refreshing,
    /// The provider is out of order; nothing is lost.
    Degraded,
    /// A refresh left and its outcome is being looked into.
    Unknown,
    /// A person must sign in again.
    Ended,
}

impl EndState {
    /// As it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Refreshing => "refreshing",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Ended => "ended",
        }
    }
}

/// The word for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateKind {
    /// Waits for the backend's confirmation.
    Pending,
    /// Works.
    Active,
    /// An outage; goes on by itself.
    Degraded,
    /// A person must sign in again.
    Attention,
    /// Over.
    Disconnected,
}

impl StateKind {
    /// Each word.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Active, Self::Degraded, Self::Attention, Self::Disconnected];

    /// As it stands in JSON and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Degraded => "degraded",
            Self::Attention => "attention",
            Self::Disconnected => "disconnected",
        }
    }
}

impl std::str::FromStr for StateKind {
    type Err = ParseStateError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(ParseStateError)
    }
}

/// A text that is no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a state is `pending`, `active`, `degraded`, `attention` or `disconnected`")]
pub struct ParseStateError;

/// Why something is as it is: a stable code and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable.
    pub code: String,
    /// For people; may change.
    pub sentence: String,
}

impl Connection {
    /// One of the ends.
    pub const fn side(&self, end: End) -> &Side {
        match end {
            End::Platform => &self.platform,
            End::Accounting => &self.accounting,
        }
    }

    /// The worst of both ends, as far as the connection is live.
    pub fn state(&self) -> StateKind {
        match self.stage {
            Stage::Pending => StateKind::Pending,
            Stage::Disconnected { .. } => StateKind::Disconnected,
            Stage::Live => self.worst_end().map_or(StateKind::Active, |(_, state)| match state {
                EndState::Ended => StateKind::Attention,
                EndState::Degraded | EndState::Unknown => StateKind::Degraded,
                EndState::Active | EndState::Refreshing => StateKind::Active,
            }),
        }
    }

    /// The end that is in trouble, the more serious one first; `None` if both work.
    pub fn worst_end(&self) -> Option<(End, EndState)> {
        let weight = |state: EndState| match state {
            EndState::Active | EndState::Refreshing => 0,
            EndState::Degraded => 1,
            EndState::Unknown => 2,
            EndState::Ended => 3,
        };
        let (platform, accounting) = (self.platform.state(), self.accounting.state());
        let worst = if weight(accounting) > weight(platform) {
            (End::Accounting, accounting)
        } else {
            (End::Platform, platform)
        };
        (weight(worst.1) > 0).then_some(worst)
    }

    /// Whether calls may go through it at all.
    pub const fn is_live(&self) -> bool {
        matches!(self.stage, Stage::Live)
    }
}
