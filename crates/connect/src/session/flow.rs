use base::Timestamp;
use refresh::GrantId;
use serde::{Deserialize, Serialize};

use crate::{Company, ConnectionId, End};

/// An end that is signed in and whose company is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The credential, stored already; it hangs on the session until the pair is made.
    pub grant: GrantId,
    /// The company.
    pub company: Company,
    /// Every company that the same sign-in reaches.
    #[serde(default)]
    pub reaches: Vec<String>,
}

/// A person is at a provider. The values that tie the answer to this request; secrets are kept as hashes or sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// The key of the hash of the `state` value.
    pub state_key: String,
    /// The hash of the `state` value, in hex.
    pub state_mac: String,
    /// The redirect URI that was sent and must be sent again with the code (facts 17.31).
    pub redirect_uri: String,
    /// The client that asked.
    pub client_id: String,
    /// When the person was sent away.
    pub since: Timestamp,
}

/// How far a walk has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Flow {
    /// The link was made. Looking at it changes nothing.
    Offered,
    /// A button takes the person to `end` to sign in.
    Ready {
        /// Where to.
        end: End,
        /// Pleo's end, once it is known.
        platform: Option<Party>,
    },
    /// The person is at `end`, signing in.
    Away {
        /// Where.
        end: End,
        /// Pleo's end, once it is known.
        platform: Option<Party>,
        /// What the answer is checked against.
        away: Away,
    },
    /// The answer came; its code is being exchanged. A second answer to the same request is refused from here on.
    Exchanging {
        /// Where.
        end: End,
        /// Pleo's end, once it is known.
        platform: Option<Party>,
        /// Since when. A process that died in the middle leaves this standing; the person then signs in once more.
        since: Timestamp,
    },
    /// Signed in, credential stored; the provider has yet to say for which company.
    Identifying {
        /// Where.
        end: End,
        /// Pleo's end, once it is known.
        platform: Option<Party>,
        /// The credential.
        grant: GrantId,
        /// The company that came with the redirect, at providers that tell it there (facts 16.3).
        redirect_company: Option<String>,
    },
    /// A key is to be pasted.
    AwaitingKey {
        /// For which end.
        end: End,
        /// Pleo's end, once it is known.
        platform: Option<Party>,
    },
    /// The sign-in reaches several companies; the person picks one.
    Choosing {
        /// Where.
        end: End,
        /// Pleo's end, once it is known.
        platform: Option<Party>,
        /// The credential.
        grant: GrantId,
        /// What it reaches, as of just now.
        companies: Vec<Company>,
    },
    /// Both ends are known; the person says whether they belong together.
    Confirming {
        /// Pleo.
        platform: Party,
        /// The accounting system.
        accounting: Party,
    },
    /// Over, with a result.
    Done {
        /// The connection.
        connection: ConnectionId,
        /// The result.
        finished: Finished,
    },
    /// The person chose not to. Nothing was made.
    Cancelled,
}

/// The results of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finished {
    /// The pair is made and works.
    Connected,
    /// The pair waits for the backend's confirmation.
    AwaitingConfirmation,
    /// The connection goes on with a new sign-in.
    Reauthorised,
}

/// Why a step cannot be taken: the walk stands elsewhere. The page shows where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// The walk stands at another step.
    #[error("this step has been taken already, or is not due yet")]
    NotHere,
    /// The company is not one of those that the sign-in reaches.
    #[error("this company is not among those that the sign-in reaches")]
    NoSuchCompany,
}

impl Flow {
    /// The person pressed Start, or wants to try an end (again): off to `end`. Also from `Away`, as a person who went back and
    /// pressed again has given up the earlier attempt, whose answer is refused from then on.
    pub fn leave(self, end: End, away: Away) -> Result<Self, FlowError> {
        match self {
            Self::Offered => Ok(Self::Away { end, platform: None, away }),
            Self::Ready { end: at, platform }
            | Self::Away { end: at, platform, .. }
            | Self::Exchanging { end: at, platform, .. }
            | Self::Identifying { end: at, platform, .. }
            | Self::Choosing { end: at, platform, .. }
                if at == end =>
            {
                Ok(Self::Away { end, platform, away })
            }
            _ => Err(FlowError::NotHere),
        }
    }

    /// A key is to be pasted for `end` instead of a sign-in.
    pub fn ask_for_key(self, end: End) -> Result<Self, FlowError> {
        match self {
            Self::Offered => Ok(Self::AwaitingKey { end, platform: None }),
            Self::Ready { end: at, platform } | Self::AwaitingKey { end: at, platform } if at == end => {
                Ok(Self::AwaitingKey { end, platform })
            }
            _ => Err(FlowError::NotHere),
        }
    }

    /// The answer to the request under way is here and belongs to it.
    pub fn answered(self, now: Timestamp) -> Result<Self, FlowError> {
        match self {
            Self::Away { end, platform, .. } => Ok(Self::Exchanging { end, platform, since: now }),
            _ => Err(FlowError::NotHere),
        }
    }

    /// The sign-in came to nothing; the person may try again from here.
    pub fn came_to_nothing(self) -> Result<Self, FlowError> {
        match self {
            Self::Away { end, platform, .. }
            | Self::Exchanging { end, platform, .. }
            | Self::Identifying { end, platform, .. }
            | Self::Choosing { end, platform, .. }
            | Self::AwaitingKey { end, platform } => Ok(Self::Ready { end, platform }),
            _ => Err(FlowError::NotHere),
        }
    }

