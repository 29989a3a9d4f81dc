use std::fmt;
use std::sync::Arc;

use audit::{Actor, AuditEvent, AuditRecord, Auditor, Origin};
use authserver::AuthorizationServer;
use base::{Clock, Entropy, Scope};
use identity::Identity;
use seal::Keys;

use crate::{PERMISSIONS, Store, Subject};

/// Pleo's side: who may do what for which company, and what the resource APIs answer.
pub struct Platform {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) server: Arc<AuthorizationServer>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) auditor: Auditor,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
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
        Self { store, identity, server, keys, auditor, clock, entropy }
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

    /// A person who is signed in.
    pub fn person(account: &identity::Account, origin: Origin) -> Self {
        Self { actor: Actor::User(account.id.to_string()), origin }
    }
}

/// What Pleo's side decides for its authorization server. `issuer` is the public URL without a trailing slash.
pub fn server_settings(issuer: &str) -> authserver::Settings {
    let scopes = PERMISSIONS.iter().map(|permission| permission.scope);
    authserver::Settings {
        // Accepted from every client for trying out (facts 18.7).
        scopes_for_all: Scope::from_tokens(["test:test"]).unwrap_or_default(),
        scopes: Scope::from_tokens(scopes).unwrap_or_default(),
        subject_member: Some("urn:pleo:params:oauth:subject_urn".to_owned()),
        ..authserver::Settings::new(issuer)
    }
}
