use std::fmt;
use std::sync::Arc;

use audit::{Actor, AuditEvent, AuditRecord, Auditor, Ledger, Origin};
use authserver::AuthorizationServer;
use base::{Clock, Entropy, Scope};
use continuity::{Doubt, Keeper};
use identity::Identity;
use outbound::HttpClient;
use seal::Keys;

use crate::{ApiLimits, PERMISSIONS, Store, Subject, SubjectType};

/// The parameter of the success redirect that names what was authorised (facts 4).
pub(crate) const SUBJECT_PARAMETER: &str = "urn_pleo_params_oauth_subject";

/// Pleo's side: who may do what for which company, and what the resource APIs answer.
pub struct Platform {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) server: Arc<AuthorizationServer>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) auditor: Auditor,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Fetches logos; None where nothing is to be fetched.
    pub(crate) http: Option<Arc<dyn HttpClient>>,
    /// Takes what is refused; None where nothing is to be recorded of that.
    pub(crate) ledger: Option<Arc<Ledger>>,
    /// None where calls are not limited.
    pub(crate) limits: Option<ApiLimits>,
    keeper: Option<Keeper>,
}

impl Platform {
    /// Pleo's side on the given store, people and authorization server, all of one side.
    pub fn new(
        store: Arc<dyn Store>,
        identity: Arc<Identity>,
        server: Arc<AuthorizationServer>,
        keys: Arc<Keys>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let auditor = Auditor::new(Arc::clone(&keys), Arc::clone(&clock), Arc::clone(&entropy));
        Self {
            store,
            identity,
            server,
            keys,
            auditor,
            clock,
            entropy,
            http: None,
            ledger: None,
            limits: None,
            keeper: None,
        }
    }

    /// The same with a client that fetches the logos of OAuth clients. Without one they are not fetched.
    #[must_use]
    pub fn with_http(self, http: Arc<dyn HttpClient>) -> Self {
        Self { http: Some(http), ..self }
    }

    /// The same with a ledger for what is refused.
    #[must_use]
    pub fn recording(self, ledger: Arc<Ledger>) -> Self {
        Self { ledger: Some(ledger), ..self }
    }

    /// The same with limits on calls of the resource APIs.
    #[must_use]
    pub fn limited(self, limits: ApiLimits) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// The same on a database that is watched: while it looks restored from a backup, nothing is served.
    #[must_use]
    pub fn watched(self, keeper: Keeper) -> Self {
        Self { keeper: Some(keeper), ..self }
    }

    /// Why nothing may be served now, if that is so.
    pub fn doubt(&self) -> Option<Doubt> {
        self.keeper.as_ref().and_then(Keeper::doubt)
    }

    /// The people of this side.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The engine that issues and checks tokens.
    pub fn authorization_server(&self) -> &AuthorizationServer {
        &self.server
    }

    /// The record of an act on a subject.
    pub(crate) fn audited(
        &self,
        kind: &'static str,
        by: &By,
        subject: Subject,
        client: Option<&str>,
        data: &[(&str, &str)],
    ) -> AuditRecord {
        let mut event = AuditEvent::new(kind, by.actor.clone());
        event.subject = Some(subject.to_string());
        event.client = client.map(ToOwned::to_owned);
        event.origin = by.origin.clone();
        event.data = data.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.auditor.record(event)
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").finish_non_exhaustive()
    }
}

/// Who does something, and from where: for the audit log.
#[derive(Debug, Clone)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
}

impl By {
    /// Somebody at the command line.
    pub fn command_line() -> Self {
        Self { actor: Actor::CommandLine, origin: Origin::default() }
    }

    /// A sandbox switch.
    pub fn sandbox(origin: Origin) -> Self {
        Self { actor: Actor::Sandbox, origin }
    }

    /// A person who is signed in.
    pub fn person(account: &identity::Account, origin: Origin) -> Self {
        Self { actor: Actor::User(account.id.to_string()), origin }
    }
}

/// Pleo's environments. Each has clients and credentials of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// For developing and trying out.
    Staging,
    /// For real customers.
    Production,
}

/// What every client of Pleo's side must keep to (facts 3).
pub fn client_rules(environment: Environment) -> authserver::ClientRules {
    authserver::ClientRules {
        protected_names: vec!["pleo".to_owned()],
        scopes: Some(all_scopes()),
        subject_types: Some(vec![
            SubjectType::Company.as_str().to_owned(),
            SubjectType::Organisation.as_str().to_owned(),
        ]),
        // Plain http is for localhost while an integration is developed.
        http_on_loopback: environment == Environment::Staging,
        shown_to_people: true,
        response_parameters: vec![SUBJECT_PARAMETER.to_owned()],
    }
}

fn all_scopes() -> Scope {
    Scope::from_tokens(PERMISSIONS.iter().map(|permission| permission.scope)).unwrap_or_default()
}

/// What Pleo's side decides for its authorization server. `issuer` is the public URL without a trailing slash.
pub fn server_settings(issuer: &str, environment: Environment) -> authserver::Settings {
    authserver::Settings {
        // Accepted from every client for trying out (facts 18.7).
        scopes_for_all: Scope::from_tokens(["test:test"]).unwrap_or_default(),
        subject_member: Some("urn:pleo:params:oauth:subject_urn".to_owned()),
        client_rules: client_rules(environment),
        // Enough to say which company it is connected with.
        default_scope: Scope::from_tokens(["companies:read"]).unwrap_or_default(),
        scopes: all_scopes(),
        ..authserver::Settings::new(issuer)
    }
}
