use audit::{Actor, AuditEvent, Origin};
use authserver::{
    AuthorizationRefusal, Client, Consent, EndReason, Granted, Reply, TokenSuccess, ValidatedRequest,
};
use base::StoreError;
use identity::{Account, AccountId};

use crate::platform::SUBJECT_PARAMETER;
use crate::{Application, Company, CompanyId, Platform, Subject, SubjectType};

/// Something a person may give access to, with what tells it from others of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentChoice {
    /// What it is.
    pub subject: Subject,
    /// Its name.
    pub name: String,
    /// The companies it reaches, by name: the one, or all of an organisation but suspended ones.
    pub companies: Vec<Company>,
    /// Whether the application is installed there already.
    pub connected: bool,
}

/// What became of a consent form.
#[derive(Debug)]
pub enum Decision {
    /// Consent is stored; the browser goes on.
    Granted(Granted),
    /// The person may not give access to what they picked, or it is not there.
    NotAllowed,
    /// The form names nothing that could be picked.
    NothingChosen,
}

impl Platform {
    /// What a person may give this client access to: the companies in which they may decide, or their organisations where the
    /// client works on those (facts 18.11).
    pub async fn consent_choices(
        &self,
        account: AccountId,
        client: &Client,
    ) -> Result<Vec<ConsentChoice>, StoreError> {
        let application = Application::from(client);
        let rights = self.rights(account).await?;
        let mut choices: Vec<ConsentChoice> = match application.subject_type {
            SubjectType::Company => rights
                .companies
                .iter()
                .map(|membership| ConsentChoice {
                    subject: Subject::Company(membership.company.id),
                    name: membership.company.name.clone(),
                    companies: vec![membership.company.clone()],
                    connected: false,
                })
                .collect(),
            SubjectType::Organisation => rights
                .organisations
                .iter()
                .map(|(id, name)| ConsentChoice {
                    subject: Subject::Organisation(*id),
                    name: name.clone(),
                    companies: rights.companies_of(*id),
                    connected: false,
                })
                .collect(),
        };
        for choice in &mut choices {
            choice.connected =
                self.store.installation(&application.client_id, choice.subject).await?.is_some();
        }
        Ok(choices)
    }

    /// Stores a person's consent. `chosen` is the id that the form sent: of a company, or of an organisation for a client that
    /// works on those (the id of one of its companies will do as well).
    pub async fn consent(
        &self,
        account: &Account,
        request: &ValidatedRequest,
        chosen: &str,
        origin: &Origin,
    ) -> Result<Decision, AuthorizationRefusal> {
        let Some(subject) = self.chosen_subject(&request.client, chosen).await? else {
            return Ok(Decision::NothingChosen);
        };
        if !self.rights(account.id).await?.cover(subject) {
            if let Some(ledger) = &self.ledger {
                let actor = Actor::User(account.id.to_string());
                let event = AuditEvent::new("authorisation.refused", actor).subject(subject);
                let event = event.client(request.client.id()).origin(origin);
                ledger.refused(event.with("reason", "no right to consent")).await;
            }
            return Ok(Decision::NotAllowed);
        }
        let consent = Consent {
            subject: subject.to_string(),
            granted_by: account.id.to_string(),
            scope: request.scope.clone(),
            extra: vec![(SUBJECT_PARAMETER.to_owned(), subject.to_string())],
        };
        let granted = self.server.grant(request, consent, origin).await?;
        // Disabling a user ends what they have consented to. This consent may have been on its way at that moment: then it is found
        // here or there, since they are disabled before anything is ended. The same goes for a right that was taken away meanwhile.
        let still = self.identity.account(account.id).await?;
        let reason = if still.is_none_or(|account| account.disabled_at.is_some()) {
            EndReason::UserDisabled
        } else if !self.rights(account.id).await?.cover(subject) {
            EndReason::Administrative
        } else {
            return Ok(Decision::Granted(granted));
        };
        self.server.end_authorisation(granted.authorisation, reason, Actor::System, origin).await?;
        Ok(Decision::NotAllowed)
    }

    async fn chosen_subject(&self, client: &Client, chosen: &str) -> Result<Option<Subject>, StoreError> {
        let company = chosen.parse::<CompanyId>().ok();
        match Application::from(client).subject_type {
            SubjectType::Company => Ok(company.map(Subject::Company)),
            SubjectType::Organisation => {
                let of_company = match company {
                    Some(id) => self.store.company(id).await?.map(|company| company.organisation),
                    None => None,
                };
                Ok(of_company.or(chosen.parse().ok()).map(Subject::Organisation))
            }
        }
    }

    /// The token endpoint. The first exchange of an authorisation makes the installation (facts 18.50).
    pub async fn token(
        &self,
        authorization: Option<&str>,
        body: &[u8],
        origin: &Origin,
    ) -> Reply<TokenSuccess> {
        let reply = self.server.token(authorization, body, origin).await;
        let success = match &reply {
            Reply::Answered(answer) => answer.as_ref().ok(),
            Reply::Disturbed { behind, .. } => behind.as_ref().and_then(|answer| answer.as_ref().ok()),
        };
        if let Some(success) = success.filter(|success| success.generation == 1) {
            let made = match success.subject.parse() {
                Ok(subject) => self.install(success.client_id.as_str(), subject, origin.clone()).await,
                Err(error) => Err(crate::ApiError::Internal(format!("{error}"))),
            };
            // The tokens are out and work; the installation is made up for at the first look at it.
            if let Err(error) = made {
                tracing::error!(%error, client = %success.client_id, "an installation could not be made after an exchange");
            }
        }
        reply
    }
}
