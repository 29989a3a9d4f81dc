use std::time::Duration;

use authserver::{AccessRefusal, ClientId, KeyedTokenCheck};
use base::Secret;
use oauth::token_text::TokenText;
use uuid::Uuid;

use crate::api_key::HASH_CONTEXT;
use crate::store::Standing;
use crate::{
    ApiError, ApiKeyId, ApiKeyOrigin, ApiKeyText, Application, AuthMethod, Caller, Platform, Presented,
    Subject,
};

/// A key's last use is noted no more often than this, so that calls write next to nothing.
const NOTED_EVERY: Duration = Duration::from_mins(1);

impl Platform {
    /// Finds out who presents a credential, and what they may do now: a token or key never has more than was given, and has less,
    /// or nothing, where its application, user or company has less.
    pub async fn authenticate(&self, presented: &Presented) -> Result<Caller, ApiError> {
        self.find_caller(presented).await.map(|(caller, _)| caller)
    }

    /// The caller, and the id of the credential: of the authorisation or of the key.
    pub(super) async fn find_caller(&self, presented: &Presented) -> Result<(Caller, Uuid), ApiError> {
        let (caller, credential) = match presented {
            Presented::AccessToken(token) => self.bearer(token).await?,
            Presented::ApiKey(key) => self.api_key_caller(key).await?,
        };
        match self.store.standing(caller.subject).await? {
            Standing::Good => Ok((caller, credential)),
            Standing::Suspended | Standing::Gone => Err(ApiError::InvalidCredential),
        }
    }

    async fn bearer(&self, token: &Secret<String>) -> Result<(Caller, Uuid), ApiError> {
        let access = self.server.authenticate(token).await.map_err(|refusal| match refusal {
            AccessRefusal::Invalid => ApiError::InvalidCredential,
            AccessRefusal::Unavailable(error) => ApiError::Store(error),
        })?;
        // Disabling a user ends what they consented to; this holds for a consent that was on its way at that moment.
        let granted_by = access.granted_by.parse().map_err(|_| ApiError::InvalidCredential)?;
        let account = self.identity.account(granted_by).await?;
        if account.is_none_or(|account| account.disabled_at.is_some()) {
            return Err(ApiError::InvalidCredential);
        }
        let application = self.approved_application(&access.client_id).await?;
        let caller = Caller {
            method: AuthMethod::OAuth2,
            scope: access
                .scope
                .intersection(&application.scope.union(&self.server.settings().scopes_for_all)),
            subject: access.subject.parse().map_err(|_| ApiError::InvalidCredential)?,
            application_id: application.client_id,
            api_key: None,
            application_name: application.name,
        };
        Ok((caller, access.authorisation.uuid()))
    }

    /// The application of a credential; one that is not approved has no rights.
    async fn approved_application(&self, id: &ClientId) -> Result<Application, ApiError> {
        let client = self.server.client(id).await?.ok_or(ApiError::InvalidCredential)?;
        let application = Application::from(&client);
        if application.serves { Ok(application) } else { Err(ApiError::InvalidCredential) }
    }

    async fn api_key_caller(&self, text: &Secret<String>) -> Result<(Caller, Uuid), ApiError> {
        let presented = TokenText::<ApiKeyText>::parse(text.expose(), &KeyedTokenCheck(&self.keys))
            .map_err(|_| ApiError::InvalidCredential)?;
        let id = ApiKeyId::from_uuid(presented.row);
        let stored = self.store.api_key(id).await?.ok_or(ApiError::InvalidCredential)?;
        let now = self.clock.now();
        let right = stored.hash.matches(
            &self.keys,
            HASH_CONTEXT,
            presented.row.as_bytes(),
            presented.secret.expose(),
        );
        let key = stored.key;
        if !right || !key.is_live(now) {
            return Err(ApiError::InvalidCredential);
        }
        let caller = match &key.origin {
            ApiKeyOrigin::Integrated { client_id } => {
                let application = self.approved_application(&ClientId::new(client_id.as_str())).await?;
                if !application.integrated_api_keys {
                    return Err(ApiError::InvalidCredential);
                }
                Caller {
                    method: AuthMethod::ApiKey,
                    scope: key.scope.intersection(&application.scope),
                    subject: key.subject,
                    application_id: application.client_id,
                    api_key: Some(key.id),
                    application_name: application.name,
                }
            }
            ApiKeyOrigin::Standalone { name } => {
                self.check_standalone(key.subject).await?;
                Caller {
                    method: AuthMethod::ApiKey,
                    scope: key.scope.clone(),
                    subject: key.subject,
                    application_id: key.id.to_string(),
                    api_key: Some(key.id),
                    application_name: name.clone(),
                }
            }
        };
        if key.last_used_at.is_none_or(|last| now.since(last) >= NOTED_EVERY) {
            self.store.note_key_used(id, now).await?;
        }
        Ok((caller, id.uuid()))
    }

    /// A standalone key works for as long as its company has the feature (facts 10.3); one for an organisation, as long as one of its
    /// companies has it: who made it decides in each of them.
    async fn check_standalone(&self, subject: Subject) -> Result<(), ApiError> {
        let companies = match subject {
            Subject::Company(id) => self.store.company(id).await?.into_iter().collect(),
            Subject::Organisation(id) => self.store.companies_of(id).await?,
        };
        let is_on = companies.iter().any(|company| company.standalone_api_keys);
        if is_on { Ok(()) } else { Err(ApiError::InvalidCredential) }
    }
}
