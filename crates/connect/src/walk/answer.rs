//! The answer of a provider's sign-in: checked, its code exchanged, the credential stored, the company asked for.

use std::sync::Arc;

use base::{Scope, Secret};
use oauth::authorization_response::{Callback, CallbackError as Unreadable, CallbackOutcome};
use oauth::pkce::Verifier;
use oauth::token_answer::Tokens;
use oauth::token_request::TokenRequest;
use oauth::token_text::TokenText;
use oauth::{ErrorCode, Parameters};
use providers::CompanySearch;
use refresh::{CredentialKind, DegradedReason, NewCredential, Outcome, ProviderAccess};
use seal::{MacKeyId, Purpose as KeyPurpose, Sealed};

use super::depart::{STATE_CONTEXT, hex, verifier_place};
use super::{CallbackError, WalkError};
use crate::session::{Away, ConnectSession, Flow, Notice};
use crate::texts::{Check, StateText};
use crate::{Connect, ConnectSessionId};

/// An answer that belongs to the request under way.
struct Accepted {
    session: ConnectSession,
    away: Away,
    verifier: Option<Secret<String>>,
    access: Arc<ProviderAccess>,
    callback: Result<Callback, Unreadable>,
}

impl Connect {
    /// What came to `GET /callback/{provider}`. The state is looked at before anything else (facts 17.26), and an answer is
    /// dealt with once. From then on a browser that hangs up stops nothing.
    pub async fn callback(
        &self,
        provider: &str,
        query: &str,
        browser: Option<&Secret<String>>,
    ) -> Result<ConnectSessionId, CallbackError> {
        let accepted = self.accept(provider, query, browser).await?;
        let id = accepted.session.id;
        let connect = self.clone();
        let work = self.inner.parts.tracker.spawn(async move { connect.take_answer(accepted).await });
        match work.await {
            Ok(Ok(())) => Ok(id),
            // Moved by another tab meanwhile, or out of set-up: the page says how it stands.
            Ok(Err(WalkError::Store(error))) => Err(error.into()),
            Ok(Err(error)) => {
                tracing::info!(session.id = %id, ?error, "an answer was overtaken");
                Ok(id)
            }
            Err(error) => {
                tracing::error!(session.id = %id, %error, "taking an answer broke off");
                Err(base::StoreError::Unavailable("the answer could not be dealt with".to_owned()).into())
            }
        }
    }

