use std::collections::BTreeSet;

use authserver::{ClientId, KeyedHash, KeyedTokenCheck};
use base::{Scope, StoreError, Timestamp};
use identity::{Account, AccountId};
use oauth::token_text::TokenText;

use super::rights::Rights;
use crate::api_key::HASH_CONTEXT;
use crate::{
    ActError, ApiKey, ApiKeyId, ApiKeyOrigin, ApiKeyText, Application, By, Company, CompanyId, CreatedApiKey,
    Platform, StoredApiKey, Subject, SubjectType, describe,
};

/// The longest name of a standalone key, in characters.
const LONGEST_NAME: usize = 100;
/// The types of the records of what is done to keys.
const CREATED: &str = "api_key.created";
const REVOKED: &str = "api_key.revoked";

/// A standalone key to be made (facts 10.3).
#[derive(Debug, Clone)]
pub struct NewStandaloneKey {
    /// For which company, or for the organisation of which company.
    pub company: CompanyId,
    /// What it is called.
    pub name: String,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Whether it reaches the company or its whole organisation.
    pub access: SubjectType,
    /// What it may do.
    pub scope: Scope,
}

/// What a person may do with standalone keys in one company.
#[derive(Debug, Clone)]
pub struct StandaloneAccess {
    /// The company.
    pub company: Company,
    /// Whether they may also make keys for its whole organisation.
    pub organisation_wide: bool,
    /// The keys of the company, and of its organisation where they may see those; newest first.
    pub keys: Vec<ApiKey>,
}

/// How many live API keys, of those that no application holds, reach the companies that a person may decide about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnKeys {
    /// Those that they may see and delete.
    pub shown: usize,
    /// Those for a whole organisation, about which others decide.
    pub beyond: usize,
}

/// Who makes a key.
#[derive(Clone, Copy)]
struct Maker<'a> {
    account: Option<AccountId>,
    /// The key's id, where it is given.
    id: Option<ApiKeyId>,
    by: &'a By,
}

impl Platform {
    /// The companies whose API keys a person may see and make: where they are admin or bookkeeper and the feature is on.
    pub async fn standalone_access(&self, account: AccountId) -> Result<Vec<StandaloneAccess>, ActError> {
        let rights = self.rights(account).await?;
        let mut all = Vec::new();
        for company in
            rights.companies.iter().map(|membership| &membership.company).filter(|c| c.standalone_api_keys)
        {
            let organisation = Subject::Organisation(company.organisation);
            let organisation_wide = rights.cover(organisation);
            let mut keys = self.store.api_keys(Some(Subject::Company(company.id))).await?;
            if organisation_wide {
                keys.extend(self.store.api_keys(Some(organisation)).await?);
            }
            all.push(StandaloneAccess { company: company.clone(), organisation_wide, keys });
        }
        Ok(all)
    }

    /// How many standalone keys reach a person's companies.
    pub async fn own_keys(&self, account: AccountId) -> Result<OwnKeys, ActError> {
        let now = self.clock.now();
        let shown: BTreeSet<ApiKeyId> = self
            .standalone_access(account)
            .await?
            .into_iter()
            .flat_map(|access| access.keys)
            .filter(|key| key.is_live(now) && key.is_standalone())
            .map(|key| key.id)
            .collect();
        let rights = self.rights(account).await?;
        let mut beyond = 0;
        for (id, _) in rights.organisations.iter().chain(&rights.organisations_beyond) {
            let keys = self.live_standalone_keys(Subject::Organisation(*id)).await?;
            beyond += keys.iter().filter(|key| !shown.contains(&key.id)).count();
        }
        Ok(OwnKeys { shown: shown.len(), beyond })
    }

    /// The keys for a subject that no application holds and that are not over.
    pub(crate) async fn live_standalone_keys(&self, subject: Subject) -> Result<Vec<ApiKey>, ActError> {
        let now = self.clock.now();
        let mut keys = self.store.api_keys(Some(subject)).await?;
        keys.retain(|key| key.is_live(now) && key.is_standalone());
        Ok(keys)
    }

