//! A person's walk through the connecting pages, step by step. The state machine is in `session`; here each step reads the
//! session, decides, and writes the next state on condition that nobody else has moved it meanwhile.

use std::sync::Arc;

use base::{EntropyExt as _, Secret, StoreError};
use oauth::token_text::TokenText;
use refresh::{GivenCredential, GrantId, LendError, ProviderAccess};
use seal::Purpose as KeyPurpose;
use url::Url;

use crate::link::LINK_CONTEXT;
use crate::session::{ConnectSession, Flow, FlowError, Method, Notice, Purpose};
use crate::texts::{Check, LinkText};
use crate::{Advanced, Connect, ConnectSessionId, Connection, End, Event, KeyedHash, Step};

mod answer;
mod decide;
mod depart;
mod find_company;
mod paste_key;
mod sweep;

pub(crate) use find_company::Search;
pub(crate) use paste_key::as_credential;

const BROWSER_CONTEXT: &str = "connect browser";

/// Where a walk stands, with all that a page needs to show it.
#[derive(Debug)]
pub struct Walk {
    /// The session.
    pub session: ConnectSession,
    /// The accounting system; `None` only before the person has said which.
    pub accounting: Option<Arc<ProviderAccess>>,
    /// Pleo.
    pub platform: Arc<ProviderAccess>,
    /// The connection that the walk is about, or that it has led to.
    pub connection: Option<Connection>,
    /// Companies of the list that belong to another connection already.
    pub taken: Vec<String>,
}

/// Where the browser goes next.
#[derive(Debug)]
pub enum Next {
    /// To the provider, to sign in.
    Provider(Url),
    /// To the page of this walk.
    Page(ConnectSessionId),
}

