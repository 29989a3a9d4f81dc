use std::collections::BTreeMap;

use audit::Origin;
use base::{Scope, Timestamp};
use oauth::introspection::{ActiveToken, Introspection, ReceivedTokenQuestion};
use oauth::token_text::TokenText;

use super::endpoint::Opened;
use super::presented::PresentedRefresh;
use super::{AuthorizationServer, presented};
use crate::authorisation::{Authorisation, AuthorisationId, AuthorisationState};
use crate::client::Client;
use crate::faults::Endpoint;
use crate::outcome::{EndpointError, Reply};
use crate::token_kinds::{AccessToken, KeyedTokenCheck, RefreshToken};

/// What is told of a token.
struct Told {
    scope: Scope,
    issued_at: Timestamp,
    expires_at: Timestamp,
    token_type: &'static str,
    generation: u32,
}

impl AuthorizationServer {
    /// Introspection (RFC 7662). Only the client that obtained a token hears of it; for any other it is not active. It
    /// consumes nothing and does not count as use.
    pub async fn introspect(
        &self,
        authorization: Option<&str>,
        body: &[u8],
        origin: &Origin,
    ) -> Reply<Introspection> {
        let opened = match self.open(Endpoint::Introspect, authorization, body).await {
            Ok(opened) => opened,
            Err(fault) => return Reply::Disturbed { fault, behind: None },
        };
        let result = self.answer_introspection(&opened, authorization, origin).await;
        self.close(opened, result, |answer| {
            vec![("active".to_owned(), matches!(answer, Introspection::Active(_)).to_string())]
        })
        .await
    }

    async fn answer_introspection(
        &self,
        opened: &Opened,
        authorization: Option<&str>,
        origin: &Origin,
    ) -> Result<Introspection, EndpointError> {
        let question = ReceivedTokenQuestion::parse(authorization, opened.readable()?);
        let client = self.authenticate_client(question.client, Endpoint::Introspect, origin).await?;
        let token = question.token?;
        let check = KeyedTokenCheck(&self.ports.keys);
        let now = self.ports.clock.now();
        // What the client may have now: a token that was given more has less of it today (resource servers see the same).
        let allowed = self.allowed_scope(&client);
        if let Ok(token) = TokenText::<AccessToken>::parse(token.expose(), &check) {
            let Some((authorisation, earlier)) = self.own(&client, token.row, token.generation).await? else {
                return Ok(Introspection::Inactive);
            };
            let AuthorisationState::Active(tokens) = &authorisation.state else {
                return Ok(Introspection::Inactive);
            };
            let told = presented::access(&self.ports.keys, &token, tokens, &earlier, now).map(|live| Told {
                scope: live.scope(&authorisation.scope).intersection(&allowed),
                // The life may have been set otherwise since, so the row's own time counts where it has one.
                issued_at: if live.is_current {
                    tokens.issued_at
                } else {
                    live.access.expires_at - client.spec.access_token_lifetime
                },
                expires_at: live.access.expires_at,
                token_type: "Bearer",
                generation: token.generation,
            });
            return Ok(self.tell(&authorisation, told));
        }
        if let Ok(token) = TokenText::<RefreshToken>::parse(token.expose(), &check) {
            let Some((authorisation, earlier)) = self.own(&client, token.row, token.generation).await? else {
                return Ok(Introspection::Inactive);
            };
            let AuthorisationState::Active(tokens) = &authorisation.state else {
                return Ok(Introspection::Inactive);
            };
            // Active means: it would be accepted now. So is the predecessor while the same answer can be had again.
            let live = match presented::refresh(&self.ports.keys, &token, tokens, &earlier) {
                PresentedRefresh::Current(refresh) | PresentedRefresh::Earlier(refresh) => {
                    Some((refresh.issued_at, refresh.expires_at))
                }
                PresentedRefresh::Predecessor(before) if before.successor.is_some() => {
                    Some((tokens.issued_at, before.retry_until))
                }
                PresentedRefresh::Predecessor(_)
                | PresentedRefresh::RotatedOut
                | PresentedRefresh::Unknown => None,
            };
            let told = live.filter(|(_, expires_at)| now < *expires_at).map(|(issued_at, expires_at)| Told {
                scope: authorisation.scope.intersection(&allowed),
                issued_at,
                expires_at,
                token_type: "refresh_token",
                generation: token.generation,
            });
            return Ok(self.tell(&authorisation, told));
        }
        Ok(Introspection::Inactive)
    }

    /// The authorisation a token names, if it is this client's and nothing stands over it.
    async fn own(
        &self,
        client: &Client,
        row: uuid::Uuid,
        generation: u32,
    ) -> Result<Option<(Authorisation, Vec<crate::EarlierTokens>)>, EndpointError> {
        let Some(loaded) = self.ports.store.authorisation(AuthorisationId::from_uuid(row)).await? else {
            return Ok(None);
        };
        if loaded.authorisation.client_id != *client.id() || loaded.subject_suspended {
            return Ok(None);
        }
        let earlier = self.earlier_for(&loaded, generation).await?;
        Ok(Some((loaded.authorisation, earlier)))
    }

    fn tell(&self, authorisation: &Authorisation, told: Option<Told>) -> Introspection {
        let Some(told) = told else { return Introspection::Inactive };
        let subject = authorisation.subject.clone();
        // The id of the resource is the last part of its URN (facts.md section 6).
        let sub = subject.rsplit(':').next().unwrap_or_default().to_owned();
        let member = self.settings.subject_member.clone();
        Introspection::Active(Box::new(ActiveToken {
            scope: told.scope,
            client_id: authorisation.client_id.to_string(),
            sub,
            exp: told.expires_at.as_seconds(),
            iat: told.issued_at.as_seconds(),
            aud: self.settings.audience.clone(),
            iss: self.settings.issuer.clone(),
            jti: format!("{}.{}", authorisation.id, told.generation),
            token_type: told.token_type,
            extra: member.map(|name| (name, subject)).into_iter().collect::<BTreeMap<_, _>>(),
        }))
    }
}
