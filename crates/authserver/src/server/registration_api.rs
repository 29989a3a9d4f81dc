//! Registration by programs (RFC 7591) and management of what they registered (RFC 7592).

use std::time::Duration;

use audit::{Actor, AuditEvent, Origin};
use base::{Secret, StoreError};
use oauth::token_text::TokenText;
use oauth::{ClientAuthMethod, ErrorCode, Refused, RegistrationRequest, bearer};
use uuid::Uuid;

use super::AuthorizationServer;
use super::registration::TRIES;
use crate::client::{Client, ClientId, ClientState, PkceRule, Presentation};
use crate::keyed_hash::KeyedHash;
use crate::outcome::ClientError;
use crate::registration::{
    ClientMetadata, NewClient, RegisterOutcome, RegisteredClient, Registration, RegistrationAccess,
};
use crate::token_kinds::{KeyedTokenCheck, RegistrationAccessText};

const CONTEXT: &str = "registration access token";

/// What a registered client is told about itself.
#[derive(Debug)]
pub struct ManagedClient {
    /// The client.
    pub client: Client,
    /// What is known of it.
    pub registration: Registration,
    /// Its secret, in the answer to its registration alone.
    pub client_secret: Option<Secret<String>>,
    /// The token to manage it with from now on.
    pub registration_access_token: Secret<String>,
}

/// Somebody with a good registration access token.
struct Managing {
    /// The token.
    text: Secret<String>,
    /// Its generation.
    presented: u32,
    /// The client.
    found: RegisteredClient,
}

/// Why registration or management by a program is refused.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationRefusal {
    /// No token came, or none that is good here: 401.
    #[error("the request needs a token that is good here")]
    Unauthenticated {
        /// Whether there was one at all.
        presented: bool,
    },
    /// Too many wrong tokens from there: 429.
    #[error("too many wrong tokens")]
    TooMany(Duration),
    /// The metadata are refused: 400.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database failed: 503.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

const WRONG_TOKEN: RegistrationRefusal = RegistrationRefusal::Unauthenticated { presented: true };

impl AuthorizationServer {
    /// `POST /oauth/register`: the value of the `Authorization` header, if there is one, and the body.
    pub async fn register_with_token(
        &self,
        authorization: Option<&str>,
        body: &[u8],
        origin: &Origin,
    ) -> Result<ManagedClient, RegistrationRefusal> {
        let token = self.bearer_of(authorization, origin).await?;
        let Some(token) = self.presented_initial_access(&token).await? else {
            return Err(self.wrong_token(origin).await);
        };
        let request = RegistrationRequest::parse(body)?;
        let metadata = self.metadata_of(request);
        self.settings.client_rules.check_new(&metadata).map_err(|problems| refused(&problems))?;
        let uuid = self.new_client_uuid();
        let text = TokenText::<RegistrationAccessText>::generate(uuid, 1, &*self.ports.entropy);
        let new = NewClient { metadata, approved: token.pre_approved, ..NewClient::default() };
        let actor = Actor::InitialAccessToken(token.id.to_string());
        let mut made =
            self.make_registration(new, &actor, origin, Some(uuid), Some(token.id)).map_err(told)?;
        let access =
            RegistrationAccess { generation: 1, hash: self.hash_registration_access(&text), earlier: None };
        made.new.registration.access = Some(access.clone());
        match self.ports.store.register(made.new).await? {
            RegisterOutcome::Done => {}
            // Another request was quicker with the last use.
            RegisterOutcome::TokenSpent => return Err(WRONG_TOKEN),
            RegisterOutcome::Taken => {
                return Err(StoreError::Corrupt("a new client id was taken".to_owned()).into());
            }
        }
        metrics::counter!("oauth_clients_registered_total").increment(1);
        Ok(ManagedClient {
            client: made.registered.client,
            registration: Registration { access: Some(access), ..made.registered.registration },
            client_secret: made.registered.client_secret,
            registration_access_token: text.render(&KeyedTokenCheck(&self.ports.keys)),
        })
    }

    /// `GET /oauth/register/{client_id}`: what the client is now. The token stays the same.
    pub async fn managed_client(
        &self,
        client_id: &str,
        authorization: Option<&str>,
        origin: &Origin,
    ) -> Result<ManagedClient, RegistrationRefusal> {
        let Managing { text, found, .. } =
            self.authenticate_management(client_id, authorization, origin).await?;
        let RegisteredClient { client, registration } = found;
        Ok(ManagedClient { client, registration, client_secret: None, registration_access_token: text })
    }

