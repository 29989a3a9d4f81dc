//! Ending a connection: at the providers as far as that ends nothing else, and here in any case (facts 17.118, 17.120).

use std::time::Duration;

use base::{Secret, StoreError};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use oauth::ClientAuthMethod;
use oauth::token_request::ClientCredentials;
use outbound::{Body, SendOptions};
use providers::{ClientAuthentication, RevocationCall, RevocationReach};
use refresh::{Grant, ProviderAccess};
use serde_json::json;

use crate::call::{CallError, call};
use crate::walk::Search;
use crate::{Connect, Connection, ConnectionId, End, Event, EventType, FoundConnection, Stage};

/// Why a connection is not ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisconnectError {
    /// There is no such connection.
    #[error("there is no such connection")]
    NoConnection,
    /// The connection was changed meanwhile.
    #[error("the connection was changed by somebody else at the same time; try again")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How often the write is tried that another one overtook.
const ATTEMPTS: usize = 4;

/// A connection that has been ended.
#[derive(Debug)]
pub struct Disconnected {
    /// As it is now.
    pub found: FoundConnection,
    /// What could not be ended at the providers, and what a person can do about it.
    pub left_to_do: Vec<String>,
}

impl Connect {
    /// Ends a connection. Whatever the providers answer, it is over here; what is left to do is said. Doing it twice is fine.
    pub async fn disconnect(&self, id: ConnectionId) -> Result<Disconnected, DisconnectError> {
        let (mut left_to_do, mut dealt_with) = (Vec::new(), Vec::new());
        for _ in 0..ATTEMPTS {
            let connection = self.store().connection(id).await?.ok_or(DisconnectError::NoConnection)?;
            if let Stage::Disconnected { left_to_do, .. } = connection.stage.clone() {
                return Ok(Disconnected { found: self.with_words(connection), left_to_do });
            }
            for end in End::BOTH {
                // A new sign-in that came in between brought another grant: it is to be ended as well.
                let grant = connection.side(end).grant;
                if dealt_with.contains(&grant) {
                    continue;
                }
                dealt_with.push(grant);
                if let Err(left) = self.end_at_provider(&connection, end).await {
                    left_to_do.push(left);
                }
            }
            let event = self.over(&connection, &left_to_do);
            // A refresh or a new sign-in may have moved the row meanwhile; the wish to end it is not less true for that.
            if self.store().disconnect(id, connection.version, self.now(), &left_to_do, &event).await? {
                for grant in dealt_with {
                    self.authority().changed(grant);
                }
                self.connection_changed(id);
                let found = self.connection(id).await?.ok_or(DisconnectError::NoConnection)?;
                return Ok(Disconnected { found, left_to_do });
            }
        }
        Err(DisconnectError::Stale)
    }

    fn over(&self, connection: &Connection, left_to_do: &[String]) -> Event {
        let mut sentence = format!(
            "{} was disconnected from {}.",
            connection.platform.company.name, connection.accounting.company.name
        );
        for left in left_to_do {
            sentence.push(' ');
            sentence.push_str(left);
        }
        let data = json!({ "left_to_do": left_to_do });
        self.event(EventType::Disconnected, connection.id, data, sentence)
    }

