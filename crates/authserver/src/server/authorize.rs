use audit::{Actor, AuditEvent, Origin};
use base::Scope;
use oauth::authorization_request::{NotRedirectable, ReceivedRequest};
use oauth::authorization_response::{Envelope, error_url, success_url};
use oauth::token_text::TokenText;
use oauth::{ErrorCode, Parameters, RedirectUri, Refused};

use super::AuthorizationServer;
use super::issue::CODE_CONTEXT;
use crate::authorisation::{Authorisation, AuthorisationId, AuthorisationState, PendingCode};
use crate::client::{Client, ClientId, ClientState, PkceRule};
use crate::faults::{Endpoint, Fault, FaultPoint, Moment};
use crate::journal::JournalAnswer;
use crate::keyed_hash::KeyedHash;
use crate::outcome::{AuthorizationRefusal, Consent, Granted, PageReason, ValidatedRequest};
use crate::token_kinds::{AuthorizationCode, KeyedTokenCheck};

impl AuthorizationServer {
    /// The authorization endpoint: checks a request before a person is asked anything.
    pub async fn begin_authorization(&self, query: &str) -> Result<ValidatedRequest, AuthorizationRefusal> {
        let parameters = Parameters::parse(query).unwrap_or_default();
        let client_id = parameters.one("client_id").ok().flatten().map(ToOwned::to_owned);
        let fault = self.authorize_fault(Moment::Before, client_id.as_deref()).await;
        let result = match fault {
            Some(fault) => Err(AuthorizationRefusal::Disturbed(fault)),
            None => self.validate_authorization(query).await,
        };
        if self.ports.journal.is_on() {
            let (status, error) = match &result {
                Ok(_) => (200, None),
                Err(AuthorizationRefusal::Page(reason)) => (400, Some(reason.to_string())),
                Err(AuthorizationRefusal::Redirect(_)) => (303, Some("told to the client".to_owned())),
                Err(AuthorizationRefusal::Unavailable(_)) => (503, None),
                Err(AuthorizationRefusal::Disturbed(_)) => (0, None),
            };
            let answer =
                JournalAnswer { status, error, members: Vec::new(), disturbed: fault.map(Fault::describe) };
            self.write_journal(Endpoint::Authorize, client_id, &parameters, answer).await;
        }
        result
    }

    /// The same checks again, for a later step that carried the query along (sign-in, consent): without faults and
    /// journal, so that one request counts once.
    pub async fn validate_authorization(
        &self,
        query: &str,
    ) -> Result<ValidatedRequest, AuthorizationRefusal> {
        let received =
            ReceivedRequest::parse(query).map_err(|error| AuthorizationRefusal::Page(error.into()))?;
        let client = self.ports.store.client(&ClientId::new(received.client_id.as_str())).await?;
        let client = usable(client).map_err(AuthorizationRefusal::Page)?;
        let redirect_uri =
            redirect_uri(&client, received.redirect_uri.as_deref()).map_err(AuthorizationRefusal::Page)?;
        let details = received.details.and_then(|details| {
            if details.challenge.is_none() && (client.spec.pkce == PkceRule::Required || client.spec.public) {
                return Err(Refused::new(
                    ErrorCode::InvalidRequest,
                    "code_challenge is missing: this client must use PKCE",
                ));
            }
            let scope = self.asked_scope(&client, details.scope)?;
            Ok((scope, details.challenge))
        });
        match details {
            Ok((scope, challenge)) => Ok(ValidatedRequest {
                client,
                redirect_uri,
                scope,
                state: received.state,
                challenge,
                redirect_uri_was_given: received.redirect_uri.is_some(),
            }),
            Err(refused) => {
                let envelope = Envelope { state: received.state.as_deref(), iss: self.iss() };
                Err(AuthorizationRefusal::Redirect(error_url(&redirect_uri, &refused, envelope)))
            }
        }
    }

    /// The person said yes: stores the authorisation with its code. Its scope is at most what was asked for.
    pub async fn grant(
        &self,
        request: &ValidatedRequest,
        consent: Consent,
        origin: &Origin,
    ) -> Result<Granted, AuthorizationRefusal> {
        let now = self.ports.clock.now();
        let id = AuthorisationId::new(&*self.ports.clock, &*self.ports.entropy);
        let code = TokenText::<AuthorizationCode>::generate(id.uuid(), 0, &*self.ports.entropy);
        let hash =
            KeyedHash::make(&self.ports.keys, CODE_CONTEXT, id.uuid().as_bytes(), code.secret.expose());
        let client_id = request.client.id().clone();
        let scope = consent.scope.intersection(&request.scope);
        let event = AuditEvent::new("authorisation.granted", Actor::User(consent.granted_by.clone()))
            .subject(&consent.subject)
            .client(&client_id)
            .origin(origin)
            .with("authorisation", id)
            .with("scope", &scope);
        let authorisation = Authorisation {
            id,
            client_id: client_id.clone(),
            subject: consent.subject,
            granted_by: consent.granted_by,
            scope,
            created_at: now,
            last_used_at: None,
            state: AuthorisationState::AwaitingExchange(PendingCode {
                hash,
                expires_at: now + self.settings.code_lifetime,
                redirect_uri: request
                    .redirect_uri_was_given
                    .then(|| request.redirect_uri.as_str().to_owned()),
                challenge: request.challenge.clone(),
            }),
        };
        self.ports.store.insert_authorisation(authorisation, vec![self.auditor.record(event)]).await?;
        let code = code.render(&KeyedTokenCheck(&self.ports.keys));
        let envelope = Envelope { state: request.state.as_deref(), iss: self.iss() };
        let location = success_url(&request.redirect_uri, &code, envelope, &consent.extra);
        let fault = self.authorize_fault(Moment::After, Some(client_id.as_str())).await;
        if self.ports.journal.is_on() {
            let members = vec![("code".to_owned(), self.fingerprint(code.expose()))];
            self.decided(&client_id, members, None, fault).await;
        }
        match fault {
            Some(fault) => Err(AuthorizationRefusal::Disturbed(fault)),
            None => Ok(Granted { authorisation: id, location }),
        }
    }