    async fn accept(
        &self,
        provider: &str,
        query: &str,
        browser: Option<&Secret<String>>,
    ) -> Result<Accepted, CallbackError> {
        let parameters = Parameters::parse(query).map_err(|_| CallbackError::Unreadable)?;
        let state =
            parameters.one("state").map_err(|_| CallbackError::Unreadable)?.ok_or(CallbackError::NotOurs)?;
        let state = TokenText::<StateText>::parse(state, &Check(self.keys().clone()))
            .map_err(|_| CallbackError::NotOurs)?;
        let id = ConnectSessionId::from_uuid(state.row);
        let mut session = self.store().session(id).await?.ok_or(CallbackError::NotOurs)?;
        match self.belongs_to(&session, browser) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(CallbackError::OtherBrowser),
        }
        let Flow::Away { end, away, .. } = &session.flow else { return Err(CallbackError::AlreadyUsed(id)) };
        if !self.is_state(away, state.secret.expose()) {
            return Err(CallbackError::AlreadyUsed(id));
        }
        if session.has_expired(self.now()) {
            return Err(CallbackError::Expired);
        }
        let (end, away) = (*end, away.clone());
        let access =
            self.access_at(&session, end).await?.filter(|access| access.provider.id.as_str() == provider);
        let access = access.ok_or(CallbackError::NotOurs)?;
        let callback = Callback::parse(query);
        if let Err(Unreadable::Unreadable(_)) = callback {
            return Err(CallbackError::Unreadable);
        }
        if let Ok(Callback { iss: Some(iss), .. }) = &callback
            && access.endpoints.issuer.as_ref().is_some_and(|issuer| issuer != iss)
        {
            return Err(CallbackError::OtherIssuer(id));
        }
        let verifier =
            session.verifier.take().map(|sealed| self.open_verifier(&session, &sealed)).transpose()?;
        let flow = session.flow.clone().answered(self.now()).map_err(|_| CallbackError::AlreadyUsed(id))?;
        let session = self.step(session, flow, None, None, &[]).await.map_err(|error| match error {
            WalkError::Store(error) => CallbackError::Store(error),
            _ => CallbackError::AlreadyUsed(id),
        })?;
        Ok(Accepted { session, away, verifier, access, callback })
    }

    fn is_state(&self, away: &Away, secret: &[u8]) -> bool {
        let key =
            away.state_key.parse::<MacKeyId>().ok().and_then(|id| self.keys().by_id(KeyPurpose::Cookie, &id));
        key.is_some_and(|key| {
            let (known, given) =
                (Secret::new(away.state_mac.clone()), Secret::new(hex(&key.mac(STATE_CONTEXT, &[secret]))));
            known.equals_in_constant_time(&given)
        })
    }

    fn open_verifier(
        &self,
        session: &ConnectSession,
        sealed: &Sealed,
    ) -> Result<Secret<String>, base::StoreError> {
        let corrupt = || base::StoreError::Corrupt(format!("the verifier of {} does not open", session.id));
        let opened = self
            .inner
            .parts
            .sealer
            .open(&verifier_place(session.id, session.version), sealed)
            .map_err(|_| corrupt())?;
        Ok(Secret::new(std::str::from_utf8(opened.expose()).map_err(|_| corrupt())?.to_owned()))
    }

    async fn take_answer(&self, accepted: Accepted) -> Result<(), WalkError> {
        let Accepted { session, away, verifier, access, callback } = accepted;
        let name = access.provider.name.clone();
        let (code, redirect_company) = match code_of(callback, &access, &name) {
            Ok(found) => found,
            Err(notice) => return self.came_to_nothing(session, notice).await,
        };
        let tokens = match self.exchange(&access, &away, &code, verifier).await? {
            Ok(tokens) => tokens,
            Err(notice) => return self.came_to_nothing(session, notice).await,
        };
        let new = NewCredential {
            access_token: tokens.access_token.clone(),
            refresh_token: tokens.refresh_token.clone(),
            expires_in: tokens.expires_in,
            refresh_token_expires_in: tokens.refresh_token_expires_in,
            scope: tokens.scope.as_deref().and_then(|scope| scope.parse::<Scope>().ok()),
        };
        let given = self.authority().seal_new(
            access.provider.id.as_str(),
            &away.client_id,
            CredentialKind::OAuth,
            &new,
        );
        let flow = session.flow.clone().signed_in(given.grant, redirect_company)?;
        // Stored before it is used (facts 17.34).
        let session = self.step(session, flow, None, Some(&given), &[]).await?;
        self.find_company(session).await
    }

    /// Server to server (facts 17.30). A refusal of one client secret is followed by the next live one: the code is not spent then.
    async fn exchange(
        &self,
        access: &ProviderAccess,
        away: &Away,
        code: &Secret<String>,
        verifier: Option<Secret<String>>,
    ) -> Result<Result<Box<Tokens>, Notice>, WalkError> {
        let name = &access.provider.name;
        let client =
            self.directory().client(access).await?.filter(|client| client.client_id == away.client_id);
        let verifier = verifier.map(Verifier::parse).transpose();
        let (Some(client), Ok(verifier)) = (client, verifier) else {
            // Another client was set while the person was away.
            let sentence =
                format!("{name} has been set up anew while you were there. Please sign in once more.");
            return Ok(Err(Notice::new("client_changed", sentence)));
        };
        let secrets = self.directory().open_secrets(&client)?;
        let request = TokenRequest::AuthorizationCode {
            code,
            redirect_uri: &away.redirect_uri,
            verifier: verifier.as_ref(),
        };
        let mut secrets = secrets.iter();
        let mut secret = secrets.next();
        loop {
            let outcome =
                self.authority().token_endpoint().request(access, &away.client_id, secret, &request).await;
            let (code, detail, sentence) = match outcome {
                Outcome::Advanced(tokens) => return Ok(Ok(tokens)),
                Outcome::NotProcessed { reason: DegradedReason::ClientRefused, detail, .. } => {
                    secret = secrets.next();
                    if secret.is_some() {
                        continue;
                    }
                    (
                        "client_refused",
                        detail,
                        format!(
                            "{name} does not accept this application's own sign-in. Please tell whoever sent you the link."
                        ),
                    )
                }
                Outcome::Misconfigured { detail } => (
                    "misconfigured",
                    detail,
                    format!("{name} did not accept the request. Please tell whoever sent you the link."),
                ),
                Outcome::Refused { detail } => (
                    "code_refused",
                    detail,
                    format!(
                        "{name} did not accept the sign-in; it may have taken too long. Please sign in again."
                    ),
                ),
                Outcome::NotProcessed { detail, .. } | Outcome::Unknown { detail } => (
                    "provider_unavailable",
                    detail,
                    format!(
                        "{name} could not be reached to complete the sign-in. Please try again in a minute."
                    ),
                ),
            };
            tracing::warn!(provider = %access.provider.id, outcome = code, detail, "a code could not be exchanged");
            return Ok(Err(Notice::new(code, sentence)));
        }
    }

    pub(crate) async fn came_to_nothing(
        &self,
        session: ConnectSession,
        notice: Notice,
    ) -> Result<(), WalkError> {
        let flow = session.flow.clone().came_to_nothing()?;
        self.step(session, flow, Some(notice), None, &[]).await.map(|_| ())
    }
}

/// The code of an answer, and the company where the provider names it there.
fn code_of(
    callback: Result<Callback, Unreadable>,
    access: &ProviderAccess,
    name: &str,
) -> Result<(Secret<String>, Option<String>), Notice> {
    // Facts 17.27: without a code the attempt has failed.
    let callback = callback.map_err(|_| {
        Notice::new("no_code", format!("{name} sent you back without an answer. Please try again."))
    })?;
    let company = match &access.provider.company.found_by {
        CompanySearch::RedirectParameter(parameter) => callback.extra(parameter).map(ToOwned::to_owned),
        _ => None,
    };
    match callback.outcome {
        CallbackOutcome::Code(code) => Ok((code, company)),
        CallbackOutcome::Error { code, .. } => Err(refusal(&code, name)),
    }
}

/// What an error on the redirect means for the person (facts 17.25).
fn refusal(code: &ErrorCode, name: &str) -> Notice {
    match code {
        ErrorCode::AccessDenied => Notice::new(
            "access_denied",
            format!("Access was not allowed at {name}. Nothing has been changed. You can try again."),
        ),
        ErrorCode::TemporarilyUnavailable | ErrorCode::ServerError => Notice::new(
            "provider_unavailable",
            format!("{name} cannot complete the sign-in at the moment. Please try again in a minute."),
        ),
        other => {
            tracing::warn!(provider = name, code = other.as_str(), "a sign-in was refused");
            Notice::new(
                "sign_in_refused",
                format!("{name} refused the sign-in. Please try again, or tell whoever sent you the link."),
            )
        }
    }
}