    /// `PUT /oauth/register/{client_id}`: the client is what the request says; what it leaves out is gone. The answer carries a
    /// new token; the one that was used works until the new one is used.
    pub async fn replace_managed_client(
        &self,
        client_id: &str,
        authorization: Option<&str>,
        body: &[u8],
        origin: &Origin,
    ) -> Result<ManagedClient, RegistrationRefusal> {
        for _ in 0..TRIES {
            let Managing { presented, found: before, .. } =
                self.authenticate_management(client_id, authorization, origin).await?;
            let request = RegistrationRequest::parse(body)?;
            self.check_management(&request, &before.client)?;
            let metadata = ClientMetadata { pkce: before.client.spec.pkce, ..self.metadata_of(request) };
            let Some(present) = before.registration.access.clone() else { return Err(WRONG_TOKEN) };
            // Whoever comes with the one before has not seen the present one: that one is forgotten instead.
            let used = match present.earlier {
                Some(earlier) if earlier.0 == presented => earlier,
                _ => (present.generation, present.hash),
            };
            let Ok(uuid) = Uuid::parse_str(client_id) else { return Err(WRONG_TOKEN) };
            let generation = present.generation + 1;
            let text = TokenText::<RegistrationAccessText>::generate(uuid, generation, &*self.ports.entropy);
            let registration = Registration {
                access: Some(RegistrationAccess {
                    generation,
                    hash: self.hash_registration_access(&text),
                    earlier: Some(used),
                }),
                ..before.registration.clone()
            };
            let actor = Actor::Client(client_id.to_owned());
            let written = self.write_change(before, &metadata, registration, actor, origin).await;
            if let Some(RegisteredClient { client, registration }) = written.map_err(told)? {
                let registration_access_token = text.render(&KeyedTokenCheck(&self.ports.keys));
                return Ok(ManagedClient {
                    client,
                    registration,
                    client_secret: None,
                    registration_access_token,
                });
            }
        }
        Err(StoreError::Unavailable("the client is being changed by others at the same time".to_owned())
            .into())
    }

    /// `DELETE /oauth/register/{client_id}`: the client, its codes and its tokens are dead.
    pub async fn remove_managed_client(
        &self,
        client_id: &str,
        authorization: Option<&str>,
        origin: &Origin,
    ) -> Result<(), RegistrationRefusal> {
        let _ = self.authenticate_management(client_id, authorization, origin).await?;
        let id = ClientId::new(client_id);
        self.remove_client(&id, Actor::Client(client_id.to_owned()), origin).await.map_err(told)
    }

    /// The client that a registration access token is for; the token must be the one of the client in the path. Whatever is
    /// wrong, the answer is the same (RFC 7592 section 2).
    async fn authenticate_management(
        &self,
        client_id: &str,
        authorization: Option<&str>,
        origin: &Origin,
    ) -> Result<Managing, RegistrationRefusal> {
        let text = self.bearer_of(authorization, origin).await?;
        let check = KeyedTokenCheck(&self.ports.keys);
        let Ok(token) = TokenText::<RegistrationAccessText>::parse(text.expose(), &check) else {
            return Err(self.wrong_token(origin).await);
        };
        if token.row.to_string() != client_id {
            return Err(self.wrong_token(origin).await);
        }
        let id = ClientId::new(client_id);
        let found =
            self.registered_client(&id).await?.filter(|found| found.client.state != ClientState::Removed);
        let Some(found) = found else { return Err(self.wrong_token(origin).await) };
        let Some(access) = &found.registration.access else { return Err(self.wrong_token(origin).await) };
        let is = |generation: u32, hash: &KeyedHash| {
            generation == token.generation
                && hash.matches(&self.ports.keys, CONTEXT, token.row.as_bytes(), token.secret.expose())
        };
        let earlier = access.earlier.as_ref();
        if is(access.generation, &access.hash) {
            if earlier.is_some() {
                let _gone_either_way =
                    self.ports.store.forget_earlier_registration_token(&id, access.generation).await?;
            }
        } else if !earlier.is_some_and(|(generation, hash)| is(*generation, hash)) {
            return Err(self.wrong_token(origin).await);
        }
        Ok(Managing { text, presented: token.generation, found })
    }