    /// The code was exchanged and the credential stored.
    pub fn signed_in(self, grant: GrantId, redirect_company: Option<String>) -> Result<Self, FlowError> {
        match self {
            Self::Exchanging { end, platform, .. } | Self::AwaitingKey { end, platform } => {
                Ok(Self::Identifying { end, platform, grant, redirect_company })
            }
            _ => Err(FlowError::NotHere),
        }
    }

    /// The provider said which companies the sign-in reaches. One: it is the one. Several: the person picks.
    pub fn identified(self, mut companies: Vec<Company>) -> Result<Self, FlowError> {
        let (Self::Identifying { end, platform, grant, .. } | Self::Choosing { end, platform, grant, .. }) =
            self
        else {
            return Err(FlowError::NotHere);
        };
        match companies.len() {
            0 => Err(FlowError::NoSuchCompany),
            1 => {
                let company = companies.remove(0);
                let reaches = vec![company.id.clone()];
                Self::known(end, platform, Party { grant, company, reaches })
            }
            _ => Ok(Self::Choosing { end, platform, grant, companies }),
        }
    }

    /// The person picked a company.
    pub fn choose(self, company: &str) -> Result<Self, FlowError> {
        let Self::Choosing { end, platform, grant, companies } = self else { return Err(FlowError::NotHere) };
        let reaches = companies.iter().map(|company| company.id.clone()).collect();
        let company = companies
            .into_iter()
            .find(|candidate| candidate.id == company)
            .ok_or(FlowError::NoSuchCompany)?;
        Self::known(end, platform, Party { grant, company, reaches })
    }

    fn known(end: End, platform: Option<Party>, party: Party) -> Result<Self, FlowError> {
        match (end, platform) {
            (End::Platform, None) => Ok(Self::Ready { end: End::Accounting, platform: Some(party) }),
            (End::Accounting, Some(platform)) => Ok(Self::Confirming { platform, accounting: party }),
            (End::Platform, Some(_)) | (End::Accounting, None) => Err(FlowError::NotHere),
        }
    }

    /// The person, or the probe before confirming, sends the walk back to sign in at `end` again.
    pub fn back_to(self, end: End) -> Result<Self, FlowError> {
        match (self, end) {
            (Self::Confirming { platform, .. }, End::Accounting) => {
                Ok(Self::Ready { end, platform: Some(platform) })
            }
            (Self::Choosing { end: End::Accounting, platform, .. }, End::Accounting) => {
                Ok(Self::Ready { end, platform })
            }
            (
                Self::Confirming { .. } | Self::Choosing { .. } | Self::Ready { .. } | Self::Away { .. },
                End::Platform,
            ) => Ok(Self::Ready { end, platform: None }),
            _ => Err(FlowError::NotHere),
        }
    }

    /// The pair was made, from the two parties that were shown.
    pub fn paired(self, connection: ConnectionId, finished: Finished) -> Result<Self, FlowError> {
        match self {
            Self::Confirming { .. } => Ok(Self::Done { connection, finished }),
            _ => Err(FlowError::NotHere),
        }
    }

    /// A new sign-in for an existing connection was accepted.
    pub fn reauthorised(self, connection: ConnectionId) -> Result<Self, FlowError> {
        match self {
            Self::Identifying { .. } => Ok(Self::Done { connection, finished: Finished::Reauthorised }),
            _ => Err(FlowError::NotHere),
        }
    }

    /// The person chose not to.
    pub fn cancel(self) -> Result<Self, FlowError> {
        match self {
            Self::Done { .. } | Self::Cancelled => Err(FlowError::NotHere),
            _ => Ok(Self::Cancelled),
        }
    }

    /// Grants that hang on this walk alone.
    pub fn loose_grants(&self) -> Vec<GrantId> {
        let (platform, own) = match self {
            Self::Offered | Self::Done { .. } | Self::Cancelled => (None, None),
            Self::Ready { platform, .. }
            | Self::Away { platform, .. }
            | Self::Exchanging { platform, .. }
            | Self::AwaitingKey { platform, .. } => (platform.as_ref(), None),
            Self::Identifying { platform, grant, .. } | Self::Choosing { platform, grant, .. } => {
                (platform.as_ref(), Some(*grant))
            }
            Self::Confirming { platform, accounting } => (Some(platform), Some(accounting.grant)),
        };
        platform.map(|party| party.grant).into_iter().chain(own).collect()
    }

    /// The party at `end`, as far as it is known.
    pub const fn party(&self, end: End) -> Option<&Party> {
        match (self, end) {
            (
                Self::Ready { platform, .. }
                | Self::Away { platform, .. }
                | Self::Exchanging { platform, .. }
                | Self::Identifying { platform, .. }
                | Self::AwaitingKey { platform, .. }
                | Self::Choosing { platform, .. },
                End::Platform,
            ) => platform.as_ref(),
            (Self::Confirming { platform, .. }, End::Platform) => Some(platform),
            (Self::Confirming { accounting, .. }, End::Accounting) => Some(accounting),
            _ => None,
        }
    }

    /// The end that is being signed in at present.
    pub const fn end(&self) -> Option<End> {
        match self {
            Self::Ready { end, .. }
            | Self::Away { end, .. }
            | Self::Exchanging { end, .. }
            | Self::Identifying { end, .. }
            | Self::AwaitingKey { end, .. }
            | Self::Choosing { end, .. } => Some(*end),
            Self::Offered | Self::Confirming { .. } | Self::Done { .. } | Self::Cancelled => None,
        }
    }
}
