//! Off to a provider, or to the page where a key is pasted.

use base::Secret;
use oauth::authorization_request::AuthorizationRequest;
use oauth::pkce::Verifier;
use oauth::token_text::TokenText;
use refresh::ProviderAccess;
use seal::{Place, Purpose as KeyPurpose};
use url::Url;

use super::{Next, WalkError};
use crate::session::{Away, ConnectSession, Flow, Method, Purpose};
use crate::texts::{Check, StateText};
use crate::{Connect, ConnectSessionId, End, KeyedHash};

pub(super) const STATE_CONTEXT: &str = "connect state";

/// Where the verifier of a walk is sealed once the session is at `version`.
pub(super) fn verifier_place(id: ConnectSessionId, version: u64) -> Place {
    Place::new("connect_sessions", id, "verifier", version)
}

/// The redirect URI of a provider: one for each (facts 17.6).
pub(crate) fn redirect_uri(connect: &Connect, access: &ProviderAccess) -> String {
    connect.address(&format!("/callback/{}", access.provider.id))
}

impl Connect {
    /// The Start button: binds the walk to this browser and goes to the first sign-in. Pressed twice, or again after coming
    /// back, it goes on where the walk stands.
    pub async fn start(&self, link: &str, browser: &Secret<String>) -> Result<Next, WalkError> {
        let walk = self.look(link).await?;
        let mut session = walk.session;
        if self.belongs_to(&session, Some(browser))? {
            return Ok(Next::Page(session.id));
        }
        session.browser = Some(self.browser_hash(browser));
        // Who opens a link late has as much time for the walk as anybody.
        session.expires_at = self.now() + self.inner.settings.link_life;
        let first = match session.purpose {
            Purpose::Connect { .. } => End::Platform,
            Purpose::Reauthorise { end, .. } => end,
        };
        let id = session.id;
        match self.depart(session, first).await {
            // The other of two clicks was quicker; both are of this browser or the page will say otherwise.
            Err(WalkError::NotHere) => Ok(Next::Page(id)),
            next => next,
        }
    }

    /// A button of the walk that goes to sign in at the end that is due (again).
    pub async fn go_on(&self, id: ConnectSessionId, browser: &Secret<String>) -> Result<Next, WalkError> {
        let session = self.session_of(id, browser).await?;
        let Some(end) = session.flow.end() else { return Ok(Next::Page(id)) };
        self.depart(session, end).await
    }

    /// Signs in at an end anew, with another account or for another company. Not on a link that is for one end of a connection.
    pub async fn start_over(
        &self,
        id: ConnectSessionId,
        browser: &Secret<String>,
        end: End,
    ) -> Result<Next, WalkError> {
        let session = self.session_of(id, browser).await?;
        if matches!(session.purpose, Purpose::Reauthorise { .. }) {
            return Err(WalkError::NotHere);
        }
        let flow = session.flow.clone().back_to(end)?;
        self.step(session, flow, None, None, &[]).await?;
        Ok(Next::Page(id))
    }

    async fn depart(&self, session: ConnectSession, end: End) -> Result<Next, WalkError> {
        let access = self.need_access(&session, end).await?;
        let id = session.id;
        if Self::method_at(&session, end, &access) == Method::ApiKey {
            let flow = session.flow.clone().ask_for_key(end)?;
            self.step(session, flow, None, None, &[]).await?;
            return Ok(Next::Page(id));
        }
        let url = self.send_away(session, end, &access).await?;
        Ok(Next::Provider(url))
    }

    async fn send_away(
        &self,
        mut session: ConnectSession,
        end: End,
        access: &ProviderAccess,
    ) -> Result<Url, WalkError> {
        let not_set_up = || WalkError::NotSetUp(access.provider.name.clone());
        let client = self.directory().client(access).await?.ok_or_else(not_set_up)?;
        let (Some(rules), Some(endpoint)) = (&access.provider.oauth, &access.endpoints.authorize_url) else {
            return Err(not_set_up());
        };
        let state = TokenText::<StateText>::generate(session.id.uuid(), 1, self.entropy());
        let hash =
            KeyedHash::of(&self.keys().current(KeyPurpose::Cookie), STATE_CONTEXT, state.secret.expose());
        let redirect_uri = redirect_uri(self, access);
        let verifier = rules.pkce.then(|| Verifier::generate(self.entropy()));
        let challenge = verifier.as_ref().map(Verifier::challenge);
        let state = state.render(&Check(self.keys().clone()));
        let extra: Vec<_> = rules
            .extra_authorize_parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let url = AuthorizationRequest {
            client_id: &client.client_id,
            redirect_uri: &redirect_uri,
            scope: &rules.scopes,
            state: state.expose(),
            challenge: challenge.as_ref(),
            extra: &extra,
        }
        .url(endpoint);
        let away = Away {
            state_key: hash.key.to_string(),
            state_mac: hex(&hash.mac),
            redirect_uri,
            client_id: client.client_id,
            since: self.now(),
        };
        let flow = session.flow.clone().leave(end, away)?;
        let place = verifier_place(session.id, session.version + 1);
        session.verifier = verifier
            .map(|verifier| self.inner.parts.sealer.seal(&place, verifier.secret().expose().as_bytes()));
        debug_assert!(matches!(flow, Flow::Away { .. }));
        self.step(session, flow, None, None, &[]).await?;
        Ok(url)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
