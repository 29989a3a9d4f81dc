//! Clients as people, commands and programs register them, what was decided about them, and the tokens with which a
//! program registers (RFC 7591) and manages (RFC 7592) a client.

use std::collections::{BTreeMap, BTreeSet};

use audit::AuditRecord;
use base::{Id, IdKind, Scope, Secret, Timestamp};
use oauth::{ClientAuthMethod, RedirectUri};

use crate::client::{Client, ClientId, ClientSpec, ClientState, PkceRule, Presentation};
use crate::keyed_hash::KeyedHash;

mod store;

pub use store::{RegisterOutcome, RegistrationChange, Registrations};

/// What a client is to be, as it was typed; nothing of it is checked yet. The same for command, API, page and seed, so
/// that [`crate::ClientRules`] are the same for all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientMetadata {
    /// Its name, as people see it.
    pub name: String,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// What it may ask for, a token each.
    pub scopes: Vec<String>,
    /// Whether it can keep no secret.
    pub public: bool,
    /// PKCE.
    pub pkce: PkceRule,
    /// How it may authenticate; empty for what is usual.
    pub auth_methods: BTreeSet<ClientAuthMethod>,
    /// What kind of subject is chosen at consent.
    pub subject_type: Option<String>,
    /// What people see.
    pub presentation: Presentation,
}

impl ClientMetadata {
    /// What a client is now.
    pub fn of(spec: &ClientSpec) -> Self {
        Self {
            name: spec.name.clone(),
            redirect_uris: spec.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
            scopes: spec.scope.iter().map(ToOwned::to_owned).collect(),
            public: spec.public,
            pkce: spec.pkce,
            auth_methods: spec.auth_methods.clone(),
            subject_type: spec.subject_type.clone(),
            presentation: spec.presentation.clone(),
        }
    }

    /// The client that these make out of `before`: what is not said here (lives, rotation, attributes) stays. Only for
    /// metadata that the rules have found good; a redirect URI or scope that does not parse is left out.
    pub(crate) fn applied_to(&self, before: ClientSpec) -> ClientSpec {
        let usual = if self.public {
            BTreeSet::from([ClientAuthMethod::None])
        } else {
            BTreeSet::from([ClientAuthMethod::ClientSecretBasic, ClientAuthMethod::ClientSecretPost])
        };
        ClientSpec {
            name: self.name.clone(),
            redirect_uris: self
                .redirect_uris
                .iter()
                .filter_map(|uri| RedirectUri::register(uri).ok())
                .collect(),
            scope: Scope::from_tokens(self.scopes.iter().map(String::as_str)).unwrap_or_default(),
            public: self.public,
            pkce: self.pkce,
            auth_methods: if self.auth_methods.is_empty() { usual } else { self.auth_methods.clone() },
            subject_type: self.subject_type.clone(),
            presentation: self.presentation.clone(),
            ..before
        }
    }
}

/// A client to be registered.
#[derive(Debug, Clone, Default)]
pub struct NewClient {
    /// What it is to be.
    pub metadata: ClientMetadata,
    /// Further settings of the embedding side, by name.
    pub attributes: BTreeMap<String, String>,
    /// Whether it needs no review.
    pub approved: bool,
    /// The person it belongs to, by account id; None for one of the command line or the API.
    pub owner: Option<String>,
}

/// A client that was registered just now.
#[derive(Debug)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// What was written down of its registration.
    pub registration: Registration,
    /// Its secret, which is shown this once; a public client has none.
    pub client_secret: Option<Secret<String>>,
    /// The token to manage it with (RFC 7592), where a program registered it.
    pub registration_access_token: Option<Secret<String>>,
}

/// What is known of a client beside its settings: where it comes from, who may change it, and what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The client.
    pub client_id: ClientId,
    /// The person it belongs to, by account id.
    pub owner: Option<String>,
    /// Who registered it, as the audit log names them.
    pub registered_by: String,
    /// Whether it was approved without a review when it was registered. Its changes are reviewed like everybody's.
    pub pre_approved: bool,
    /// The token with which a program manages it.
    pub access: Option<RegistrationAccess>,
    /// What was decided last.
    pub review: Option<Review>,
    /// Counts what a reviewer has to look at anew: a decision names the one that was seen.
    pub revision: u64,
    /// When it was changed last.
    pub changed_at: Timestamp,
}

