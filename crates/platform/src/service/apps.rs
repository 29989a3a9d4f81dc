use std::collections::BTreeMap;

use authserver::{ClientId, EndReason};
use base::{Scope, Timestamp};
use identity::{Account, AccountId};

use crate::{ActError, ApiKeyOrigin, Application, By, Platform, Subject};

/// How many clients are read at once.
const CLIENTS_AT_ONCE: u32 = 1000;

/// An application that has access to something.
#[derive(Debug, Clone)]
pub struct ConnectedApp {
    /// The application.
    pub application: Application,
    /// What it has access to.
    pub subject: Subject,
    /// The name of that.
    pub subject_name: String,
    /// What it may do.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
    /// The last use: a call with the key, or an exchange or refresh of tokens.
    pub last_used_at: Option<Timestamp>,
    /// Whether it has (also) an API key.
    pub has_api_key: bool,
    /// Whether it has a credential that works. One that was not used for long has run out, and must ask again.
    pub live: bool,
    /// Whether the person who looks may take the access away: not where it was given for a whole organisation and they decide about
    /// some of its companies alone. Always true where nobody's role is asked for.
    pub may_withdraw: bool,
}

/// What one credential adds to a [`ConnectedApp`].
struct Access {
    client_id: String,
    scope: Scope,
    since: Timestamp,
    last_used_at: Option<Timestamp>,
    is_key: bool,
    live: bool,
}

impl Platform {
    /// What has access to the companies that a person may decide about, by company, then by name; then what has access to the
    /// organisations of those companies.
    pub async fn connected_apps(&self, account: AccountId) -> Result<Vec<ConnectedApp>, ActError> {
        let mut apps = Vec::new();
        let rights = self.rights(account).await?;
        for (subject, subject_name) in rights.subjects() {
            let may_withdraw = rights.cover(subject);
            let found = self.apps_of(subject, &subject_name).await?;
            apps.extend(found.into_iter().map(|app| ConnectedApp { may_withdraw, ..app }));
        }
        Ok(apps)
    }

    /// What has access to one subject, by name.
    pub(crate) async fn apps_of(
        &self,
        subject: Subject,
        subject_name: &str,
    ) -> Result<Vec<ConnectedApp>, ActError> {
        let mut found: BTreeMap<String, ConnectedApp> = BTreeMap::new();
        for access in self.accesses(subject).await? {
            if let Some(app) = found.get_mut(&access.client_id) {
                app.scope = app.scope.union(&access.scope);
                app.since = app.since.min(access.since);
                app.last_used_at = app.last_used_at.max(access.last_used_at);
                app.has_api_key |= access.is_key;
                app.live |= access.live;
                continue;
            }
            let Some(client) = self.server.client(&ClientId::new(access.client_id.as_str())).await? else {
                continue;
            };
            let app = ConnectedApp {
                application: Application::from(&client),
                subject,
                subject_name: subject_name.to_owned(),
                scope: access.scope,
                since: access.since,
                last_used_at: access.last_used_at,
                has_api_key: access.is_key,
                live: access.live,
                may_withdraw: true,
            };
            found.insert(access.client_id, app);
        }
        let mut apps: Vec<ConnectedApp> = found.into_values().collect();
        apps.sort_by(|a, b| a.application.name.cmp(&b.application.name));
        Ok(apps)
    }

    async fn accesses(&self, subject: Subject) -> Result<Vec<Access>, ActError> {
        let now = self.clock.now();
        let by_token = self.store.token_accesses(subject, now).await?;
        let keys = self.store.api_keys(Some(subject)).await?.into_iter().filter(|key| key.is_live(now));
        let by_key = keys.filter_map(|key| match key.origin {
            ApiKeyOrigin::Integrated { client_id } => Some(Access {
                client_id,
                scope: key.scope,
                since: key.created_at,
                last_used_at: key.last_used_at,
                is_key: true,
                live: true,
            }),
            ApiKeyOrigin::Standalone { .. } => None,
        });
        let by_token = by_token.into_iter().map(|access| Access {
            client_id: access.client_id.as_str().to_owned(),
            scope: access.scope,
            since: access.since,
            last_used_at: access.last_used_at,
            is_key: false,
            live: access.live,
        });
        Ok(by_token.chain(by_key).collect())
    }

    /// Takes an application's access away: its tokens end, its integrated key is revoked, its installation goes. Each step may be
    /// done again, and the credentials go first.
    pub async fn withdraw(
        &self,
        account: &Account,
        by: &By,
        client_id: &ClientId,
        subject: Subject,
    ) -> Result<(), ActError> {
        if !self.rights(account.id).await?.cover(subject) {
            let known = self.server.client(client_id).await?;
            let client = known.as_ref().map(|client| client.id().as_str());
            self.tell_no_right(by, "authorisation.withdrawn", Some(subject), client).await;
            return Err(ActError::NotAllowed);
        }
        self.withdraw_unattended(by, client_id, subject).await
    }

    /// The same for an operator, or for the sandbox, where nobody's role is asked for.
    pub async fn withdraw_unattended(
        &self,
        by: &By,
        client_id: &ClientId,
        subject: Subject,
    ) -> Result<(), ActError> {
        let client = client_id.as_str();
        self.end_tokens(client, subject, EndReason::Withdrawn, by).await?;
        let audit = self.audited("api_key.revoked", by, subject, Some(client), &[("reason", "withdrawn")]);
        self.store.revoke_integrated_keys(client, subject, self.clock.now(), audit).await?;
        let audit =
            self.audited("installation.removed", by, subject, Some(client), &[("reason", "withdrawn")]);
        self.store.remove_installation(client, subject, audit).await?;
        Ok(())
    }

    /// Approved applications that are in the directory, by name: those that are installed with an API key (facts 10.2), and
    /// others that have a page where people begin.
    pub async fn directory(&self) -> Result<Vec<Application>, ActError> {
        let mut found: Vec<Application> = Vec::new();
        let mut after = None;
        loop {
            let clients = self.server.clients(after.as_ref(), CLIENTS_AT_ONCE).await?;
            let Some(last) = clients.last() else { break };
            after = Some(last.id().clone());
            found
                .extend(clients.iter().map(Application::from).filter(|app| app.approved && app.in_directory));
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }
}
