//! Registering clients, changing them, and deciding about them.

use std::time::Duration;

use audit::{Actor, AuditEvent, Origin};
use base::StoreError;
use uuid::Uuid;

use super::AuthorizationServer;
use crate::client::{Client, ClientId, ClientSpec, ClientState};
use crate::outcome::ClientError;
use crate::registration::{
    ClientMetadata, ClientSelection, NewClient, NewRegistration, RegisterOutcome, Registered,
    RegisteredClient, Registration, RegistrationChange, Review, needs_review, state_after_change,
};
use crate::rules::{ClientProblems, hints};
use crate::store::WriteOutcome;

/// The longest reason that a reviewer gives, in characters.
const MAX_REASON: usize = 1000;

/// How often a change is tried again that somebody else's change came in between of.
pub(super) const TRIES: u32 = 3;

/// How long an earlier secret goes on working after an ordinary rotation.
const OVERLAP: Duration = Duration::from_hours(24);

impl AuthorizationServer {
    /// How long an earlier secret works on after an ordinary rotation.
    pub const SECRET_OVERLAP: Duration = OVERLAP;

    /// Registers a client under a new id. Its secret is in the answer this once; a public client has none.
    pub async fn register(
        &self,
        new: NewClient,
        actor: Actor,
        origin: &Origin,
    ) -> Result<Registered, ClientError> {
        self.settings.client_rules.check_new(&new.metadata).map_err(ClientError::Rejected)?;
        let made = self.make_registration(new, &actor, origin, None, None)?;
        let registered = made.registered;
        match self.ports.store.register(made.new).await? {
            RegisterOutcome::Done => Ok(registered),
            RegisterOutcome::Taken | RegisterOutcome::TokenSpent => {
                Err(ClientError::Unavailable(StoreError::Corrupt("a new client id was taken".to_owned())))
            }
        }
    }

    /// What is written and answered for a new client whose metadata were found good.
    pub(super) fn make_registration(
        &self,
        new: NewClient,
        actor: &Actor,
        origin: &Origin,
        client_id: Option<Uuid>,
        spends: Option<crate::InitialAccessTokenId>,
    ) -> Result<MadeRegistration, ClientError> {
        let now = self.ports.clock.now();
        let id = client_id.unwrap_or_else(|| self.new_client_uuid()).to_string();
        let base =
            if new.metadata.public { ClientSpec::public(id, "") } else { ClientSpec::confidential(id, "") };
        let spec = ClientSpec { attributes: new.attributes, ..new.metadata.applied_to(base) };
        self.settings.client_rules.check_spec(&spec).map_err(ClientError::Rejected)?;
        let client_secret = (!spec.public).then(|| self.generate_secret());
        let secrets = client_secret.iter().map(|secret| self.secret_row(&spec.client_id, secret)).collect();
        let state = if new.approved { ClientState::Approved } else { ClientState::AwaitingReview };
        let mut event = AuditEvent::new("client.registered", actor.clone())
            .client(&spec.client_id)
            .origin(origin)
            .with("state", state.as_str())
            .with("name", &spec.name);
        if let Some(token) = &spends {
            event = event.with("initial_access_token", token);
        }
        let registration = Registration {
            client_id: spec.client_id.clone(),
            owner: new.owner,
            registered_by: actor.to_string(),
            pre_approved: new.approved,
            access: None,
            review: None,
            revision: 1,
            changed_at: now,
        };
        let client = Client { spec, state, secrets, created_at: now };
        Ok(MadeRegistration {
            new: NewRegistration {
                client: client.clone(),
                registration: registration.clone(),
                spends,
                at: now,
                audit: vec![self.auditor.record(event)],
            },
            registered: Registered { client, registration, client_secret, registration_access_token: None },
        })
    }

    pub(super) fn new_client_uuid(&self) -> Uuid {
        use base::EntropyExt as _;
        uuid::Builder::from_random_bytes(self.ports.entropy.bytes()).into_uuid()
    }

