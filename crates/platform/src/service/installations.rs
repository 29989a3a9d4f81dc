use audit::{Actor, Origin};
use authserver::EndReason;
use serde_json::Value;

use crate::error::NO_INSTALLATION;
use crate::{
    ApiError, AuthMethod, By, Caller, CompanyId, Installation, InstallationChange, InstallationId,
    InstallationStatus, Platform, Subject,
};

/// The longest metadata that are kept, as JSON text.
const LONGEST_METADATA: usize = 64 * 1024;

/// What `POST /v1/installations/me` asks for.
#[derive(Debug, Clone, Default)]
pub struct NewInstallation {
    /// Kept and returned untouched.
    pub metadata: Option<Value>,
    /// Where it stands; ACTIVATED unless said otherwise.
    pub status: Option<InstallationStatus>,
}

impl By {
    /// A caller of the resource API.
    pub fn caller(caller: &Caller, origin: Origin) -> Self {
        let actor = match caller.api_key {
            None => Actor::Client(caller.application_id.clone()),
            Some(id) => Actor::ApiKey(id.to_string()),
        };
        Self { actor, origin }
    }
}

impl Platform {
    /// For which subject an installation is meant. A company named besides must be in reach.
    async fn installed_for(&self, caller: &Caller, company: Option<CompanyId>) -> Result<Subject, ApiError> {
        if company.is_some() {
            self.company_in_reach(caller, company).await?;
        }
        Ok(caller.subject)
    }

    /// `GET /v1/installations/me`.
    pub async fn get_installation(
        &self,
        caller: &Caller,
        company: Option<CompanyId>,
    ) -> Result<Installation, ApiError> {
        let subject = self.installed_for(caller, company).await?;
        if let Some(found) = self.store.installation(&caller.application_id, subject).await? {
            return Ok(found);
        }
        if caller.method == AuthMethod::ApiKey {
            return Err(NO_INSTALLATION);
        }
        // A live access token without an installation: its making was lost in a crash right after the exchange. An uninstalled
        // application has no live tokens.
        self.install(&caller.application_id, subject, Origin::default()).await?;
        self.store.installation(&caller.application_id, subject).await?.ok_or(NO_INSTALLATION)
    }

    /// `POST /v1/installations/me`: for API keys; OAuth makes it by itself (facts 11).
    pub async fn create_installation(
        &self,
        caller: &Caller,
        by: &By,
        new: NewInstallation,
    ) -> Result<Installation, ApiError> {
        check_metadata(new.metadata.as_ref())?;
        let now = self.clock.now();
        let installation = Installation {
            id: InstallationId::new(&*self.clock, &*self.entropy),
            application_id: caller.application_id.clone(),
            subject: caller.subject,
            status: new.status.unwrap_or(InstallationStatus::Activated),
            error_code: None,
            metadata: new.metadata,
            created_at: now,
            updated_at: now,
        };
        let audit =
            self.audited("installation.created", by, caller.subject, Some(&caller.application_id), &[]);
        if self.store.add_installation(&installation, audit).await? {
            Ok(installation)
        } else {
            Err(ApiError::AlreadyInstalled)
        }
    }

    /// `PUT /v1/installations/me`, and `:activate` with only a status.
    pub async fn change_installation(
        &self,
        caller: &Caller,
        change: &InstallationChange,
    ) -> Result<Installation, ApiError> {
        check_metadata(change.metadata.as_ref())?;
        self.get_installation(caller, None).await?;
        let changed = self
            .store
            .change_installation(&caller.application_id, caller.subject, change, self.clock.now())
            .await?;
        changed.ok_or(NO_INSTALLATION)
    }

    /// `DELETE /v1/installations/me`: uninstalls, and ends every access and refresh token of the client for that subject
    /// (facts 18.54).
    pub async fn remove_installation(&self, caller: &Caller, by: &By) -> Result<(), ApiError> {
        self.get_installation(caller, None).await?;
        self.end_tokens(&caller.application_id, caller.subject, EndReason::Uninstalled, by).await?;
        let audit =
            self.audited("installation.removed", by, caller.subject, Some(&caller.application_id), &[]);
        let removed = self.store.remove_installation(&caller.application_id, caller.subject, audit).await?;
        if removed { Ok(()) } else { Err(NO_INSTALLATION) }
    }

    /// Ends every token of a client for a subject.
    pub(crate) async fn end_tokens(
        &self,
        client_id: &str,
        subject: Subject,
        reason: EndReason,
        by: &By,
    ) -> Result<u64, base::StoreError> {
        self.server
            .withdraw(&client_id.into(), &subject.to_string(), reason, by.actor.clone(), &by.origin)
            .await
    }

    /// Makes the installation of a client that a subject has authorised, unless it is there (facts 11).
    pub(crate) async fn install(
        &self,
        client_id: &str,
        subject: Subject,
        origin: Origin,
    ) -> Result<(), ApiError> {
        let setup_required = match self.server.client(&client_id.into()).await? {
            Some(client) => crate::Application::from(&client).setup_required,
            None => return Err(ApiError::InvalidCredential),
        };
        let now = self.clock.now();
        let installation = Installation {
            id: InstallationId::new(&*self.clock, &*self.entropy),
            application_id: client_id.to_owned(),
            subject,
            status: if setup_required {
                InstallationStatus::Authorized
            } else {
                InstallationStatus::Activated
            },
            error_code: None,
            metadata: None,
            created_at: now,
            updated_at: now,
        };
        let by = By { actor: Actor::Client(client_id.to_owned()), origin };
        let audit = self.audited("installation.created", &by, subject, Some(client_id), &[]);
        self.store.add_installation(&installation, audit).await?;
        Ok(())
    }
}

fn check_metadata(metadata: Option<&Value>) -> Result<(), ApiError> {
    let length = metadata.map_or(0, |metadata| metadata.to_string().len());
    if length <= LONGEST_METADATA {
        Ok(())
    } else {
        Err(ApiError::field(format!("metadata hold at most {LONGEST_METADATA} bytes")))
    }
}
