use async_trait::async_trait;
use base::{Id, IdKind, StoreError, Timestamp};
use identity::AccountId;
use serde_json::Value;

/// A company in an accounting system: tenant, organisation, business, division, agreement, as it is called there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its id there.
    pub id: String,
    /// Its name.
    pub name: String,
    /// ISO 3166 code of its country.
    pub country: String,
    /// Its registration number.
    pub registration_number: Option<String>,
}

/// The kind of a [`ConnectionId`].
#[derive(Debug)]
pub enum ConnectionKind {}

impl IdKind for ConnectionKind {
    // Shown as systems such as Xero show it.
    const PREFIX: &'static str = "";
}

/// The id of a [`Connected`].
pub type ConnectionId = Id<ConnectionKind>;

/// A company that a client reaches through a user's consent, in systems where one consent reaches several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Its id.
    pub id: ConnectionId,
    /// The company.
    pub company: Company,
    /// When it was first connected.
    pub created_at: Timestamp,
    /// When consent was last given.
    pub updated_at: Timestamp,
}

/// The kind of an [`EntryId`].
#[derive(Debug)]
pub enum EntryKind {}

impl IdKind for EntryKind {
    const PREFIX: &'static str = "";
}

/// The id of a bookkeeping entry.
pub type EntryId = Id<EntryKind>;

/// A bookkeeping entry that is to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBooking {
    /// Its id.
    pub id: EntryId,
    /// In whose books.
    pub company_id: String,
    /// Which client made it.
    pub client_id: String,
    /// What it says, as it was sent.
    pub document: Value,
    /// When.
    pub booked_at: Timestamp,
}

/// A bookkeeping entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    /// What was asked for.
    pub booking: NewBooking,
    /// Its number in the company's books, from 1 without gaps.
    pub number: u64,
}

/// An application of a system with static tokens (e-conomic, facts 16.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its public id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Keyed hash of its secret token.
    pub secret_hash: [u8; 32],
    /// Where a grant token may be sent.
    pub redirect_uris: Vec<String>,
}

/// What a customer's grant token stands for (e-conomic, facts 16.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Keyed hash of the grant token.
    pub token_hash: [u8; 32],
    /// The application.
    pub client_id: String,
    /// The company.
    pub company_id: String,
    /// Who gave it.
    pub granted_by: AccountId,
    /// When.
    pub created_at: Timestamp,
}

/// Where a stand-in keeps companies, reach and books. Each method is one transaction.
#[async_trait]
pub trait Store: Send + Sync {
    /// Adds the company, or replaces what is known of it; its books stay.
    async fn put_company(&self, company: &Company) -> Result<(), StoreError>;

    /// The company with this id.
    async fn company(&self, id: &str) -> Result<Option<Company>, StoreError>;

    /// Lets the account work in the company; nothing if it does already.
    async fn add_member(&self, account: AccountId, company_id: &str) -> Result<(), StoreError>;

    /// The companies that the account works in, by name.
    async fn companies_of(&self, account: AccountId) -> Result<Vec<Company>, StoreError>;

    /// Lets the client reach these companies through the account. What was reached before stays, with its id.
    async fn connect(
        &self,
        client_id: &str,
        account: AccountId,
        companies: Vec<(ConnectionId, String)>,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// What the client reaches through the account, by name.
    async fn connected(&self, client_id: &str, account: AccountId) -> Result<Vec<Connected>, StoreError>;

    /// Ends one reach; whether there was one.
    async fn disconnect(
        &self,
        client_id: &str,
        account: AccountId,
        id: ConnectionId,
    ) -> Result<bool, StoreError>;

    /// Ends the client's reach into the company, or all its reach, through whomever. Through whom it was, each once.
    async fn disconnect_all(
        &self,
        client_id: &str,
        company_id: Option<&str>,
    ) -> Result<Vec<AccountId>, StoreError>;

    /// Makes an entry; its number.
    async fn book(&self, booking: &NewBooking) -> Result<u64, StoreError>;

    /// Up to `limit` entries of a company with numbers above `after`, in order.
    async fn booked(&self, company_id: &str, after: u64, limit: u32) -> Result<Vec<Booked>, StoreError>;

    /// Adds the application, or replaces it.
    async fn put_application(&self, application: &Application) -> Result<(), StoreError>;

    /// The application with this id.
    async fn application(&self, client_id: &str) -> Result<Option<Application>, StoreError>;

    /// The application with this secret.
    async fn application_by_secret(&self, secret_hash: &[u8; 32]) -> Result<Option<Application>, StoreError>;

    /// Keeps a grant token.
    async fn put_agreement(&self, agreement: &Agreement) -> Result<(), StoreError>;

    /// What a grant token stands for.
    async fn agreement(&self, token_hash: &[u8; 32]) -> Result<Option<Agreement>, StoreError>;

    /// Ends a client's grant tokens for the company, or all of them; how many there were.
    async fn end_agreements(&self, client_id: &str, company_id: Option<&str>) -> Result<usize, StoreError>;

    /// Ends one grant token; whether there was one.
    async fn end_agreement(&self, token_hash: &[u8; 32]) -> Result<bool, StoreError>;
}
