//! Registering OAuth clients, deciding about them, and the tokens with which programs register.
//!
//! Registering makes credentials and nothing else. Being in the directory of integrations is a step of its own
//! ([`Platform::set_in_directory`]), for clients that are approved.

use audit::Origin;
use authserver::{
    Client, ClientId, ClientMetadata, ClientSelection, ClientState, Decided, InitialAccessToken,
    InitialAccessTokenId, ManagedClient, NewClient, NewInitialAccessToken, Registered, RegisteredClient,
    Registration, RegistrationRefusal,
};
use base::Secret;
use identity::{Account, AccountId};

use crate::application::{DIRECTORY, INTEGRATED_API_KEYS, LISTED, SETUP_REQUIRED};
use crate::logo::LogoState;
use crate::{ActError, By, Platform};

/// The most clients that one person has; more is no developer but a flood.
const MOST_OWN: u32 = 50;

/// A client to be registered, as a page or a command asks for it.
#[derive(Debug, Clone, Default)]
pub struct NewApplication {
    /// What it is to be.
    pub metadata: ClientMetadata,
    /// The person it belongs to.
    pub owner: Option<AccountId>,
    /// Whether it needs no review.
    pub approved: bool,
    /// Whether an installation starts as AUTHORIZED and must be activated by the integration (facts 11).
    pub setup_required: bool,
    /// Whether installing it makes an integrated API key (facts 10.2).
    pub integrated_api_keys: bool,
}

/// A client with everything that its developer and its reviewer look at.
#[derive(Debug, Clone)]
pub struct ClientDetails {
    /// The client.
    pub client: Client,
    /// Where it comes from and what was decided.
    pub registration: Registration,
    /// Its logo: here, or why not.
    pub logo: LogoState,
    /// What a reviewer should look at twice, in sentences.
    pub hints: Vec<String>,
    /// Whether it is in the directory of integrations, once it is approved.
    pub in_directory: bool,
}

impl Platform {
    /// Registers a client. Its secret is in the answer this once.
    pub async fn register_client(&self, by: &By, new: NewApplication) -> Result<Registered, ActError> {
        let NewApplication { metadata, owner, approved, setup_required, integrated_api_keys } = new;
        if let Some(owner) = owner {
            let selection = ClientSelection::Owner(owner.to_string());
            let own = self.server.registered_clients(selection, None, MOST_OWN).await?;
            if own.len() >= MOST_OWN as usize {
                return Err(ActError::invalid(
                    "name",
                    format!("a person has {MOST_OWN} clients at most: remove one"),
                ));
            }
        }
        let attributes = [(SETUP_REQUIRED, setup_required), (INTEGRATED_API_KEYS, integrated_api_keys)]
            .map(|(name, set)| (name.to_owned(), set.to_string()));
        let new = NewClient {
            metadata,
            attributes: attributes.into(),
            approved,
            owner: owner.map(|owner| owner.to_string()),
        };
        let registered = self.server.register(new, by.actor.clone(), &by.origin).await?;
        self.take_logo(&registered.client).await;
        Ok(registered)
    }

    /// A client with all that is known of it; the removed ones too.
    pub async fn client_details(&self, id: &ClientId) -> Result<ClientDetails, ActError> {
        let found = self.server.registered_client(id).await?.ok_or_else(|| ActError::no_client(id))?;
        self.details(found).await
    }

    /// A client of this person; another's is not there for them.
    pub async fn own_client(&self, account: AccountId, id: &ClientId) -> Result<ClientDetails, ActError> {
        let details = self.client_details(id).await?;
        let own = details.registration.owner.as_deref() == Some(account.to_string().as_str());
        if own && details.client.state != ClientState::Removed {
            Ok(details)
        } else {
            Err(ActError::no_client(id))
        }
    }

