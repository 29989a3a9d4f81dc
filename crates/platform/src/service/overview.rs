//! What those who administer the platform see.

use std::collections::{BTreeMap, BTreeSet};

use audit::{Actor, AuditRecord, Filter};
use authserver::{AuthorisationFilter, Client, ClientId, ClientState};
use base::{Scope, StoreError, Timestamp};
use identity::{Account, AccountId, AccountSelection, Email, SessionSummary};

use crate::{
    ActError, ClientUsage, CompanyId, CompanySelection, ConnectedApp, Counts, Employee, ListedCompany,
    Membership, Platform, Subject,
};

/// Most rows of a list inside a page about one thing.
const MOST: u32 = 200;

/// How many authorisations, and how many keys, of a client are looked at to say how much it is used.
const USES_AT_MOST: u32 = 1000;

/// How many clients are read at once.
const CLIENTS_AT_ONCE: u32 = 500;

/// A person with what hangs on them.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// The person.
    pub account: Account,
    /// Whether they administer the platform.
    pub platform_admin: bool,
    /// Their role in each company.
    pub memberships: Vec<Membership>,
    /// Where they are signed in, newest first.
    pub sessions: Vec<SessionSummary>,
    /// What they have consented to and has not ended; at most 200.
    pub consented: Vec<Consented>,
}

/// Something a person consented to that has not ended.
#[derive(Debug, Clone)]
pub struct Consented {
    /// The client.
    pub client_id: ClientId,
    /// Its name.
    pub client_name: String,
    /// To what, as a URN.
    pub subject: String,
    /// What it may do.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
}

/// A company with what hangs on it.
#[derive(Debug, Clone)]
pub struct CompanyView {
    /// The company and its organisation's name.
    pub listed: ListedCompany,
    /// Its people; at most 200.
    pub staff: Vec<Employee>,
    /// What has access to it, then what has access to its whole organisation.
    pub apps: Vec<ConnectedApp>,
    /// How many API keys that no application holds work for it alone.
    pub own_keys: usize,
    /// How many of them work for its whole organisation.
    pub organisation_keys: usize,
}

