use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{CompanyId, OrganisationId};

/// What a credential is for: one company, or a whole organisation (facts 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// One legal entity.
    Company(CompanyId),
    /// A group of them: for discovery; accounting calls name the company besides.
    Organisation(OrganisationId),
}

impl Subject {
    /// The bare id, as `sub` of an introspection shows it (facts 18.38).
    pub fn id_text(&self) -> String {
        match self {
            Self::Company(id) => id.to_string(),
            Self::Organisation(id) => id.to_string(),
        }
    }
}

const COMPANY: &str = "urn:pleo:company:";
const ORGANISATION: &str = "urn:pleo:organisation:";

/// The URN that Pleo uses: `urn:pleo:company:<uuid>`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Company(id) => write!(f, "{COMPANY}{id}"),
            Self::Organisation(id) => write!(f, "{ORGANISATION}{id}"),
        }
    }
}

/// A text that is no subject URN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a URN of the form urn:pleo:company:<uuid> or urn:pleo:organisation:<uuid>")]
pub struct ParseSubjectError;

impl FromStr for Subject {
    type Err = ParseSubjectError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(id) = text.strip_prefix(COMPANY) {
            id.parse().map(Self::Company).map_err(|_| ParseSubjectError)
        } else if let Some(id) = text.strip_prefix(ORGANISATION) {
            id.parse().map(Self::Organisation).map_err(|_| ParseSubjectError)
        } else {
            Err(ParseSubjectError)
        }
    }
}

/// What a client's credentials are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// One company, picked on the consent screen.
    #[default]
    Company,
    /// An organisation.
    Organisation,
}

impl SubjectType {
    /// The word used in the seed file and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Organisation => "organisation",
        }
    }
}

impl FromStr for SubjectType {
    type Err = ParseSubjectError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "company" => Ok(Self::Company),
            "organisation" => Ok(Self::Organisation),
            _ => Err(ParseSubjectError),
        }
    }
}

#[cfg(test)]
mod tests;
