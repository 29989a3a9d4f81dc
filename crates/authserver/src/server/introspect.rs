use std::fmt::Write as _;

use audit::Origin;
use base::{Scope, Timestamp};
use oauth::introspection::{ActiveToken, Introspection, ReceivedTokenQuestion};
use oauth::token_text::TokenText;

use super::access::Presented;
use super::endpoint::Opened;
use super::presented::PresentedRefresh;
use super::{AuthorizationServer, presented};
use crate::authorisation::{Authorisation, AuthorisationId, AuthorisationState, EarlierTokens};
use crate::client::Client;
use crate::faults::Endpoint;
use crate::outcome::{EndpointError, Reply};
use crate::store::LoadedAuthorisation;
use crate::token_kinds::{AccessToken, KeyedTokenCheck, RefreshToken};

/// What is told of a token.
struct Told {
    scope: Scope,
    issued_at: Timestamp,
    expires_at: Timestamp,
    token_type: &'static str,
    generation: u32,
}

/// What introspection calls a refresh token, which has no type by RFC 6749.
const REFRESH_TOKEN: &str = "refresh_token";

impl AuthorizationServer {
    /// Introspection (RFC 7662). Only the client that obtained a token hears of it; for any other it is not active. It
    /// consumes nothing and does not count as use.
    pub async fn introspect<'a>(
        &'a self,
        authorization: Option<&str>,
        body: &[u8],
        origin: &Origin,
    ) -> Reply<Introspection<'a>> {
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

    async fn answer_introspection<'a>(
        &'a self,
        opened: &Opened,
        authorization: Option<&str>,
        origin: &Origin,
    ) -> Result<Introspection<'a>, EndpointError> {
        let question = ReceivedTokenQuestion::parse(authorization, opened.readable()?);
        let client = self.authenticate_client(question.client, Endpoint::Introspect, origin).await?;
        let token = question.token?;
        let check = KeyedTokenCheck(&self.ports.keys);
        let now = self.ports.clock.now();
        // A token that was given more than the client may have now has less of it today (resource servers see the same).
        let left = |scope: &Scope| self.left_of(&client, scope);
        if let Ok(token) = TokenText::<AccessToken>::parse(token.expose(), &check) {
            let id = AuthorisationId::from_uuid(token.row);
            let loaded = match self.present(id, token.generation).await? {
                Presented::Current(present) => {
                    let is_good = present.client_id == *client.id()
                        && presented::is_live(&self.ports.keys, &token, &present.access, now);
                    let told = is_good.then(|| Told {
                        scope: left(&presented::scope_of(&present.access, &present.scope)),
                        issued_at: present.issued_at,
                        expires_at: present.access.expires_at,
                        token_type: "Bearer",
                        generation: present.generation,
                    });
                    return Ok(self.tell(id, &client, &present.subject, told));
                }
                Presented::Other(loaded) => loaded.map(|loaded| *loaded),
            };
            let Some((authorisation, earlier)) = self.own(&client, loaded, token.generation).await? else {
                return Ok(Introspection::Inactive);
            };
            let AuthorisationState::Active(tokens) = &authorisation.state else {
                return Ok(Introspection::Inactive);
            };
            let told = presented::access(&self.ports.keys, &token, tokens, &earlier, now).map(|live| Told {
                scope: left(&live.scope(&authorisation.scope)),
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
            return Ok(self.tell(id, &client, &authorisation.subject, told));
        }
        if let Ok(token) = TokenText::<RefreshToken>::parse(token.expose(), &check) {
            let id = AuthorisationId::from_uuid(token.row);
            let loaded = self.ports.store.authorisation(id).await?;
            let Some((authorisation, earlier)) = self.own(&client, loaded, token.generation).await? else {
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
                scope: left(&authorisation.scope),
                issued_at,
                expires_at,
                token_type: REFRESH_TOKEN,
                generation: token.generation,
            });
            return Ok(self.tell(id, &client, &authorisation.subject, told));
        }
        Ok(Introspection::Inactive)
    }

    /// The authorisation a token names, if it is this client's and nothing stands over it.
    async fn own(
        &self,
        client: &Client,
        loaded: Option<LoadedAuthorisation>,
        generation: u32,
    ) -> Result<Option<(Authorisation, Vec<EarlierTokens>)>, EndpointError> {
        let Some(loaded) = loaded else { return Ok(None) };
        if loaded.authorisation.client_id != *client.id() || loaded.subject_suspended {
            return Ok(None);
        }
        let earlier = self.earlier_for(&loaded, generation).await?;
        Ok(Some((loaded.authorisation, earlier)))
    }

    fn tell<'a>(
        &'a self,
        id: AuthorisationId,
        client: &Client,
        subject: &str,
        told: Option<Told>,
    ) -> Introspection<'a> {
        let Some(told) = told else { return Introspection::Inactive };
        // The id of the resource is the last part of its URN (facts.md section 6).
        let sub = subject.rsplit(':').next().unwrap_or_default().to_owned();
        // The length of an id, two full stops, a generation and the kind: both tokens of a generation are told apart.
        let mut jti = String::with_capacity(56);
        let kind = if told.token_type == REFRESH_TOKEN { "refresh" } else { "access" };
        write!(jti, "{id}.{}.{kind}", told.generation).expect("writing to a String does not fail");
        let member = self.settings.subject_member.as_deref();
        Introspection::Active(Box::new(ActiveToken {
            scope: told.scope,
            client_id: client.id().to_string(),
            sub,
            exp: told.expires_at.as_seconds(),
            iat: told.issued_at.as_seconds(),
            aud: &self.settings.audience,
            iss: &self.settings.issuer,
            jti,
            token_type: told.token_type,
            own: member.map(|name| (name, subject.to_owned())),
        }))
    }
}