    /// Ends the credential of an end at its provider, if there is a call for that whose reach is this credential and nothing
    /// that another live connection needs (`refresh-authority` rule 16).
    async fn end_at_provider(&self, connection: &Connection, end: End) -> Result<(), String> {
        let side = connection.side(end);
        let name = self.directory().name(&side.provider).to_owned();
        let by_hand = |why: &str| {
            format!("{why} To end it there too, remove this application under the connected apps of {name}.")
        };
        let Some(access) = self.directory().get(&side.provider) else {
            return Err(by_hand(&format!("{name} is not set up here any more.")));
        };
        if matches!(side.facts.state, refresh::GrantState::Ended { .. }) {
            // There is nothing left to end it with. Where the provider ended it, nothing is left to end either.
            return Ok(());
        }
        let Some(revocation) = &access.provider.revocation else {
            return Err(by_hand(&format!("{name} offers no way to end access from here.")));
        };
        let shared = self
            .store()
            .is_shared(side.grant, connection.id)
            .await
            .map_err(|_| by_hand("It could not be found out what else uses this sign-in."))?;
        if shared && revocation.reach != RevocationReach::Token {
            // The other connection goes on with it; what is forgotten here is only this connection's use of it.
            return Ok(());
        }
        let ended = match &revocation.call {
            RevocationCall::Delete(path) => self.delete(side.grant, access, path).await,
            RevocationCall::Form | RevocationCall::Json => {
                self.revoke(side.grant, access, revocation.call == RevocationCall::Json).await
            }
        };
        ended.map_err(|why| {
            tracing::warn!(connection.id = %connection.id, end = end.as_str(), why, "access could not be ended at the provider");
            by_hand(&format!("Access at {name} could not be ended from here ({why})."))
        })
    }

    async fn delete(
        &self,
        grant: refresh::GrantId,
        access: &ProviderAccess,
        path: &str,
    ) -> Result<(), String> {
        let (headers, _) = self.borrow(grant, access).await.map_err(|search| match search {
            Search::Useless(notice) | Search::Later(notice) => notice.code,
            Search::Found(_) => String::new(),
        })?;
        match call(self.http(), access, Method::DELETE, path, &headers, None).await {
            // Gone already is as good.
            Ok(_) | Err(CallError::NotFound | CallError::Refused) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn revoke(
        &self,
        id: refresh::GrantId,
        access: &ProviderAccess,
        as_json: bool,
    ) -> Result<(), String> {
        let grant = self.authority().store().grant(id).await.map_err(|error| error.to_string())?;
        let Some(grant) = grant else { return Ok(()) };
        let Some(sealed) = grant.credential.as_ref().and_then(|credential| credential.refresh_token.as_ref())
        else {
            return Err("there is no refresh token to end".to_owned());
        };
        let place = Grant::refresh_place(grant.id, grant.generation);
        let opened = self.inner.parts.sealer.open(&place, sealed).map_err(|error| error.to_string())?;
        let token = Secret::new(String::from_utf8_lossy(opened.expose()).into_owned());
        let url = access.endpoints.revoke_url.as_ref().ok_or("the address for it is not known")?;
        let client = self.directory().client(access).await.map_err(|error| error.to_string())?;
        let secrets = client.as_ref().map(|client| self.directory().open_secrets(client)).transpose();
        let secret =
            secrets.map_err(|error| error.to_string())?.and_then(|secrets| secrets.into_iter().next());
        let body_secret = access
            .provider
            .oauth
            .as_ref()
            .is_some_and(|rules| rules.client_authentication == ClientAuthentication::Body);
        let method = match (&secret, body_secret) {
            (None, _) => ClientAuthMethod::None,
            (Some(_), false) => ClientAuthMethod::ClientSecretBasic,
            (Some(_), true) => ClientAuthMethod::ClientSecretPost,
        };
        let credentials =
            ClientCredentials { client_id: &grant.client_id, client_secret: secret.as_ref(), method };
        let encoded = credentials.encode(&[("token", token.expose()), ("token_type_hint", "refresh_token")]);
        let (kind, body) = if as_json {
            ("application/json", json!({ "token": token.expose() }).to_string())
        } else {
            ("application/x-www-form-urlencoded", encoded.body.expose().clone())
        };
        let mut request =
            Request::post(url.as_str()).header(CONTENT_TYPE, kind).header(ACCEPT, "application/json");
        if let Some(authorization) = &encoded.authorization {
            request = request.header(AUTHORIZATION, authorization.expose());
        }
        let request = request.body(Body::from(body)).map_err(|error| error.to_string())?;
        let options = SendOptions::within(Duration::from_secs(20));
        let answer = self.http().send(request, &options).await.map_err(|error| error.to_string())?;
        // A token that is not known there is as dead as one that was revoked (RFC 7009 section 2.2).
        if answer.status().is_success() { Ok(()) } else { Err(format!("it answered {}", answer.status())) }
    }
}