    /// Makes a standalone key for a person.
    pub async fn create_standalone_key(
        &self,
        account: &Account,
        by: &By,
        new: NewStandaloneKey,
    ) -> Result<CreatedApiKey, ActError> {
        let rights = self.rights(account.id).await?;
        let subject = Subject::Company(new.company);
        let Some(company) = rights.company(subject).filter(|company| company.standalone_api_keys) else {
            self.tell_no_right(by, CREATED, Some(subject), None).await;
            return Err(ActError::NotAllowed);
        };
        let subject = subject_of(company, new.access);
        if !rights.cover(subject) {
            self.tell_no_right(by, CREATED, Some(subject), None).await;
            return Err(ActError::invalid(
                "access_level",
                "a key for the organisation needs an admin or bookkeeper of each of its companies",
            ));
        }
        self.make_standalone(subject, new, Maker { account: Some(account.id), id: None, by }).await
    }

    /// Makes a standalone key at the command line, where no person's role is asked for; under a given id if there is one.
    pub async fn create_standalone_key_unattended(
        &self,
        by: &By,
        new: NewStandaloneKey,
        id: Option<ApiKeyId>,
    ) -> Result<CreatedApiKey, ActError> {
        let company = self.known_company(new.company).await?;
        if !company.standalone_api_keys {
            return Err(ActError::invalid("company", "standalone API keys are not enabled for this company"));
        }
        let maker = Maker { account: None, id, by };
        self.make_standalone(subject_of(&company, new.access), new, maker).await
    }

