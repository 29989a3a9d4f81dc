use std::fmt;

use async_trait::async_trait;
use authserver::ClientId;
use base::{Scope, StoreError, Timestamp};

use crate::{Company, CompanyId, Employee, Subject};

/// What those who administer the platform look at, across all tenants.
#[async_trait]
pub trait Overview: Send + Sync {
    /// How much there is of everything.
    async fn counts(&self) -> Result<Counts, StoreError>;

    /// How much clients are used, in any order; a client that nobody has used is not among them. Of each client's authorisations, and
    /// of its keys, the newest `most` are looked at and no more.
    async fn client_usage(
        &self,
        clients: &[ClientId],
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<ClientUsage>, StoreError>;

    /// What holds tokens over a subject, in any order: one for each client and scope, however many consents there were.
    async fn token_accesses(&self, subject: Subject, now: Timestamp) -> Result<Vec<TokenAccess>, StoreError>;

    /// At most `limit` companies of a selection by name, those after `after`; where `text` is not empty, those alone whose
    /// name, registration number or organisation holds it, whatever the case, or whose id it is.
    async fn find_companies(
        &self,
        text: &str,
        selection: CompanySelection,
        after: Option<CompanyId>,
        limit: u32,
    ) -> Result<Vec<ListedCompany>, StoreError>;

    /// At most `limit` people of a company, suspended or not, by their address.
    async fn staff(&self, company: CompanyId, limit: u32) -> Result<Vec<Employee>, StoreError>;
}

/// Which companies a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CompanySelection {
    /// All of them, suspended ones too.
    #[default]
    All,
    /// Those that are suspended.
    Suspended,
}

/// How much there is on a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// People who may sign in or might.
    pub users: u64,
    /// Those of them who may not.
    pub disabled_users: u64,
    /// Companies.
    pub companies: u64,
    /// Those of them that are suspended.
    pub suspended_companies: u64,
    /// Clients that wait for review.
    pub waiting_clients: u64,
    /// Clients in use, those with a change that waits too.
    pub approved_clients: u64,
}

/// How much a client is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientUsage {
    /// The client.
    pub client_id: ClientId,
    /// Its live authorisations.
    pub authorisations: Tally,
    /// Its live integrated API keys.
    pub api_keys: Tally,
    /// The last exchange, refresh or call with a key, of those that live and were counted.
    pub last_used_at: Option<Timestamp>,
}

/// What the authorisations of one client over one subject, with one scope, come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenAccess {
    /// The client.
    pub client_id: ClientId,
    /// What they allow.
    pub scope: Scope,
    /// When the first of them was given.
    pub since: Timestamp,
    /// The last exchange or refresh.
    pub last_used_at: Option<Timestamp>,
    /// Whether a token of one of them works.
    pub live: bool,
}

/// A count that may have stopped before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How many were counted.
    pub number: u64,
    /// Whether there are no more than those.
    pub is_all: bool,
}

impl Tally {
    /// There are none.
    pub const NONE: Self = Self { number: 0, is_all: true };
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, is_all } = self;
        if *is_all { write!(f, "{number}") } else { write!(f, "at least {number}") }
    }
}

/// A company in a list for those who administer the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCompany {
    /// The company.
    pub company: Company,
    /// The name of its organisation.
    pub organisation_name: String,
}
