use audit::Origin;
use base::{Scope, Secret, StoreError, Timestamp};
use oauth::token_text::TokenText;
use oauth::{ErrorCode, Refused};
use seal::Sealed;

use super::exchange::ended_event;
use super::issue::{Made, success};
use super::{AuthorizationServer, presented};
use crate::authorisation::{
    ActiveTokens, Authorisation, AuthorisationId, AuthorisationState, EndReason, Predecessor,
};
use crate::client::Client;
use crate::outcome::{EndpointError, TokenSuccess};
use crate::rotation::RotationPolicy;
use crate::store::{Rotate, WriteOutcome};
use crate::token_kinds::{KeyedTokenCheck, RefreshToken};
use decision::{Decision, NextRefresh, Plan, decide};

mod decision;

/// One sentence for whatever is wrong with a refresh token.
const BAD_TOKEN: Refused = Refused::new(
    ErrorCode::InvalidGrant,
    "the refresh token is invalid, expired, revoked, used or another client's",
);
/// Within a retry window the same request gets the same answer again; another request with the token is none. Nothing ends by it.
const OTHER_REQUEST: Refused = Refused::new(
    ErrorCode::InvalidScope,
    "this refresh token was used for another scope: repeat that request, or use the new refresh token",
);
/// How often a refresh that lost a race looks again. Each loss means that another request was served.
const ATTEMPTS: usize = 8;

impl AuthorizationServer {
    pub(super) async fn refresh(
        &self,
        client: &Client,
        presented_text: &Secret<String>,
        scope: Option<Scope>,
        origin: &Origin,
    ) -> Result<TokenSuccess, EndpointError> {
        let token =
            TokenText::<RefreshToken>::parse(presented_text.expose(), &KeyedTokenCheck(&self.ports.keys))
                .map_err(|_| BAD_TOKEN)?;
        let id = AuthorisationId::from_uuid(token.row);
        for _ in 0..ATTEMPTS {
            let loaded = self.ports.store.authorisation(id).await?.ok_or(BAD_TOKEN)?;
            if loaded.authorisation.client_id != *client.id() || loaded.subject_suspended {
                return Err(BAD_TOKEN.into());
            }
            let earlier = self.earlier_for(&loaded, token.generation).await?;
            let authorisation = loaded.authorisation;
            let AuthorisationState::Active(tokens) = &authorisation.state else {
                return Err(BAD_TOKEN.into());
            };
            let asked = narrow(&authorisation.scope, scope.as_ref())?;
            let narrowed = self
                .what_is_left(client, asked.as_ref().unwrap_or(&authorisation.scope))
                .or_else(|| asked.clone());
            let now = self.ports.clock.now();
            let presented = presented::refresh(&self.ports.keys, &token, tokens, &earlier);
            match decide(&client.spec.rotation, tokens, &presented, now) {
                Decision::Refuse => return Err(BAD_TOKEN.into()),
                Decision::TooEarly => {
                    return Err(
                        Refused::new(ErrorCode::InvalidRequest, "the access token is not due yet").into()
                    );
                }
                Decision::End(reason) => {
                    self.end_by_refresh(&authorisation, reason, token.generation, origin).await?;
                    return Err(BAD_TOKEN.into());
                }
                Decision::Resend => {
                    let given = tokens.access.as_ref().and_then(|access| access.narrowed_scope.as_ref());
                    if given != narrowed.as_ref() && given != asked.as_ref() {
                        return Err(OTHER_REQUEST.into());
                    }
                    return self.resend(&authorisation, tokens, now);
                }
                Decision::Rotate(plan) => {
                    let rotation = Rotation {
                        client,
                        authorisation: &authorisation,
                        tokens,
                        plan: *plan,
                        narrowed,
                        now,
                    };
                    if let Some(success) = self.rotate(rotation, presented_text, origin).await? {
                        return Ok(success);
                    }
                }
            }
        }
        // Others were served each time; this one was not, and nothing was changed for it.
        Err(StoreError::Unavailable("too many refreshes of one authorisation at once".to_owned()).into())
    }

    /// A replayed or expired token: the end is committed first, then the request is refused.
    async fn end_by_refresh(
        &self,
        authorisation: &Authorisation,
        reason: EndReason,
        presented_generation: u32,
        origin: &Origin,
    ) -> Result<(), EndpointError> {
        let kind = match reason {
            EndReason::RefreshTokenExpired => "refresh_token.expired",
            _ => "refresh_token.replayed",
        };
        let event =
            ended_event(kind, authorisation, origin).with("presented_generation", presented_generation);
        let record = self.auditor.record(event);
        let now = self.ports.clock.now();
        let _either_way_over = self.ports.store.end(authorisation.id, reason, now, vec![record]).await?;
        tracing::warn!(authorisation = %authorisation.id, client = %authorisation.client_id, kind, "authorisation ended");
        Ok(())
    }