    async fn make_standalone(
        &self,
        subject: Subject,
        new: NewStandaloneKey,
        maker: Maker<'_>,
    ) -> Result<CreatedApiKey, ActError> {
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(ActError::invalid("name", format!("a name has 1 to {LONGEST_NAME} characters")));
        }
        if new.expires_at.is_some_and(|end| end <= self.clock.now()) {
            return Err(ActError::invalid("expires_at", "the last day must be today or later"));
        }
        if new.scope.is_empty() {
            return Err(ActError::invalid("scopes", "choose at least one permission"));
        }
        if let Some(unknown) = new.scope.iter().find(|scope| describe(scope).is_none()) {
            return Err(ActError::invalid("scopes", format!("there is no permission {unknown}")));
        }
        let origin = ApiKeyOrigin::Standalone { name: name.to_owned() };
        self.make_key(origin, subject, new.scope, new.expires_at, maker).await
    }

    /// Installs an application that works with an integrated key: makes the key, in place of an earlier one (facts 10.2).
    pub async fn create_integrated_key(
        &self,
        account: &Account,
        by: &By,
        client_id: &ClientId,
        company: CompanyId,
    ) -> Result<CreatedApiKey, ActError> {
        let rights: Rights = self.rights(account.id).await?;
        if rights.company(Subject::Company(company)).is_none() {
            let known = self.server.client(client_id).await?;
            let client = known.as_ref().map(|client| client.id().as_str());
            self.tell_no_right(by, CREATED, Some(Subject::Company(company)), client).await;
            return Err(ActError::NotAllowed);
        }
        self.make_integrated(client_id, company, Maker { account: Some(account.id), id: None, by }).await
    }

    /// The same at the command line.
    pub async fn create_integrated_key_unattended(
        &self,
        by: &By,
        client_id: &ClientId,
        company: CompanyId,
        id: Option<ApiKeyId>,
    ) -> Result<CreatedApiKey, ActError> {
        let company = self.known_company(company).await?;
        self.make_integrated(client_id, company.id, Maker { account: None, id, by }).await
    }

    async fn make_integrated(
        &self,
        client_id: &ClientId,
        company: CompanyId,
        maker: Maker<'_>,
    ) -> Result<CreatedApiKey, ActError> {
        let client = self.server.client(client_id).await?.ok_or_else(|| ActError::no_client(client_id))?;
        let application = Application::from(&client);
        if !application.approved || !application.integrated_api_keys {
            return Err(ActError::invalid("client_id", "this application is not installed with an API key"));
        }
        let origin = ApiKeyOrigin::Integrated { client_id: application.client_id };
        self.make_key(origin, Subject::Company(company), application.scope, None, maker).await
    }

    async fn make_key(
        &self,
        origin: ApiKeyOrigin,
        subject: Subject,
        scope: Scope,
        expires_at: Option<Timestamp>,
        maker: Maker<'_>,
    ) -> Result<CreatedApiKey, ActError> {
        let id = maker.id.unwrap_or_else(|| ApiKeyId::new(&*self.clock, &*self.entropy));
        let token = TokenText::<ApiKeyText>::generate(id.uuid(), 0, &*self.entropy);
        let text = token.render(&KeyedTokenCheck(&self.keys));
        let tail = text.expose().char_indices().rev().nth(3).map_or(0, |(at, _)| at);
        let last_four = text.expose()[tail..].to_owned();
        let hash = KeyedHash::make(&self.keys, HASH_CONTEXT, id.uuid().as_bytes(), token.secret.expose());
        let key = ApiKey {
            id,
            origin,
            subject,
            scope,
            last_four,
            created_by: maker.account,
            created_at: self.clock.now(),
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let client = match &key.origin {
            ApiKeyOrigin::Integrated { client_id } => Some(client_id.as_str()),
            ApiKeyOrigin::Standalone { .. } => None,
        };
        let scope = key.scope.to_string();
        let told = [("key", id.to_string()), ("scope", scope)];
        let told: Vec<_> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let audit = self.audited(CREATED, maker.by, subject, client, &told);
        let stored = StoredApiKey { key: key.clone(), hash };
        match self.store.add_api_key(&stored, audit.clone()).await {
            // Somebody installed the same application in the same moment; this one comes after it.
            Err(StoreError::Duplicate(_)) => self.store.add_api_key(&stored, audit).await?,
            other => other?,
        }
        Ok(CreatedApiKey { key, text })
    }

    /// Revokes a key for a person who may decide about what it reaches.
    pub async fn revoke_api_key(&self, account: &Account, by: &By, id: ApiKeyId) -> Result<(), ActError> {
        let rights = self.rights(account.id).await?;
        // Not telling a key of another company from one that does not exist.
        let key = self.store.api_key(id).await?.map(|stored| stored.key);
        match key {
            Some(key) if rights.cover(key.subject) => self.revoke(&key, by).await,
            other => {
                self.tell_no_right(by, REVOKED, other.map(|key| key.subject), None).await;
                Err(ActError::NotFound { what: format!("API key {id}") })
            }
        }
    }

    /// Revokes a key at the command line.
    pub async fn revoke_api_key_unattended(&self, by: &By, id: ApiKeyId) -> Result<(), ActError> {
        let stored = self
            .store
            .api_key(id)
            .await?
            .ok_or_else(|| ActError::NotFound { what: format!("API key {id}") })?;
        self.revoke(&stored.key, by).await
    }

    async fn revoke(&self, key: &ApiKey, by: &By) -> Result<(), ActError> {
        let id = key.id.to_string();
        let audit = self.audited(REVOKED, by, key.subject, None, &[("key", &id)]);
        // Revoking twice is the same as once.
        self.store.revoke_api_key(key.id, self.clock.now(), audit).await?;
        Ok(())
    }

    /// All keys that are not revoked, newest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, ActError> {
        Ok(self.store.api_keys(None).await?)
    }

    async fn known_company(&self, id: CompanyId) -> Result<Company, ActError> {
        self.store.company(id).await?.ok_or_else(|| ActError::NotFound { what: format!("company {id}") })
    }
}

fn subject_of(company: &Company, access: SubjectType) -> Subject {
    match access {
        SubjectType::Company => Subject::Company(company.id),
        SubjectType::Organisation => Subject::Organisation(company.organisation),
    }
}