    /// Whether somebody may see what is not approved yet of a client: whoever reviews clients, and whoever owns it.
    pub async fn sees_unapproved(&self, account: AccountId, id: &ClientId) -> Result<bool, ActError> {
        if self.store.is_platform_admin(account).await? {
            return Ok(true);
        }
        match self.own_client(account, id).await {
            Ok(_) => Ok(true),
            Err(ActError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The clients of a person, by id.
    pub async fn own_clients(&self, account: AccountId) -> Result<Vec<ClientDetails>, ActError> {
        let selection = ClientSelection::Owner(account.to_string());
        self.all_details(self.server.registered_clients(selection, None, MOST_OWN).await?).await
    }

    /// Up to `limit` clients that wait for a decision, by id, after the given one.
    pub async fn review_queue(
        &self,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<ClientDetails>, ActError> {
        let found = self.server.registered_clients(ClientSelection::AwaitingReview, after, limit).await?;
        self.all_details(found).await
    }

    /// Changes a client of this person; it goes back to review where people would be told otherwise.
    pub async fn edit_own_client(
        &self,
        account: &Account,
        by: &By,
        id: &ClientId,
        metadata: &ClientMetadata,
    ) -> Result<ClientDetails, ActError> {
        let before = self.own_client(account.id, id).await?;
        // An exemption from PKCE is given by the operator; the owner can neither make nor lose it by editing.
        let metadata = ClientMetadata { pkce: before.client.spec.pkce, ..metadata.clone() };
        let changed = self.server.edit_client(id, &metadata, by.actor.clone(), &by.origin).await?;
        self.take_logo(&changed.client).await;
        self.details(changed).await
    }

    /// Approves a client. `seen` is the revision that was looked at ([`Registration::revision`]); if it was changed since,
    /// nothing is decided. None stands for the present one.
    pub async fn approve_client(
        &self,
        by: &By,
        id: &ClientId,
        seen: Option<u64>,
    ) -> Result<ClientDetails, ActError> {
        // Its logo is the one that was there to be looked at: what its address gives from now on, nobody has reviewed.
        let decided = self.server.decide(id, Decided::Approved, seen, by.actor.clone(), &by.origin).await?;
        self.details(decided).await
    }

    /// Declines a client, for a reason that its developer reads.
    pub async fn decline_client(
        &self,
        by: &By,
        id: &ClientId,
        seen: Option<u64>,
        reason: &str,
    ) -> Result<ClientDetails, ActError> {
        let decision = Decided::Declined { reason: reason.to_owned() };
        let decided = self.server.decide(id, decision, seen, by.actor.clone(), &by.origin).await?;
        self.details(decided).await
    }

    /// Stops a client: its tokens are refused until it is approved again.
    pub async fn suspend_client(&self, by: &By, id: &ClientId) -> Result<(), ActError> {
        self.server.set_client_state(id, ClientState::Suspended, by.actor.clone(), &by.origin).await?;
        Ok(())
    }

    /// Gives a client a new secret, shown this once. The earlier one works for a day more; if it is `compromised` it ends at
    /// once, with all that was granted to the client.
    pub async fn rotate_client_secret(
        &self,
        by: &By,
        id: &ClientId,
        compromised: bool,
    ) -> Result<Secret<String>, ActError> {
        let overlap = authserver::AuthorizationServer::SECRET_OVERLAP;
        Ok(self.server.rotate_client_secret(id, compromised, overlap, by.actor.clone(), &by.origin).await?)
    }

    /// Removes a client: its tokens and codes are dead, its keys are refused, its id is unknown from now on.
    pub async fn remove_client(&self, by: &By, id: &ClientId) -> Result<(), ActError> {
        Ok(self.server.remove_client(id, by.actor.clone(), &by.origin).await?)
    }

    /// Puts a client into the directory of integrations, or takes it out. It has to have a way to begin from there: an
    /// initiation page, or an integrated API key.
    pub async fn set_in_directory(
        &self,
        by: &By,
        id: &ClientId,
        listed: bool,
    ) -> Result<ClientDetails, ActError> {
        let before = self.client_details(id).await?;
        let spec = &before.client.spec;
        let by_key = spec.attributes.get(INTEGRATED_API_KEYS).is_some_and(|set| set == "true");
        if listed && !by_key && spec.presentation.initiation_uri.is_none() {
            let why = "the directory leads people to the client's initiation page, and it has none";
            return Err(ActError::invalid("initiation_uri", why));
        }
        let value = if listed { LISTED } else { "unlisted" };
        let changed = self.server.set_attribute(id, DIRECTORY, value, by.actor.clone(), &by.origin).await?;
        self.details(changed).await
    }

    /// Makes an initial access token; its text is in the answer this once.
    pub async fn create_initial_access_token(
        &self,
        by: &By,
        new: NewInitialAccessToken,
    ) -> Result<(InitialAccessToken, Secret<String>), ActError> {
        Ok(self.server.create_initial_access_token(new, by.actor.clone(), &by.origin).await?)
    }

    /// The initial access tokens that are live or have been over for a month at most, newest first.
    pub async fn initial_access_tokens(&self) -> Result<Vec<InitialAccessToken>, ActError> {
        Ok(self.server.initial_access_tokens().await?)
    }

    /// Withdraws an initial access token; clients that were registered with it stay.
    pub async fn revoke_initial_access_token(
        &self,
        by: &By,
        id: InitialAccessTokenId,
    ) -> Result<(), ActError> {
        if self.server.revoke_initial_access_token(id, by.actor.clone(), &by.origin).await? {
            Ok(())
        } else {
            Err(ActError::NotFound { what: format!("live initial access token {id}") })
        }
    }

    /// `POST /oauth/register` (RFC 7591).
    pub async fn register_with_token(
        &self,
        authorization: Option<&str>,
        body: &[u8],
        origin: &Origin,
    ) -> Result<ManagedClient, RegistrationRefusal> {
        let managed = self.server.register_with_token(authorization, body, origin).await?;
        self.take_logo(&managed.client).await;
        Ok(managed)
    }

    /// `PUT /oauth/register/{client_id}` (RFC 7592 section 2.2).
    pub async fn replace_managed_client(
        &self,
        client_id: &str,
        authorization: Option<&str>,
        body: &[u8],
        origin: &Origin,
    ) -> Result<ManagedClient, RegistrationRefusal> {
        let managed = self.server.replace_managed_client(client_id, authorization, body, origin).await?;
        self.take_logo(&managed.client).await;
        Ok(managed)
    }

    async fn all_details(&self, found: Vec<RegisteredClient>) -> Result<Vec<ClientDetails>, ActError> {
        let mut all = Vec::with_capacity(found.len());
        for one in found {
            all.push(self.details(one).await?);
        }
        Ok(all)
    }

    async fn details(&self, found: RegisteredClient) -> Result<ClientDetails, ActError> {
        let RegisteredClient { client, registration } = found;
        Ok(ClientDetails {
            logo: self.logo_state(&client).await?,
            hints: self.server.review_hints(&client),
            in_directory: crate::Application::from(&client).in_directory,
            client,
            registration,
        })
    }
}