/// Why a step of a walk is refused. Nothing is lost by any of them. Its text says what to do now; a page names the reason above it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// The link was never made here, or is damaged.
    #[error("Copy the link again as a whole, or ask for a new one where you got it.")]
    NoLink,
    /// Its time is over.
    #[error("Ask for a new link where you got this one.")]
    Expired,
    /// It was opened in another browser.
    #[error("Go on in the browser in which you opened the link first, or ask for a new link.")]
    OtherBrowser,
    /// The walk is over.
    #[error("This link has been used already. Ask for a new one if something is still to be done.")]
    Over,
    /// The step is not due.
    #[error("Open your link again: it leads to the step that is due.")]
    NotHere,
    /// The form did not come from this page.
    #[error("Open the page again and repeat the step.")]
    StaleForm,
    /// A provider is missing or its client is not set.
    #[error("{0} is not set up here at the moment. Please tell whoever sent you the link.")]
    NotSetUp(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an answer from a provider is refused before anything is done with it. Its text says what to do now, as above.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Parameters twice, or unreadable.
    #[error("Go back to the page you came from and try again.")]
    Unreadable,
    /// No `state`, or not one that was made here.
    #[error("Open the link you were given and start from there.")]
    NotOurs,
    /// Another browser than the one that was sent away.
    #[error("Go on in the browser in which you opened the link.")]
    OtherBrowser,
    /// The request was answered before, or given up for a newer one.
    #[error("Go on where you left off.")]
    AlreadyUsed(ConnectSessionId),
    /// `iss` names somebody else (RFC 9207).
    #[error("The answer to the sign-in was not used. Please try again.")]
    OtherIssuer(ConnectSessionId),
    /// The walk's time is over.
    #[error("Ask for a new link where you got this one.")]
    Expired,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FlowError> for WalkError {
    fn from(_: FlowError) -> Self {
        Self::NotHere
    }
}

impl Connect {
    /// A new value for the cookie that ties walks to a browser.
    pub fn new_browser(&self) -> Secret<String> {
        Secret::new(self.entropy().text::<32>())
    }

    /// The value of the hidden field that ties a form to a browser and a walk.
    pub fn form_value(&self, browser: &Secret<String>, id: ConnectSessionId) -> String {
        self.keys()
            .current(KeyPurpose::Cookie)
            .mac("connect form", &[browser.expose().as_bytes(), id.uuid().as_bytes()])
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                use std::fmt::Write as _;
                let _infallible = write!(text, "{byte:02x}");
                text
            })
    }

    /// Whether a form came from the page that this browser was shown.
    pub fn check_form(
        &self,
        browser: &Secret<String>,
        id: ConnectSessionId,
        value: &str,
    ) -> Result<(), WalkError> {
        let (expected, given) = (Secret::new(self.form_value(browser, id)), Secret::new(value.to_owned()));
        if expected.equals_in_constant_time(&given) { Ok(()) } else { Err(WalkError::StaleForm) }
    }

    /// Looks at a link. Changes nothing.
    pub async fn look(&self, link: &str) -> Result<Walk, WalkError> {
        let text =
            TokenText::<LinkText>::parse(link, &Check(self.keys().clone())).map_err(|_| WalkError::NoLink)?;
        let session =
            self.store().session(ConnectSessionId::from_uuid(text.row)).await?.ok_or(WalkError::NoLink)?;
        let key = self.keys().by_id(KeyPurpose::Link, &session.link.key).ok_or(WalkError::NoLink)?;
        if !session.link.matches(&key, LINK_CONTEXT, text.secret.expose()) {
            return Err(WalkError::NoLink);
        }
        self.show(session).await
    }

    /// Where the walk of this browser stands.
    pub async fn walk(&self, id: ConnectSessionId, browser: &Secret<String>) -> Result<Walk, WalkError> {
        let session = self.session_of(id, browser).await?;
        self.show(session).await
    }

    /// Whether a walk has been started in another browser than this one, or in none.
    pub fn belongs_to(
        &self,
        session: &ConnectSession,
        browser: Option<&Secret<String>>,
    ) -> Result<bool, WalkError> {
        match (&session.browser, browser) {
            (None, _) => Ok(false),
            (Some(hash), Some(browser)) if self.is_browser(hash, browser) => Ok(true),
            (Some(_), _) => Err(if session.is_over() { WalkError::Over } else { WalkError::OtherBrowser }),
        }
    }

    /// The person chose not to. Nothing is made; what was signed in is forgotten.
    pub async fn cancel(&self, id: ConnectSessionId, browser: &Secret<String>) -> Result<Next, WalkError> {
        let session = self.session_of(id, browser).await?;
        if session.is_over() {
            return Ok(Next::Page(id));
        }
        let flow = session.flow.clone().cancel()?;
        self.step(session, flow, None, None, &[]).await?;
        Ok(Next::Page(id))
    }

    fn is_browser(&self, hash: &KeyedHash, browser: &Secret<String>) -> bool {
        self.keys()
            .by_id(KeyPurpose::Cookie, &hash.key)
            .is_some_and(|key| hash.matches(&key, BROWSER_CONTEXT, browser.expose().as_bytes()))
    }

    pub(crate) fn browser_hash(&self, browser: &Secret<String>) -> KeyedHash {
        KeyedHash::of(&self.keys().current(KeyPurpose::Cookie), BROWSER_CONTEXT, browser.expose().as_bytes())
    }

    /// The session, if it was started in this browser and its time is not over (a finished one can still be looked at).
    async fn session_of(
        &self,
        id: ConnectSessionId,
        browser: &Secret<String>,
    ) -> Result<ConnectSession, WalkError> {
        let session = self.store().session(id).await?.ok_or(WalkError::NoLink)?;
        if !self.belongs_to(&session, Some(browser))? {
            return Err(WalkError::NoLink);
        }
        if session.has_expired(self.now()) && !session.is_over() {
            return Err(WalkError::Expired);
        }
        Ok(session)
    }

    async fn show(&self, session: ConnectSession) -> Result<Walk, WalkError> {
        if session.has_expired(self.now()) && !session.is_over() {
            return Err(WalkError::Expired);
        }
        let not_set_up = |id: &str| WalkError::NotSetUp(self.directory().name(id).to_owned());
        let platform = self.directory().platform().cloned().ok_or_else(|| not_set_up("pleo"))?;
        let about = match (&session.purpose, &session.flow) {
            (Purpose::Reauthorise { connection, .. }, _) | (_, Flow::Done { connection, .. }) => {
                Some(*connection)
            }
            _ => None,
        };
        let connection = match about {
            Some(id) => self.store().connection(id).await?,
            None => None,
        };
        let accounting = match (&session.purpose, &connection) {
            (Purpose::Connect { accounting: Some(id), .. }, _) => {
                Some(self.directory().accounting(id).cloned().ok_or_else(|| not_set_up(id))?)
            }
            (_, Some(connection)) => self.directory().accounting(&connection.accounting.provider).cloned(),
            _ => None,
        };
        let taken = self.taken_of(&session).await?;
        Ok(Walk { session, accounting, platform, connection, taken })
    }

    async fn taken_of(&self, session: &ConnectSession) -> Result<Vec<String>, StoreError> {
        let Flow::Choosing { end, companies, .. } = &session.flow else { return Ok(Vec::new()) };
        let Some(access) = self.access_at(session, *end).await? else { return Ok(Vec::new()) };
        let mut taken = Vec::new();
        for company in companies {
            let (provider, environment) = (access.provider.id.as_str(), &access.endpoints.environment);
            if self.store().connection_of(*end, provider, environment, &company.id).await?.is_some() {
                taken.push(company.id.clone());
            }
        }
        Ok(taken)
    }

    /// The provider at an end of a walk.
    pub(crate) async fn access_at(
        &self,
        session: &ConnectSession,
        end: End,
    ) -> Result<Option<Arc<ProviderAccess>>, StoreError> {
        let directory = self.directory();
        Ok(match &session.purpose {
            Purpose::Connect { accounting, .. } => match end {
                End::Platform => directory.platform().cloned(),
                End::Accounting => accounting.as_deref().and_then(|id| directory.accounting(id)).cloned(),
            },
            Purpose::Reauthorise { connection, .. } => {
                let connection = self.store().connection(*connection).await?;
                connection.and_then(|connection| directory.get(&connection.side(end).provider).cloned())
            }
        })
    }

    pub(crate) async fn need_access(
        &self,
        session: &ConnectSession,
        end: End,
    ) -> Result<Arc<ProviderAccess>, WalkError> {
        self.access_at(session, end)
            .await?
            .ok_or_else(|| WalkError::NotSetUp("The accounting system".to_owned()))
    }

    /// Writes a step. Grants that the session held and no longer holds are dropped with it. The session as it is then, or
    /// [`WalkError::NotHere`] if somebody else moved it first.
    pub(crate) async fn step(
        &self,
        mut session: ConnectSession,
        flow: Flow,
        notice: Option<Notice>,
        given: Option<&GivenCredential>,
        events: &[Event],
    ) -> Result<ConnectSession, WalkError> {
        let before = session.loose_grants();
        let after = flow.loose_grants();
        // A finished walk has handed its grants to the connection.
        let handed_over = matches!(flow, Flow::Done { .. });
        let dropped: Vec<GrantId> =
            before.into_iter().filter(|grant| !handed_over && !after.contains(grant)).collect();
        if !matches!(flow, Flow::Away { .. }) {
            session.verifier = None;
        }
        session.flow = flow;
        session.notice = notice;
        let step = Step { session: &session, given, dropped: &dropped, events, at: self.now() };
        match self.store().advance(&step).await? {
            Advanced::Yes => {
                for grant in dropped.into_iter().chain(given.map(|given| given.grant)) {
                    self.authority().changed(grant);
                }
                if !events.is_empty() {
                    self.wake_readers();
                }
                session.version += 1;
                Ok(session)
            }
            Advanced::Stale => Err(WalkError::NotHere),
        }
    }

    /// How Pleo's end signs in on this walk; accounting systems without OAuth take keys.
    pub(crate) fn method_at(session: &ConnectSession, end: End, access: &ProviderAccess) -> Method {
        if access.provider.oauth.is_none() {
            return Method::ApiKey;
        }
        match (&session.purpose, end) {
            (Purpose::Connect { method, .. } | Purpose::Reauthorise { method, .. }, End::Platform) => *method,
            (_, End::Accounting) => Method::OAuth,
        }
    }
}

/// Why a credential could not be borrowed, in words for the person on the page.
pub(crate) fn lend_notice(error: &LendError, name: &str) -> Notice {
    match error {
        LendError::Ended { .. } | LendError::NoGrant | LendError::CannotOpen => Notice::new(
            "sign_in_ended",
            format!("The sign-in at {name} is no longer valid. Please sign in there again."),
        ),
        LendError::Pending { .. } | LendError::Degraded { .. } | LendError::Store(_) => Notice::new(
            "provider_unavailable",
            format!(
                "{name} cannot be reached at the moment. Your sign-in is kept; please try again in a minute."
            ),
        ),
    }
}