    /// What RFC 7592 section 2.2 asks of a change beyond good metadata.
    fn check_management(&self, request: &RegistrationRequest, client: &Client) -> Result<(), Refused> {
        const fn wrong(description: &'static str) -> Refused {
            Refused::new(ErrorCode::InvalidClientMetadata, description)
        }
        if request.client_id.as_deref() != Some(client.id().as_str()) {
            return Err(wrong("client_id has to be there and to be that of the client"));
        }
        if request.forbidden.is_some() {
            return Err(wrong(
                "registration_access_token, registration_client_uri, client_secret_expires_at and client_id_issued_at \
                 are for answers and not to be sent",
            ));
        }
        let now = self.ports.clock.now();
        if request.client_secret.as_ref().is_some_and(|secret| !self.is_live_secret(client, secret, now)) {
            return Err(wrong("client_secret is not the secret of this client, and cannot be chosen by it"));
        }
        Ok(())
    }

    /// The metadata of a request; what is optional has its default.
    fn metadata_of(&self, request: RegistrationRequest) -> ClientMetadata {
        let scopes = request.scope.unwrap_or_else(|| self.settings.default_scope.to_string());
        let method = request.auth_method.0;
        // Words of OpenID Connect for another thing under the same name.
        let subject_type =
            request.subject_type.filter(|word| !["public", "pairwise"].contains(&word.as_str()));
        let usual =
            self.settings.client_rules.subject_types.as_ref().and_then(|words| words.first().cloned());
        ClientMetadata {
            name: request.client_name.unwrap_or_default(),
            redirect_uris: request.redirect_uris,
            scopes: scopes.split(' ').filter(|token| !token.is_empty()).map(ToOwned::to_owned).collect(),
            public: method == ClientAuthMethod::None,
            pkce: PkceRule::Required,
            auth_methods: [method].into(),
            subject_type: subject_type.or(usual),
            presentation: Presentation {
                client_uri: request.client_uri,
                logo_uri: request.logo_uri,
                tos_uri: request.tos_uri,
                policy_uri: request.policy_uri,
                initiation_uri: request.initiation_uri,
                settings_uri: request.settings_uri,
                contacts: request.contacts,
            },
        }
    }

    fn hash_registration_access(&self, text: &TokenText<RegistrationAccessText>) -> KeyedHash {
        KeyedHash::make(&self.ports.keys, CONTEXT, text.row.as_bytes(), text.secret.expose())
    }

    async fn bearer_of(
        &self,
        authorization: Option<&str>,
        origin: &Origin,
    ) -> Result<Secret<String>, RegistrationRefusal> {
        let header = authorization.ok_or(RegistrationRefusal::Unauthenticated { presented: false })?;
        if let Some(pause) = self.registration_throttle.pause("", origin, self.ports.clock.monotonic()) {
            return Err(RegistrationRefusal::TooMany(pause));
        }
        match bearer::read(header) {
            Some(token) => Ok(token),
            None => Err(self.wrong_token(origin).await),
        }
    }

    /// Counts a wrong token for where it came from, and has it recorded.
    async fn wrong_token(&self, origin: &Origin) -> RegistrationRefusal {
        self.registration_throttle.failed("", origin, self.ports.clock.monotonic());
        metrics::counter!("oauth_registration_refused_tokens_total").increment(1);
        if let Some(ledger) = &self.ledger {
            ledger.refused(AuditEvent::new("registration.refused", Actor::System).origin(origin)).await;
        }
        WRONG_TOKEN
    }
}

/// Broken rules as RFC 7591 section 3.2.2 has them: those of redirect URIs have a code of their own.
fn refused(problems: &crate::ClientProblems) -> Refused {
    let of_redirect_uris = problems.iter().any(|problem| problem.field == "redirect_uris");
    let code =
        if of_redirect_uris { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata };
    let named = problems.iter().map(|problem| format!("{}: {}", member(problem.field), problem.why));
    Refused { code, description: named.collect::<Vec<_>>().join("; ").into(), retry_after: None }
}

/// The name that a field has in the API.
const fn member(field: &'static str) -> &'static str {
    match field.as_bytes() {
        b"name" => "client_name",
        b"scopes" => "scope",
        b"auth_methods" | b"public" => "token_endpoint_auth_method",
        _ => field,
    }
}

fn told(error: ClientError) -> RegistrationRefusal {
    match error {
        ClientError::Rejected(problems) => refused(&problems).into(),
        ClientError::Unknown(_) => WRONG_TOKEN,
        ClientError::Changed(_) => {
            StoreError::Unavailable("the client is being changed by others at the same time".to_owned())
                .into()
        }
        ClientError::Unavailable(error) => error.into(),
    }
}
