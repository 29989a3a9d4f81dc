use audit::{Actor, AuditEvent, Origin};
use base::{Secret, Timestamp};
use oauth::pkce::Verifier;
use oauth::token_text::TokenText;
use oauth::{ErrorCode, Refused};

use super::AuthorizationServer;
use super::issue::{CODE_CONTEXT, Made, success};
use crate::authorisation::{ActiveTokens, Authorisation, AuthorisationState, EndReason, PendingCode};
use crate::client::{Client, ClientSpec};
use crate::outcome::{EndpointError, TokenSuccess};
use crate::store::{Exchange, WriteOutcome};
use crate::token_kinds::{AuthorizationCode, KeyedTokenCheck};

/// One sentence for whatever is wrong with a code.
const BAD_CODE: Refused = Refused::new(
    ErrorCode::InvalidGrant,
    "the code is invalid, expired, used, another client's, or does not fit redirect_uri and code_verifier",
);

impl AuthorizationServer {
    pub(super) async fn exchange(
        &self,
        client: &Client,
        code: &Secret<String>,
        redirect_uri: Option<&str>,
        verifier: Option<Secret<String>>,
        origin: &Origin,
    ) -> Result<TokenSuccess, EndpointError> {
        let code = TokenText::<AuthorizationCode>::parse(code.expose(), &KeyedTokenCheck(&self.ports.keys))
            .map_err(|_| BAD_CODE)?;
        let verifier = verifier.map(Verifier::parse).transpose().map_err(|_| BAD_CODE)?;
        let id = crate::AuthorisationId::from_uuid(code.row);
        // Twice at most: whoever made the write fail has moved the row out of the only state this one can work in.
        for _ in 0..2 {
            let loaded = self.ports.store.authorisation(id).await?.ok_or(BAD_CODE)?;
            let authorisation = loaded.authorisation;
            if authorisation.client_id != *client.id() || loaded.subject_suspended {
                return Err(BAD_CODE.into());
            }
            let now = self.ports.clock.now();
            match &authorisation.state {
                AuthorisationState::AwaitingExchange(pending) => {
                    let row = id.uuid();
                    let known = pending.hash.matches(
                        &self.ports.keys,
                        CODE_CONTEXT,
                        row.as_bytes(),
                        code.secret.expose(),
                    );
                    if !known || !fits(pending, &client.spec, redirect_uri, verifier.as_ref(), now) {
                        return Err(BAD_CODE.into());
                    }
                    if let Some(success) = self.write_exchange(client, &authorisation, now, origin).await? {
                        return Ok(success);
                    }
                }
                AuthorisationState::Active(_) => {
                    // RFC 6749 section 4.1.2: what the first exchange gave is revoked. That is committed first.
                    let event = ended_event("authorization_code.reused", &authorisation, origin);
                    let record = self.auditor.record(event);
                    let _either_way_over =
                        self.ports.store.end(id, EndReason::CodeReused, now, vec![record]).await?;
                    return Err(BAD_CODE.into());
                }
                AuthorisationState::Ended { .. } => return Err(BAD_CODE.into()),
            }
        }
        Err(BAD_CODE.into())
    }

    /// The write; None if somebody was quicker.
    async fn write_exchange(
        &self,
        client: &Client,
        authorisation: &Authorisation,
        now: Timestamp,
        origin: &Origin,
    ) -> Result<Option<TokenSuccess>, EndpointError> {
        let (id, spec) = (authorisation.id, &client.spec);
        let absolute_expires_at = spec.refresh_absolute.map(|life| now + life);
        let access = self.make_access(spec, id, 1, now, self.what_is_left(client, &authorisation.scope));
        let wants_refresh = spec
            .rotation
            .refresh_needs_scope
            .as_ref()
            .is_none_or(|scope| authorisation.scope.contains(scope));
        let refresh = wants_refresh.then(|| self.make_refresh(spec, id, 1, now, absolute_expires_at));
        let tokens = ActiveTokens {
            generation: 1,
            issued_at: now,
            access: Some(access.row.clone()),
            refresh: refresh.as_ref().map(|made| made.row.clone()),
            absolute_expires_at,
            predecessor: None,
        };
        let event = AuditEvent::new("authorization_code.exchanged", Actor::Client(client.id().to_string()))
            .subject(&authorisation.subject)
            .client(client.id())
            .origin(origin)
            .with("authorisation", id);
        let event = audit::reached(event, 1);
        let exchange = Exchange { id, tokens, at: now, audit: vec![self.auditor.record(event)] };
        let written = self.ports.store.exchange(exchange).await;
        match self.found_out(id, 1, &access.row, written).await? {
            WriteOutcome::Moved => Ok(None),
            WriteOutcome::Done => {
                let access = Made { text: access.text, row: &access.row };
                let refresh = refresh.as_ref().map(|made| Made { text: made.text.clone(), row: &made.row });
                Ok(Some(success(authorisation, 1, access, refresh, now)))
            }
        }
    }
}

/// An event that tells of the end of an authorisation by what its client did.
pub(super) fn ended_event(kind: &'static str, authorisation: &Authorisation, origin: &Origin) -> AuditEvent {
    metrics::counter!("oauth_authorisations_ended_total", "by" => kind).increment(1);
    let event = AuditEvent::new(kind, Actor::Client(authorisation.client_id.to_string()))
        .subject(&authorisation.subject)
        .client(&authorisation.client_id)
        .origin(origin)
        .with("authorisation", authorisation.id)
        .with("granted_by", &authorisation.granted_by);
    match &authorisation.state {
        AuthorisationState::Active(tokens) => audit::reached(event, tokens.generation),
        AuthorisationState::AwaitingExchange(_) | AuthorisationState::Ended { .. } => event,
    }
}

/// Whether the rest of the request fits the code.
fn fits(
    pending: &PendingCode,
    spec: &ClientSpec,
    redirect_uri: Option<&str>,
    verifier: Option<&Verifier>,
    now: Timestamp,
) -> bool {
    let same_redirect = match (&pending.redirect_uri, redirect_uri) {
        (Some(asked), given) => given == Some(asked.as_str()),
        (None, None) => true,
        // The authorization request named none, so the only registered one was used.
        (None, Some(given)) => matches!(spec.redirect_uris.as_slice(), [only] if only.as_str() == given),
    };
    let proven = match (&pending.challenge, verifier) {
        (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
        (None, None) => true,
        // A verifier without a challenge means that somebody took the challenge out of the request (RFC 9700 2.1.1).
        (Some(_), None) | (None, Some(_)) => false,
    };
    same_redirect && proven && now < pending.expires_at
}
