use audit::{Actor, Origin};
use authserver::{
    AuthorisationFilter, AuthorizationRefusal, Consent, EndReason, PageReason, ValidatedRequest,
};
use base::{EntropyExt as _, Secret, StoreError};
use identity::AccountId;
use oauth::{Parameters, parameters};

use super::{AGREEMENT, Standin, company_subject, person_subject};
use crate::store::{Agreement, Application, Company, ConnectionId};
use crate::system::Reach;

/// Access that a client asks a person for.
#[derive(Debug, Clone)]
pub enum Asked {
    /// By an authorization request.
    OAuth(Box<ValidatedRequest>),
    /// By the installation page of a system with static tokens.
    Agreement {
        /// Who asks.
        application: Application,
        /// Where the grant token is sent; shown to the person where absent.
        redirect_url: Option<String>,
    },
}

impl Asked {
    /// The client's name.
    pub fn client_name(&self) -> &str {
        match self {
            Self::OAuth(request) => &request.client.spec.name,
            Self::Agreement { application, .. } => &application.name,
        }
    }

    /// Where the browser will be sent.
    pub fn redirect_uri(&self) -> Option<&str> {
        match self {
            Self::OAuth(request) => Some(request.redirect_uri.as_str()),
            Self::Agreement { redirect_url, .. } => redirect_url.as_deref(),
        }
    }

    /// What is asked for, in the system's own words.
    pub fn scopes(&self) -> Vec<&str> {
        match self {
            Self::OAuth(request) => request.scope.iter().filter(|scope| *scope != OFFLINE).collect(),
            Self::Agreement { .. } => Vec::new(),
        }
    }
}