    /// Retry window: the same answer again, from its sealed copy.
    fn resend(
        &self,
        authorisation: &Authorisation,
        tokens: &ActiveTokens,
        now: Timestamp,
    ) -> Result<TokenSuccess, EndpointError> {
        let (Some(before), Some(access), Some(refresh)) =
            (&tokens.predecessor, &tokens.access, &tokens.refresh)
        else {
            return Err(BAD_TOKEN.into());
        };
        let sealed = before.successor.as_ref().ok_or(BAD_TOKEN)?;
        let place = Self::successor_place(authorisation.id, tokens.generation);
        let texts = self.ports.sealer.open_text(&place, sealed).map_err(|error| {
            StoreError::Corrupt(format!("the sealed successor of {}: {error}", authorisation.id))
        })?;
        let (access_text, refresh_text) = texts
            .expose()
            .split_once('\n')
            .ok_or_else(|| StoreError::Corrupt(format!("the sealed successor of {}", authorisation.id)))?;
        metrics::counter!("oauth_successors_resent_total").increment(1);
        let access = Made { text: Secret::new(access_text.to_owned()), row: access };
        let refresh = Made { text: Secret::new(refresh_text.to_owned()), row: refresh };
        Ok(success(authorisation, tokens.generation, access, Some(refresh), now))
    }

    /// Makes the next tokens and writes them; None if the row has moved.
    async fn rotate(
        &self,
        rotation: Rotation<'_>,
        presented_text: &Secret<String>,
        origin: &Origin,
    ) -> Result<Option<TokenSuccess>, EndpointError> {
        let Rotation { client, authorisation, tokens, plan, narrowed, now } = rotation;
        let (id, spec) = (authorisation.id, &client.spec);
        let generation = tokens
            .generation
            .checked_add(1)
            .ok_or_else(|| StoreError::Corrupt(format!("the generation of {id} cannot be raised")))?;
        let access = self.make_access(spec, id, generation, now, narrowed);
        let refresh = match plan.next {
            NextRefresh::New => self.make_refresh(spec, id, generation, now, tokens.absolute_expires_at),
            NextRefresh::Same(kept) => Made { text: presented_text.clone(), row: kept },
        };
        let predecessor = match (spec.rotation.policy, &plan.used) {
            (RotationPolicy::RetryWindow { seconds }, used) => Some(Predecessor {
                generation: used.generation,
                hash: used.hash.clone(),
                retry_until: now + std::time::Duration::from_secs(seconds),
                successor: Some(self.seal_successor(id, generation, &access.text, &refresh.text)),
            }),
            _ => None,
        };
        let concerned = (client.id().to_string(), authorisation.subject.clone());
        let log = self.auditor.rotation(now, id.to_string(), generation, concerned, origin);
        let next = ActiveTokens {
            generation,
            issued_at: now,
            access: Some(access.row.clone()),
            refresh: Some(refresh.row.clone()),
            absolute_expires_at: tokens.absolute_expires_at,
            predecessor,
        };
        let write = Rotate {
            id,
            expected_generation: tokens.generation,
            tokens: next,
            retire: plan.retire,
            forget_earlier_refresh: plan.forget_earlier_refresh,
            at: now,
            log,
        };
        let written = self.ports.store.rotate(write).await;
        match self.found_out(id, generation, &access.row, written).await? {
            WriteOutcome::Moved => Ok(None),
            WriteOutcome::Done => {
                let access = Made { text: access.text, row: &access.row };
                let refresh = Made { text: refresh.text, row: &refresh.row };
                Ok(Some(success(authorisation, generation, access, Some(refresh), now)))
            }
        }
    }

    fn seal_successor(
        &self,
        id: AuthorisationId,
        generation: u32,
        access: &Secret<String>,
        refresh: &Secret<String>,
    ) -> Sealed {
        let texts = Secret::new(format!("{}\n{}", access.expose(), refresh.expose()));
        self.ports.sealer.seal(&Self::successor_place(id, generation), texts.expose().as_bytes())
    }
}

/// What a rotation works with.
struct Rotation<'a> {
    client: &'a Client,
    authorisation: &'a Authorisation,
    tokens: &'a ActiveTokens,
    plan: Plan,
    narrowed: Option<Scope>,
    now: Timestamp,
}

/// The scope of the new access token, if it is to be narrower than what was granted (RFC 6749 section 6).
fn narrow(granted: &Scope, asked: Option<&Scope>) -> Result<Option<Scope>, Refused> {
    match asked.filter(|asked| !asked.is_empty()) {
        None => Ok(None),
        Some(asked) if asked == granted => Ok(None),
        Some(asked) if asked.is_subset(granted) => Ok(Some(asked.clone())),
        Some(_) => Err(Refused::new(ErrorCode::InvalidScope, "the scope is more than what was granted")),
    }
}