impl Registration {
    /// What is known of a client about which nothing was written down: one of a seed.
    pub(crate) fn unrecorded(client: &Client) -> Self {
        Self {
            client_id: client.id().clone(),
            owner: None,
            registered_by: "command_line".to_owned(),
            pre_approved: false,
            access: None,
            review: None,
            revision: 0,
            changed_at: client.created_at,
        }
    }
}

/// The registration access token of a client. A new one comes with each change; the one before it works until the new
/// one is used for the first time, so that an answer that was lost on its way costs nobody their client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationAccess {
    /// Counts the tokens.
    pub generation: u32,
    /// The keyed hash of the present one.
    pub hash: KeyedHash,
    /// The one before it, with its generation, until the present one was used.
    pub earlier: Option<(u32, KeyedHash)>,
}

/// A decision about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Whether it was approved.
    pub approved: bool,
    /// Why not, in the words of whoever decided; the developer reads it.
    pub reason: Option<String>,
    /// Who decided, as the audit log names them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A client with what is known of its registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredClient {
    /// The client.
    pub client: Client,
    /// Where it comes from and what was decided.
    pub registration: Registration,
}

/// Which clients a list is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientSelection {
    /// Those that wait for a decision.
    AwaitingReview,
    /// Those of a person, by account id; the removed ones are left out.
    Owner(String),
}

/// The kind of an initial access token's id.
#[derive(Debug)]
pub struct InitialAccessTokenKind;

impl IdKind for InitialAccessTokenKind {
    const PREFIX: &'static str = "iat_";
}

/// The id of an initial access token, under which it is shown in lists.
pub type InitialAccessTokenId = Id<InitialAccessTokenKind>;

/// A token with which programs register clients (RFC 7591 section 3): its keyed hash, never the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialAccessToken {
    /// Its id.
    pub id: InitialAccessTokenId,
    /// The keyed hash.
    pub hash: KeyedHash,
    /// What it was made for, in the words of whoever made it.
    pub note: String,
    /// Whether clients registered with it need no first review.
    pub pre_approved: bool,
    /// How many clients it may still register.
    pub uses_left: u32,
    /// Who made it, as the audit log names them.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// Since when it is withdrawn.
    pub revoked_at: Option<Timestamp>,
}

impl InitialAccessToken {
    /// Whether a client can be registered with it at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.uses_left > 0 && now < self.expires_at && self.revoked_at.is_none()
    }
}

/// An initial access token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInitialAccessToken {
    /// What it is for; up to 100 characters, may be empty.
    pub note: String,
    /// Whether clients registered with it need no first review.
    pub pre_approved: bool,
    /// How many clients it may register: 1 to 1000.
    pub uses: u32,
    /// How many days it works: 1 to 365.
    pub days: u32,
}

impl Default for NewInitialAccessToken {
    /// For one client within a week, with a review.
    fn default() -> Self {
        Self { note: String::new(), pre_approved: false, uses: 1, days: 7 }
    }
}

/// A client and all that is written with it.
#[derive(Debug, Clone)]
pub struct NewRegistration {
    /// The client.
    pub client: Client,
    /// What is known of it.
    pub registration: Registration,
    /// The initial access token that this uses up by one.
    pub spends: Option<InitialAccessTokenId>,
    /// When.
    pub at: Timestamp,
    /// What is told of it.
    pub audit: Vec<AuditRecord>,
}

/// The state of a client after its metadata were changed. What was stopped by a person stays stopped.
pub(crate) const fn state_after_change(before: ClientState, needs_review: bool) -> ClientState {
    match (before, needs_review) {
        (ClientState::Approved, true) => ClientState::ChangeAwaitingReview,
        (ClientState::Declined, _) => ClientState::AwaitingReview,
        (other, _) => other,
    }
}

/// Whether a change is one that people were told otherwise at review: who asks, where answers go, and what for.
pub(crate) fn needs_review(before: &ClientSpec, after: &ClientSpec) -> bool {
    let shown = |spec: &ClientSpec| {
        let Presentation { client_uri, logo_uri, tos_uri, policy_uri, initiation_uri, settings_uri, .. } =
            spec.presentation.clone();
        [client_uri, logo_uri, tos_uri, policy_uri, initiation_uri, settings_uri]
    };
    before.name != after.name
        || before.redirect_uris != after.redirect_uris
        || !after.scope.is_subset(&before.scope)
        || before.subject_type != after.subject_type
        || shown(before) != shown(after)
}

#[cfg(test)]
mod tests;