impl Platform {
    /// How much there is of everything.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.store.counts().await
    }

    /// How much clients are used, up to a thousand uses of each; one that nobody has used is not among them.
    pub async fn client_usage(&self, clients: &[ClientId]) -> Result<Vec<ClientUsage>, StoreError> {
        self.store.client_usage(clients, self.clock.now(), USES_AT_MOST).await
    }

    /// The clients whose name or id holds `text`, in one state or in any but removed, by name. There are as many as somebody looked
    /// at one by one, so all of them are read.
    pub async fn find_clients(
        &self,
        text: &str,
        state: Option<ClientState>,
    ) -> Result<Vec<Client>, StoreError> {
        let text = text.trim().to_lowercase();
        let fits = |client: &Client| {
            let of_state = match state {
                Some(ClientState::AwaitingReview) => client.state.awaits_review(),
                Some(state) => client.state == state,
                None => client.state != ClientState::Removed,
            };
            let id = client.id().as_str().to_lowercase();
            of_state && (client.spec.name.to_lowercase().contains(&text) || id.contains(&text))
        };
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let clients = self.server.clients(after.as_ref(), CLIENTS_AT_ONCE).await?;
            let Some(last) = clients.last() else { break };
            after = Some(last.id().clone());
            found.extend(clients.into_iter().filter(fits));
        }
        found.sort_by_cached_key(|client| (client.spec.name.to_lowercase(), client.id().clone()));
        Ok(found)
    }

    /// At most `limit` people of a selection by their address, those after `after`; where `text` is not empty, those alone whose address or name
    /// holds it.
    pub async fn find_people(
        &self,
        text: &str,
        selection: AccountSelection,
        after: Option<&Email>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        self.identity.list_accounts(text, selection, after, limit).await
    }

    /// A person with what hangs on them.
    pub async fn person(&self, id: AccountId) -> Result<Option<PersonView>, ActError> {
        let Some(account) = self.identity.account(id).await? else { return Ok(None) };
        let filter =
            AuthorisationFilter { granted_by: Some(id.to_string()), ..AuthorisationFilter::default() };
        let mut consented = Vec::new();
        for authorisation in self.server.list_authorisations(filter, MOST).await? {
            let client = self.server.client(&authorisation.client_id).await?;
            consented.push(Consented {
                client_name: client
                    .map_or_else(|| authorisation.client_id.to_string(), |client| client.spec.name),
                client_id: authorisation.client_id,
                subject: authorisation.subject,
                scope: authorisation.scope,
                since: authorisation.created_at,
            });
        }
        Ok(Some(PersonView {
            platform_admin: self.store.is_platform_admin(id).await?,
            memberships: self.store.memberships(id).await?,
            sessions: self.identity.sessions_of(id).await?,
            consented,
            account,
        }))
    }

    /// At most `limit` companies of a selection by name, those after `after`; where `text` is not empty, those alone whose name, number or
    /// organisation holds it, or whose id it is.
    pub async fn find_companies(
        &self,
        text: &str,
        selection: CompanySelection,
        after: Option<CompanyId>,
        limit: u32,
    ) -> Result<Vec<ListedCompany>, StoreError> {
        self.store.find_companies(text.trim(), selection, after, limit).await
    }

    /// A company with what hangs on it.
    pub async fn company_view(&self, id: CompanyId) -> Result<Option<CompanyView>, ActError> {
        let Some(company) = self.store.company(id).await? else { return Ok(None) };
        let organisation = self.store.organisation(company.organisation).await?;
        let organisation_name = organisation.map(|organisation| organisation.name).unwrap_or_default();
        let whole = Subject::Organisation(company.organisation);
        let mut apps = self.apps_of(Subject::Company(id), &company.name).await?;
        apps.extend(self.apps_of(whole, &organisation_name).await?);
        // One that was made while the company had the feature does not work without it.
        let own_keys = if company.standalone_api_keys {
            self.live_standalone_keys(Subject::Company(id)).await?.len()
        } else {
            0
        };
        let organisation_keys = self.live_standalone_keys(whole).await?.len();
        Ok(Some(CompanyView {
            listed: ListedCompany { company, organisation_name },
            staff: self.store.staff(id, MOST).await?,
            apps,
            own_keys,
            organisation_keys,
        }))
    }

    /// Names for people to read, of what audit records hold: subjects and actors as texts, and ids of clients. What has no name is
    /// left out.
    pub async fn names_of<'a>(
        &self,
        texts: impl Iterator<Item = &'a str> + Send,
        clients: impl Iterator<Item = &'a str> + Send,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let mut names = BTreeMap::new();
        for text in texts.collect::<BTreeSet<_>>() {
            if let Some(name) = self.name_of(text).await? {
                names.insert(text.to_owned(), name);
            }
        }
        for client in clients.collect::<BTreeSet<_>>() {
            if let Some(name) = self.client_name(client).await? {
                names.insert(client.to_owned(), name);
            }
        }
        Ok(names)
    }

    async fn name_of(&self, text: &str) -> Result<Option<String>, StoreError> {
        if let Ok(subject) = text.parse::<Subject>() {
            return Ok(match subject {
                Subject::Company(id) => self.store.company(id).await?.map(|company| company.name),
                Subject::Organisation(id) => self.store.organisation(id).await?.map(|o| o.name),
            });
        }
        if let Ok(account) = text.parse::<AccountId>() {
            return self.email_of(account).await;
        }
        match text.parse::<Actor>() {
            Ok(Actor::User(id)) => match id.parse::<AccountId>() {
                Ok(account) => self.email_of(account).await,
                Err(_) => Ok(None),
            },
            Ok(Actor::Client(id)) => self.client_name(&id).await,
            Ok(Actor::CommandLine) => Ok(Some("Somebody at the command line".to_owned())),
            Ok(Actor::Sandbox) => Ok(Some("A sandbox switch".to_owned())),
            Ok(Actor::System) => Ok(Some("Mainstay itself".to_owned())),
            _ => Ok(None),
        }
    }

    async fn email_of(&self, account: AccountId) -> Result<Option<String>, StoreError> {
        Ok(self.identity.account(account).await?.map(|account| account.email.to_string()))
    }

    async fn client_name(&self, id: &str) -> Result<Option<String>, StoreError> {
        Ok(self.server.client(&ClientId::new(id)).await?.map(|client| client.spec.name))
    }

    /// Up to `limit` audit records, newest first.
    pub async fn audit_records(&self, filter: Filter, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.store.audit_records(filter, limit).await
    }
}