/// Why nobody is asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// To be shown to the person.
    #[error("{0}")]
    Page(String),
    /// To be told to the client: the browser is sent there.
    #[error("refused, to be told to the client")]
    Redirect(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a person's decision.
#[derive(Debug)]
pub enum Decided {
    /// The browser is sent there.
    Redirect(Secret<String>),
    /// The person copies this grant token; it is shown this once.
    Token(Secret<String>),
    /// Nothing was granted, and there is nowhere to send the browser.
    Denied,
}

/// Why a decision was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// No company was picked where one must be.
    #[error("pick the company that this is for")]
    CompanyMissing,
    /// The person does not work in that company, or in none.
    #[error("you do not work in this company")]
    NotYourCompany,
    /// The request does not hold any more.
    #[error(transparent)]
    Ask(#[from] AskError),
}

impl From<StoreError> for DecisionError {
    fn from(error: StoreError) -> Self {
        Self::Ask(AskError::Store(error))
    }
}

impl From<AuthorizationRefusal> for AskError {
    fn from(refusal: AuthorizationRefusal) -> Self {
        match refusal {
            AuthorizationRefusal::Page(PageReason::Request(reason)) => Self::Page(reason.to_string()),
            AuthorizationRefusal::Page(reason) => Self::Page(reason.to_string()),
            AuthorizationRefusal::Redirect(location) => Self::Redirect(location),
            AuthorizationRefusal::Unavailable(error) => Self::Store(error),
            // Stand-ins hand the engine no faults; those of the switches are around it.
            AuthorizationRefusal::Disturbed(_) => {
                Self::Page("the request was disturbed on purpose".to_owned())
            }
        }
    }
}

/// Stands for `access_type=offline` among the scopes of a grant (facts 16.5).
pub(super) const OFFLINE: &str = "offline";

impl Standin {
    /// Checks what a client asks for, before a person is asked anything.
    pub async fn ask(&self, query: &str) -> Result<Asked, AskError> {
        if self.system.token_path.is_none() {
            return self.ask_agreement(query).await;
        }
        let query = if self.system.grant.offline_by_access_type {
            self.with_offline(query)?
        } else {
            query.to_owned()
        };
        Ok(Asked::OAuth(Box::new(self.ports.server.begin_authorization(&query).await?)))
    }

    /// The companies that a person can be asked about.
    pub async fn companies_of(&self, account: AccountId) -> Result<Vec<Company>, StoreError> {
        self.ports.store.companies_of(account).await
    }

    /// Carries out what a person decided about the request of `query`.
    pub async fn decide(
        &self,
        query: &str,
        account: AccountId,
        company: Option<&str>,
        allow: bool,
        origin: &Origin,
    ) -> Result<Decided, DecisionError> {
        let asked = self.ask(query).await?;
        if !allow {
            return Ok(match asked {
                Asked::OAuth(request) => {
                    let location = self.ports.server.deny(&request, &account.to_string(), origin).await;
                    Decided::Redirect(Secret::new(location))
                }
                Asked::Agreement { redirect_url: Some(url), .. } => Decided::Redirect(Secret::new(url)),
                Asked::Agreement { redirect_url: None, .. } => Decided::Denied,
            });
        }
        let mine = self.companies_of(account).await?;
        let picked = match (self.system.reach, company) {
            (Reach::AllOfPerson, _) if mine.is_empty() => return Err(DecisionError::NotYourCompany),
            (Reach::AllOfPerson, _) => None,
            (Reach::One, None) => return Err(DecisionError::CompanyMissing),
            (Reach::One, Some(id)) => {
                Some(mine.iter().find(|company| company.id == id).ok_or(DecisionError::NotYourCompany)?)
            }
        };
        match (asked, picked) {
            (Asked::OAuth(request), picked) => self.grant(&request, account, picked, &mine, origin).await,
            (Asked::Agreement { application, redirect_url }, Some(company)) => {
                self.grant_agreement(&application, redirect_url, account, company).await
            }
            (Asked::Agreement { .. }, None) => Err(DecisionError::CompanyMissing),
        }
    }

    async fn grant(
        &self,
        request: &ValidatedRequest,
        account: AccountId,
        picked: Option<&Company>,
        mine: &[Company],
        origin: &Origin,
    ) -> Result<Decided, DecisionError> {
        let client_id = request.client.id().clone();
        let granted_by = account.to_string();
        if self.system.grant.consent_replaces_earlier {
            let filter = AuthorisationFilter {
                client_id: Some(client_id.clone()),
                granted_by: Some(granted_by.clone()),
                ..AuthorisationFilter::default()
            };
            self.end_listed(filter, EndReason::Administrative, Actor::User(granted_by.clone()), origin)
                .await?;
        }
        let subject = if let Some(company) = picked {
            company_subject(&company.id)
        } else {
            let new = |company: &Company| {
                (ConnectionId::new(&*self.ports.clock, &*self.ports.entropy), company.id.clone())
            };
            let companies = mine.iter().map(new).collect();
            self.ports.store.connect(client_id.as_str(), account, companies, self.ports.clock.now()).await?;
            person_subject(account)
        };
        let extra = match (self.system.grant.company_parameter, picked) {
            (Some(name), Some(company)) => vec![(name.to_owned(), company.id.clone())],
            _ => Vec::new(),
        };
        let consent = Consent { subject, granted_by, scope: request.scope.clone(), extra };
        let granted = self.ports.server.grant(request, consent, origin).await.map_err(AskError::from)?;
        Ok(Decided::Redirect(granted.location))
    }

    /// Says in the scope what Fortnox takes from another parameter.
    fn with_offline(&self, query: &str) -> Result<String, AskError> {
        let unreadable = |_| AskError::Page("the request cannot be read".to_owned());
        let asked = Parameters::parse(query).map_err(unreadable)?;
        let offline = asked.one("access_type").map_err(unreadable)? == Some("offline");
        let all = self.system.scopes().iter().filter(|scope| *scope != OFFLINE).collect::<Vec<_>>().join(" ");
        let scope = asked.one("scope").map_err(unreadable)?.unwrap_or(&all);
        // A client that asks for it by this name would get a refresh token by a way that the real system does not have.
        let scope = scope
            .split(' ')
            .filter(|token| *token != OFFLINE)
            .chain(offline.then_some(OFFLINE))
            .collect::<Vec<_>>()
            .join(" ");
        let kept = asked.iter().filter(|(name, _)| *name != "scope");
        let pairs = kept.chain([("scope", scope.as_str())]);
        Ok(pairs
            .map(|(name, value)| format!("{}={}", parameters::encode(name), parameters::encode(value)))
            .collect::<Vec<_>>()
            .join("&"))
    }

    async fn ask_agreement(&self, query: &str) -> Result<Asked, AskError> {
        let page = |text: &str| AskError::Page(text.to_owned());
        let asked = Parameters::parse(query).map_err(|_| page("the request cannot be read"))?;
        let one = |name| asked.one(name).map_err(|_| page("the request cannot be read"));
        let client_id = one("appPublicToken")?
            .ok_or_else(|| page("the request names no application: `appPublicToken` is missing"))?;
        let application = self
            .ports
            .store
            .application(client_id)
            .await?
            .ok_or_else(|| page("no application is registered under this id"))?;
        let redirect_url = one("redirectUrl")?.map(ToOwned::to_owned);
        if redirect_url.as_ref().is_some_and(|url| !application.redirect_uris.contains(url)) {
            return Err(page("the redirect URL is not registered for this application"));
        }
        Ok(Asked::Agreement { application, redirect_url })
    }

    async fn grant_agreement(
        &self,
        application: &Application,
        redirect_url: Option<String>,
        account: AccountId,
        company: &Company,
    ) -> Result<Decided, DecisionError> {
        let token = Secret::new(self.ports.entropy.text::<32>());
        let agreement = Agreement {
            token_hash: self.token_hash(AGREEMENT, token.expose()),
            client_id: application.client_id.clone(),
            company_id: company.id.clone(),
            granted_by: account,
            created_at: self.ports.clock.now(),
        };
        self.ports.store.put_agreement(&agreement).await?;
        Ok(match redirect_url {
            None => Decided::Token(token),
            Some(url) => {
                let separator = if url.contains('?') { '&' } else { '?' };
                Decided::Redirect(Secret::new(format!("{url}{separator}token={}", token.expose())))
            }
        })
    }
}