    /// The person said no: where to send the browser, with 303. Nothing is stored.
    pub async fn deny(&self, request: &ValidatedRequest, user: &str, origin: &Origin) -> String {
        let refused = Refused::new(ErrorCode::AccessDenied, "the person denied access");
        if self.ports.journal.is_on() {
            self.decided(request.client.id(), Vec::new(), Some(refused.code.to_string()), None).await;
        }
        self.tell_denied(request.client.id(), user, origin).await;
        let envelope = Envelope { state: request.state.as_deref(), iss: self.iss() };
        error_url(&request.redirect_uri, &refused, envelope)
    }

    fn asked_scope(&self, client: &Client, asked: Option<Scope>) -> Result<Scope, Refused> {
        let asked = asked.filter(|scope| !scope.is_empty()).unwrap_or_else(|| client.spec.scope.clone());
        if asked.is_subset(&self.allowed_scope(client)) {
            Ok(asked)
        } else {
            Err(Refused::new(
                ErrorCode::InvalidScope,
                "the scope holds something this client is not registered for",
            ))
        }
    }

    /// All that a client may have now.
    pub(super) fn allowed_scope(&self, client: &Client) -> Scope {
        client.spec.scope.union(&self.settings.scopes_for_all)
    }

    /// What is left of a scope where the client may have less than it holds; None where that is all of it. An answer must
    /// name the scope that the token really has (RFC 6749 section 5.1).
    pub(super) fn what_is_left(&self, client: &Client, scope: &Scope) -> Option<Scope> {
        let left = self.left_of(client, scope);
        (left != *scope).then_some(left)
    }

    /// What of a scope the client may have now.
    pub(super) fn left_of(&self, client: &Client, scope: &Scope) -> Scope {
        scope.filtered(|token| {
            client.spec.scope.contains(token) || self.settings.scopes_for_all.contains(token)
        })
    }

    fn iss(&self) -> Option<&str> {
        self.settings.iss_in_responses.then_some(self.settings.issuer.as_str())
    }

    async fn authorize_fault(&self, moment: Moment, client_id: Option<&str>) -> Option<Fault> {
        self.ports
            .faults
            .at(FaultPoint { endpoint: Endpoint::Authorize, moment, client_id, path: None })
            .await
    }

    async fn decided(
        &self,
        client_id: &ClientId,
        members: Vec<(String, String)>,
        error: Option<String>,
        fault: Option<Fault>,
    ) {
        let answer = JournalAnswer { status: 303, error, members, disturbed: fault.map(Fault::describe) };
        let client_id = Some(client_id.as_str().to_owned());
        self.write_journal(Endpoint::Authorize, client_id, &Parameters::default(), answer).await;
    }
}

fn usable(client: Option<Client>) -> Result<Client, PageReason> {
    match client {
        None => Err(PageReason::UnknownClient),
        Some(client) => match client.state {
            ClientState::Approved => Ok(client),
            ClientState::AwaitingReview | ClientState::ChangeAwaitingReview => {
                Err(PageReason::ClientAwaitsReview)
            }
            ClientState::Suspended | ClientState::Declined => Err(PageReason::ClientNotApproved),
            ClientState::Removed => Err(PageReason::UnknownClient),
        },
    }
}

/// The redirect URI to use: the given one if it is registered, or the only one there is.
fn redirect_uri(client: &Client, given: Option<&str>) -> Result<RedirectUri, PageReason> {
    match (given, client.spec.redirect_uris.as_slice()) {
        (Some(given), registered) => {
            let found = registered.iter().find(|uri| uri.matches(given, client.spec.public));
            found.map(|uri| uri.as_presented(given)).ok_or(PageReason::RedirectUriNotRegistered)
        }
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(PageReason::RedirectUriMissing),
    }
}

impl From<NotRedirectable> for AuthorizationRefusal {
    fn from(error: NotRedirectable) -> Self {
        Self::Page(error.into())
    }
}
