//! Links that a backend or an operator asks for and that a person opens.

use base::{Secret, StoreError, Timestamp};
use oauth::token_text::TokenText;
use refresh::ProviderAccess;
use seal::Purpose as KeyPurpose;
use url::Url;

use crate::session::{ConnectSession, Flow, Method, Purpose};
use crate::texts::{Check, LinkText};
use crate::{
    ApiTokenId, Connect, ConnectSessionId, Connection, ConnectionId, End, Event, EventId, EventType,
    KeyedHash, Reason, words,
};

pub(crate) const LINK_CONTEXT: &str = "connect link";

/// What a link is to be for: the body of `POST /v1/connect-sessions`.
#[derive(Debug, Clone, Default)]
pub struct LinkRequest {
    /// The accounting system; `None` lets the person say.
    pub accounting: Option<String>,
    /// Two letters, for accounting systems with an address for each country.
    pub country: Option<String>,
    /// The backend's own name for the connection.
    pub reference: Option<String>,
    /// Where the person goes afterwards.
    pub return_to: Option<String>,
    /// Sign in again for this connection instead of making a new one.
    pub connection: Option<ConnectionId>,
    /// How the Pleo end signs in.
    pub method: Method,
    /// Whether the backend confirms before anything becomes active.
    pub confirm: bool,
    /// Who asks.
    pub made_by: Option<ApiTokenId>,
}

/// A link; its text is not kept and cannot be shown again.
#[derive(Debug)]
pub struct Link {
    /// The session.
    pub id: ConnectSessionId,
    /// What to open. Holds a secret.
    pub url: Secret<String>,
    /// The secret part of the address, for those who open it at once.
    pub text: Secret<String>,
    /// When it can no longer be used.
    pub expires_at: Timestamp,
}

/// A link for a new sign-in.
#[derive(Debug)]
pub struct ReauthoriseLink {
    /// The link.
    pub link: Link,
    /// The end that it is for.
    pub end: End,
    /// Why it is needed, as far as it is.
    pub reason: Option<Reason>,
}