    /// A client with what is known of its registration; the removed ones too.
    pub async fn registered_client(&self, id: &ClientId) -> Result<Option<RegisteredClient>, StoreError> {
        Ok(self.ports.store.registered_client(id).await?.map(recorded))
    }

    /// Up to `limit` clients of a selection, by id, after the given one.
    pub async fn registered_clients(
        &self,
        selection: ClientSelection,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<RegisteredClient>, StoreError> {
        let found = self.ports.store.registered_clients(selection, after, limit).await?;
        Ok(found.into_iter().map(recorded).collect())
    }

    /// What a reviewer should look at twice in a client, in sentences.
    pub fn review_hints(&self, client: &Client) -> Vec<String> {
        hints(&client.spec)
    }

    /// Changes what a client is. It goes back to review where people would be told otherwise (name, addresses, more scopes),
    /// unless its changes need none; what it holds goes on working.
    pub async fn edit_client(
        &self,
        id: &ClientId,
        metadata: &ClientMetadata,
        actor: Actor,
        origin: &Origin,
    ) -> Result<RegisteredClient, ClientError> {
        for _ in 0..TRIES {
            let before = self.live_client(id).await?;
            let registration = before.registration.clone();
            if let Some(changed) =
                self.write_change(before, metadata, registration, actor.clone(), origin).await?
            {
                return Ok(changed);
            }
        }
        Err(ClientError::Changed(id.clone()))
    }

    /// One attempt to write a change; None if somebody else's came first. `registration` is what is known from now on, but for
    /// revision and time.
    pub(super) async fn write_change(
        &self,
        before: RegisteredClient,
        metadata: &ClientMetadata,
        mut registration: Registration,
        actor: Actor,
        origin: &Origin,
    ) -> Result<Option<RegisteredClient>, ClientError> {
        let RegisteredClient { client, registration: known } = before;
        if metadata.public != client.spec.public {
            let why = "a client with a secret and one without are two clients: register another one";
            return Err(ClientError::Rejected(ClientProblems::one("public", why)));
        }
        self.settings.client_rules.check_new(metadata).map_err(ClientError::Rejected)?;
        let spec = metadata.applied_to(client.spec.clone());
        self.settings.client_rules.check_spec(&spec).map_err(ClientError::Rejected)?;
        let to_review = needs_review(&client.spec, &spec);
        let state = state_after_change(client.state, to_review);
        registration.revision = known.revision + 1;
        registration.changed_at = self.ports.clock.now();
        let event = AuditEvent::new("client.changed", actor)
            .client(&spec.client_id)
            .origin(origin)
            .with("state", state.as_str())
            .with("fields", changed_fields(&client.spec, &spec).join(" "));
        let change = RegistrationChange {
            registration: registration.clone(),
            expected_revision: known.revision,
            expected_state: client.state,
            state,
            spec: Some(spec.clone()),
            audit: vec![self.auditor.record(event)],
        };
        let outcome = self.ports.store.change_registration(change).await?;
        self.clients.forget(&spec.client_id);
        match outcome {
            WriteOutcome::Moved => Ok(None),
            WriteOutcome::Done => {
                Ok(Some(RegisteredClient { client: Client { spec, state, ..client }, registration }))
            }
        }
    }

    /// Approves a client, or declines it with a reason. `seen` is the revision that was looked at: if it was changed since,
    /// nothing is decided. At the command line, where nothing was looked at, None stands for the present one.
    pub async fn decide(
        &self,
        id: &ClientId,
        decision: Decided,
        seen: Option<u64>,
        actor: Actor,
        origin: &Origin,
    ) -> Result<RegisteredClient, ClientError> {
        if let Decided::Declined { reason } = &decision
            && (reason.trim().is_empty() || reason.chars().count() > MAX_REASON || reason.contains('\0'))
        {
            let why = format!("say why, in 1 to {MAX_REASON} characters: the developer reads it");
            return Err(ClientError::Rejected(ClientProblems::one("reason", why)));
        }
        for _ in 0..TRIES {
            let RegisteredClient { client, registration } = self.live_client(id).await?;
            if seen.is_some_and(|seen| seen != registration.revision) {
                return Err(ClientError::Changed(id.clone()));
            }
            let expected_revision = registration.revision;
            let (kind, state, reason) = match &decision {
                Decided::Approved => ("client.approved", ClientState::Approved, None),
                Decided::Declined { reason } => {
                    ("client.declined", ClientState::Declined, Some(reason.trim().to_owned()))
                }
            };
            let review = Review {
                approved: state == ClientState::Approved,
                reason: reason.clone(),
                by: actor.to_string(),
                at: self.ports.clock.now(),
            };
            // A decision is no change of what was looked at, so the revision stays; but a row is made where there is none.
            let registration =
                Registration { review: Some(review), revision: expected_revision.max(1), ..registration };
            let mut event = AuditEvent::new(kind, actor.clone()).client(id).origin(origin);
            event = event.with("state", state.as_str()).with("revision", registration.revision);
            if let Some(reason) = reason {
                event = event.with("reason", reason);
            }
            let change = RegistrationChange {
                registration: registration.clone(),
                expected_revision,
                expected_state: client.state,
                state,
                spec: None,
                audit: vec![self.auditor.record(event)],
            };
            let outcome = self.ports.store.change_registration(change).await?;
            self.clients.forget(id);
            if outcome == WriteOutcome::Done {
                return Ok(RegisteredClient { client: Client { state, ..client }, registration });
            }
        }
        Err(ClientError::Changed(id.clone()))
    }

    /// Sets one of the embedding side's own settings of a client; no change that needs a review.
    pub async fn set_attribute(
        &self,
        id: &ClientId,
        name: &'static str,
        value: &str,
        actor: Actor,
        origin: &Origin,
    ) -> Result<RegisteredClient, ClientError> {
        for _ in 0..TRIES {
            let RegisteredClient { mut client, registration } = self.live_client(id).await?;
            client.spec.attributes.insert(name.to_owned(), value.to_owned());
            let event = AuditEvent::new("client.attribute_set", actor.clone())
                .client(id)
                .origin(origin)
                .with("attribute", name)
                .with("value", value);
            let expected_revision = registration.revision;
            let registration = Registration { revision: expected_revision.max(1), ..registration };
            let change = RegistrationChange {
                registration: registration.clone(),
                expected_revision,
                expected_state: client.state,
                state: client.state,
                spec: Some(client.spec.clone()),
                audit: vec![self.auditor.record(event)],
            };
            let outcome = self.ports.store.change_registration(change).await?;
            self.clients.forget(id);
            if outcome == WriteOutcome::Done {
                return Ok(RegisteredClient { client, registration });
            }
        }
        Err(ClientError::Changed(id.clone()))
    }

    /// A client that was not removed.
    pub(super) async fn live_client(&self, id: &ClientId) -> Result<RegisteredClient, ClientError> {
        let found = self.registered_client(id).await?;
        found
            .filter(|found| found.client.state != ClientState::Removed)
            .ok_or_else(|| ClientError::Unknown(id.clone()))
    }
}

/// What a reviewer decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It may ask people for access.
    Approved,
    /// It may not, for this reason.
    Declined {
        /// Why, for the developer to read.
        reason: String,
    },
}

/// A new client on its way into the store, and what is answered about it.
pub(super) struct MadeRegistration {
    pub(super) new: NewRegistration,
    pub(super) registered: Registered,
}

fn recorded((client, registration): (Client, Option<Registration>)) -> RegisteredClient {
    let registration = registration.unwrap_or_else(|| Registration::unrecorded(&client));
    RegisteredClient { client, registration }
}

/// The names of what differs, for the audit log: the values may be long, and are in the row.
fn changed_fields(before: &ClientSpec, after: &ClientSpec) -> Vec<&'static str> {
    [
        ("name", before.name != after.name),
        ("redirect_uris", before.redirect_uris != after.redirect_uris),
        ("scopes", before.scope != after.scope),
        ("auth_methods", before.auth_methods != after.auth_methods),
        ("pkce", before.pkce != after.pkce),
        ("subject_type", before.subject_type != after.subject_type),
        ("presentation", before.presentation != after.presentation),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
