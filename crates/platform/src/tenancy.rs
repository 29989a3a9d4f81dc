//! Organisations, their companies, and who may do what in them (facts 1 and 9).

use std::fmt;
use std::str::FromStr;

use base::Timestamp;
use identity::{Account, AccountId};
use serde::{Deserialize, Serialize};

use crate::{CompanyId, EmployeeId, OrganisationId};

/// A group of companies under one roof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// The id Pleo shows.
    pub id: OrganisationId,
    /// What people call it.
    pub name: String,
}

/// One legal entity: what an accounting integration is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// The id Pleo shows.
    pub id: CompanyId,
    /// The organisation it belongs to.
    pub organisation: OrganisationId,
    /// Its name; two companies may have the same one.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Its number in the country's register, by which like-named companies are told apart.
    pub registration_number: Option<String>,
    /// Whether its people may make standalone API keys (facts 10.3: the menu is absent otherwise).
    pub standalone_api_keys: bool,
    /// Since when nothing of it can be reached; `None` while all is well.
    pub suspended_at: Option<Timestamp>,
}

impl Company {
    /// Whether every credential that reaches this company is refused for now.
    pub fn is_suspended(&self) -> bool {
        self.suspended_at.is_some()
    }
}

/// What a person is in one company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the company's account.
    Admin,
    /// Keeps its books.
    Bookkeeper,
    /// Spends and submits.
    Employee,
}

impl Role {
    /// The word used in the seed file and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Bookkeeper => "bookkeeper",
            Self::Employee => "employee",
        }
    }

    /// Whether this role may give an application access, take it away, and make API keys (facts 10.3).
    pub const fn may_consent(self) -> bool {
        matches!(self, Self::Admin | Self::Bookkeeper)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no [`Role`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is admin, bookkeeper or employee")]
pub struct ParseRoleError;

impl FromStr for Role {
    type Err = ParseRoleError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Admin, Self::Bookkeeper, Self::Employee]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(ParseRoleError)
    }
}

/// A person's place in one company, as its directory shows it (`GET /v2/employees`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Employee {
    /// The id Pleo shows.
    pub id: EmployeeId,
    /// The company.
    pub company: CompanyId,
    /// The person who signs in.
    pub account: AccountId,
    /// Their address for post.
    pub email: String,
    /// Given name; all of the name if it has one word.
    pub first_name: String,
    /// The rest of the name.
    pub last_name: String,
    /// What they may do there.
    pub role: Role,
}

impl Employee {
    /// The place of a person in a company, with their name as the account has it.
    pub(crate) fn of(account: &Account, id: EmployeeId, company: CompanyId, role: Role) -> Self {
        let name = account.name.trim();
        let (first_name, last_name) = name.split_once(' ').unwrap_or((name, ""));
        Self {
            id,
            company,
            account: account.id,
            email: account.email.to_string(),
            first_name: first_name.to_owned(),
            last_name: last_name.trim().to_owned(),
            role,
        }
    }
}

/// A user's place in a company together with what a page needs to name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The company.
    pub company: Company,
    /// The name of the company's organisation.
    pub organisation_name: String,
    /// The user's role there.
    pub role: Role,
}