/// Why a link cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No such accounting system.
    #[error("there is no accounting system called {0:?}; GET /v1/providers lists them")]
    NoProvider(String),
    /// Neither an accounting system nor a connection was named.
    #[error("`accounting` is missing: say which accounting system is to be connected")]
    AccountingMissing,
    /// This deployment has no OAuth client there.
    #[error(
        "this deployment has no OAuth client at {0} yet; the operator sets it with `mainstay clients set {0}`"
    )]
    NoClient(String),
    /// `return_to` is no address of an allowed origin.
    #[error("`return_to` must lead to one of the origins in `return_to_allow`")]
    ReturnTo,
    /// `country` is not a country.
    #[error("`country` is a country's two letters")]
    Country,
    /// `reference` is too long.
    #[error("`reference` has at most 200 characters, none of them a control character")]
    Reference,
    /// `method` is not offered.
    #[error("Pleo keys are not offered here")]
    Method,
    /// About the connection.
    #[error(transparent)]
    Connection(#[from] ReauthoriseError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no new sign-in can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReauthoriseError {
    /// There is no such connection.
    #[error("there is no such connection")]
    NoConnection,
    /// It is over.
    #[error("the connection was disconnected; make a new one")]
    Disconnected,
    /// It waits for confirmation.
    #[error("the connection is not active yet")]
    Pending,
    /// This deployment has no OAuth client there.
    #[error(
        "this deployment has no OAuth client at {0} any more; the operator sets it with `mainstay clients set {0}`"
    )]
    NoClient(String),
    /// `return_to` is no address of an allowed origin.
    #[error("`return_to` must lead to one of the origins in `return_to_allow`")]
    ReturnTo,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Connect {
    /// Makes a link for connecting, or for signing in again where a connection is named.
    pub async fn create_link(&self, request: LinkRequest) -> Result<Link, LinkError> {
        if let Some(connection) = request.connection {
            let made = self
                .reauthorise(connection, None, request.method, request.return_to, request.made_by)
                .await?;
            return Ok(made.link);
        }
        let accounting = request.accounting.as_deref().ok_or(LinkError::AccountingMissing)?;
        let access = self
            .directory()
            .accounting(accounting)
            .ok_or_else(|| LinkError::NoProvider(accounting.to_owned()))?;
        let platform = self.directory().platform().ok_or_else(|| LinkError::NoProvider("pleo".to_owned()))?;
        self.need_client(access).await?;
        match request.method {
            Method::OAuth => self.need_client(platform).await?,
            Method::ApiKey if platform.provider.api_key.is_none() => return Err(LinkError::Method),
            Method::ApiKey => {}
        }
        if request
            .country
            .as_ref()
            .is_some_and(|country| country.len() != 2 || !country.bytes().all(|b| b.is_ascii_alphabetic()))
        {
            return Err(LinkError::Country);
        }
        if request.reference.as_ref().is_some_and(|text| !is_reference(text)) {
            return Err(LinkError::Reference);
        }
        let return_to = request.return_to.map(|address| self.return_to(&address).ok_or(LinkError::ReturnTo));
        let return_to = return_to.transpose()?;
        let purpose = Purpose::Connect {
            accounting: Some(accounting.to_owned()),
            accounting_environment: access.endpoints.environment.clone(),
            country: request.country.map(|country| country.to_ascii_uppercase()),
            reference: request.reference,
            method: request.method,
            confirm: request.confirm,
        };
        let (session, link) = self.new_session(purpose, return_to, request.made_by);
        self.store().insert_session(&session, None).await?;
        Ok(link)
    }

    /// Makes a link for a new sign-in of an existing connection: at `end`, or at the end that needs it, or at Pleo if none does.
    pub async fn reauthorise(
        &self,
        connection: ConnectionId,
        end: Option<End>,
        method: Method,
        return_to: Option<String>,
        made_by: Option<ApiTokenId>,
    ) -> Result<ReauthoriseLink, ReauthoriseError> {
        let connection = self.store().connection(connection).await?.ok_or(ReauthoriseError::NoConnection)?;
        match connection.stage {
            crate::Stage::Live => {}
            crate::Stage::Pending => return Err(ReauthoriseError::Pending),
            crate::Stage::Disconnected { .. } => return Err(ReauthoriseError::Disconnected),
        }
        let return_to = return_to.map(|address| self.return_to(&address).ok_or(ReauthoriseError::ReturnTo));
        let return_to = return_to.transpose()?;
        let end = end.or_else(|| connection.worst_end().map(|(end, _)| end)).unwrap_or(End::Platform);
        let provider = &connection.side(end).provider;
        // A key is pasted where the end has one already, or where it is asked for; e-conomic knows nothing else.
        let method = match (end, connection.side(end).facts.kind) {
            (End::Platform, refresh::CredentialKind::ApiKey) => Method::ApiKey,
            (End::Platform, refresh::CredentialKind::OAuth) => method,
            (End::Accounting, _) => Method::OAuth,
        };
        let access =
            self.directory().get(provider).ok_or_else(|| ReauthoriseError::NoClient(provider.clone()))?;
        if method == Method::OAuth && !self.has_client(access).await? {
            return Err(ReauthoriseError::NoClient(provider.clone()));
        }
        let reason = words::side_reason(connection.side(end), self.directory());
        let purpose = Purpose::Reauthorise { connection: connection.id, end, method };
        let (session, link) = self.new_session(purpose, return_to, made_by);
        let told = self.link_made(&connection, end);
        self.store().insert_session(&session, Some(&told)).await?;
        Ok(ReauthoriseLink { link, end, reason })
    }

    fn link_made(&self, connection: &Connection, end: End) -> Event {
        let name = self.directory().name(&connection.side(end).provider);
        self.event(
            EventType::LinkMade,
            connection.id,
            serde_json::json!({ "end": end }),
            format!("A link for signing in again at {name} was made."),
        )
    }

    pub(crate) fn new_session(
        &self,
        purpose: Purpose,
        return_to: Option<String>,
        made_by: Option<ApiTokenId>,
    ) -> (ConnectSession, Link) {
        let id = ConnectSessionId::new(self.clock(), self.entropy());
        let text = TokenText::<LinkText>::generate(id.uuid(), 1, self.entropy());
        let now = self.now();
        let session = ConnectSession {
            id,
            link: KeyedHash::of(&self.keys().current(KeyPurpose::Link), LINK_CONTEXT, text.secret.expose()),
            purpose,
            made_by,
            return_to,
            browser: None,
            flow: Flow::Offered,
            notice: None,
            verifier: None,
            created_at: now,
            expires_at: now + self.inner.settings.link_life,
            version: 1,
        };
        let text = text.render(&Check(self.keys().clone()));
        let url = Secret::new(self.address(&format!("/connect/{}", text.expose())));
        let link = Link { id, url, text, expires_at: session.expires_at };
        (session, link)
    }

    pub(crate) fn event(
        &self,
        kind: EventType,
        connection: ConnectionId,
        data: serde_json::Value,
        sentence: String,
    ) -> Event {
        Event {
            id: EventId::new(self.clock(), self.entropy()),
            kind,
            connection,
            at: self.now(),
            data,
            sentence,
        }
    }

    async fn need_client(&self, access: &ProviderAccess) -> Result<(), LinkError> {
        if self.has_client(access).await? {
            Ok(())
        } else {
            Err(LinkError::NoClient(access.provider.id.to_string()))
        }
    }

    /// Whether this deployment can take a person to a provider. One with pasted keys alone may do without a client.
    pub(crate) async fn has_client(&self, access: &ProviderAccess) -> Result<bool, StoreError> {
        Ok(self.directory().client(access).await?.is_some())
    }

    /// The address as it was checked, and not as it was sent: a browser reads `https:app.example` on a page of ours as a path of ours,
    /// and leaves out tabs and line breaks wherever they stand. `None`: it leads elsewhere.
    fn return_to(&self, address: &str) -> Option<String> {
        let url = Url::parse(address).ok()?;
        let plain =
            url.username().is_empty() && url.password().is_none() && matches!(url.scheme(), "http" | "https");
        (plain && self.inner.settings.return_to_allow.contains(&url.origin())).then(|| url.into())
    }
}

pub(crate) fn is_reference(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= 200 && !text.chars().any(char::is_control)
}
