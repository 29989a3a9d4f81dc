use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base::{Id, IdKind, Scope, Secret, Timestamp};
use oauth::{ClientAuthMethod, RedirectUri};
use serde::{Deserialize, Serialize};

use crate::keyed_hash::KeyedHash;
use crate::rotation::RotationRules;

/// The id of a client. Pleo's are bare UUIDs; a text is allowed, since seeds and stand-ins choose theirs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// Takes any text: whether there is such a client is for the store to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ClientId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ClientId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for ClientId {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.as_str().to_owned()
    }
}

/// Whether a client may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientState {
    /// Registered and not yet approved: nothing is granted to it.
    AwaitingReview,
    /// Approved once, and changed since in what was reviewed: nothing new is granted to it until that is approved too.
    /// What it holds goes on working, since the change touches none of it.
    ChangeAwaitingReview,
    /// Reviewed and not approved: nothing works. A change puts it back to review.
    Declined,
    /// In use.
    Approved,
    /// Stopped by an administrator: its tokens are refused until it is approved again.
    Suspended,
    /// Gone for good; the row stays for the records that name it.
    Removed,
}

impl ClientState {
    /// Whether it waits for somebody's decision.
    pub const fn awaits_review(self) -> bool {
        matches!(self, Self::AwaitingReview | Self::ChangeAwaitingReview)
    }

    /// Whether what was granted to it works: its tokens, and their refresh.
    pub const fn serves(self) -> bool {
        matches!(self, Self::Approved | Self::ChangeAwaitingReview)
    }

    /// The text of the database and of lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingReview => "awaiting_review",
            Self::ChangeAwaitingReview => "change_awaiting_review",
            Self::Declined => "declined",
            Self::Approved => "approved",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
        }
    }

    /// Reads [`ClientState::as_str`] back.
    pub fn from_text(text: &str) -> Option<Self> {
        [
            Self::AwaitingReview,
            Self::ChangeAwaitingReview,
            Self::Declined,
            Self::Approved,
            Self::Suspended,
            Self::Removed,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// Whether a client must use PKCE. S256 is the only method either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PkceRule {
    /// Requests without a challenge are refused. The rule (RFC 9700 section 2.1.1).
    #[default]
    Required,
    /// An exemption (facts.md section 4), never for public clients. A challenge that comes is enforced all the same.
    Optional,
}

/// What people are shown of a client.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Presentation {
    /// Home page.
    pub client_uri: Option<String>,
    /// Square picture.
    pub logo_uri: Option<String>,
    /// Terms of service.
    pub tos_uri: Option<String>,
    /// Privacy policy.
    pub policy_uri: Option<String>,
    /// Where a person starts connecting.
    pub initiation_uri: Option<String>,
    /// Where a person manages the integration.
    pub settings_uri: Option<String>,
    /// E-mail addresses.
    pub contacts: Vec<String>,
}

/// A client as it is set up. The same for the seed file, registration and the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSpec {
    /// Its id.
    pub client_id: ClientId,
    /// Its name, as people see it.
    pub name: String,
    /// Where answers may go. Without one, every request is refused (CVE-2024-52289).
    pub redirect_uris: Vec<RedirectUri>,
    /// What it may ask for.
    pub scope: Scope,
    /// Whether it can keep no secret.
    pub public: bool,
    /// PKCE.
    pub pkce: PkceRule,
    /// How it may authenticate. Public clients: `none` alone.
    pub auth_methods: BTreeSet<ClientAuthMethod>,
    /// How its tokens rotate.
    pub rotation: RotationRules,
    /// Life of an access token.
    pub access_token_lifetime: Duration,
    /// A refresh token unused for so long is expired.
    pub refresh_idle: Duration,
    /// After so long the person must consent again, whatever was refreshed; None for never.
    pub refresh_absolute: Option<Duration>,
    /// What kind of subject is chosen at consent. A word of the embedding side (`company`, `organisation`).
    pub subject_type: Option<String>,
    /// What people see.
    pub presentation: Presentation,
    /// Further settings of the embedding side, by name (`setup_required`, `integrated_api_keys`, …).
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl ClientSpec {
    /// A confidential client with the defaults of the platform: PKCE required, Basic or body credentials, strict rotation,
    /// 900 s, 60 days, no absolute end.
    pub fn confidential(client_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            client_id: ClientId::new(client_id),
            name: name.into(),
            redirect_uris: Vec::new(),
            scope: Scope::default(),
            public: false,
            pkce: PkceRule::Required,
            auth_methods: BTreeSet::from([
                ClientAuthMethod::ClientSecretBasic,
                ClientAuthMethod::ClientSecretPost,
            ]),
            rotation: RotationRules::strict(),
            access_token_lifetime: Duration::from_mins(15),
            refresh_idle: Duration::from_hours(60 * 24),
            refresh_absolute: None,
            subject_type: None,
            presentation: Presentation::default(),
            attributes: BTreeMap::new(),
        }
    }

    /// A public client with the same defaults.
    pub fn public(client_id: impl Into<String>, name: impl Into<String>) -> Self {
        let auth_methods = BTreeSet::from([ClientAuthMethod::None]);
        Self { public: true, auth_methods, ..Self::confidential(client_id, name) }
    }
}

/// The kind of a client secret's id.
#[derive(Debug)]
pub struct ClientSecretKind;

impl IdKind for ClientSecretKind {
    const PREFIX: &'static str = "cls_";
}

/// The id of a client secret, under which it is shown in lists.
pub type ClientSecretId = Id<ClientSecretKind>;

/// A secret of a client: its keyed hash, never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// Its id.
    pub id: ClientSecretId,
    /// The keyed hash.
    pub hash: KeyedHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working: set when a newer one takes over.
    pub expires_at: Option<Timestamp>,
}

/// A client as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// How it is set up.
    pub spec: ClientSpec,
    /// Whether it may be used.
    pub state: ClientState,
    /// Its secrets, the expired ones too until they are cleared away.
    pub secrets: Vec<ClientSecret>,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Client {
    /// Its id.
    pub const fn id(&self) -> &ClientId {
        &self.spec.client_id
    }
}

/// What a seed says of a client's secret.
#[derive(Debug, Clone)]
pub enum SeedSecret {
    /// Nothing: what is there stays; a public client has none.
    Keep,
    /// This one, where the client has none yet. One that was rotated since, or ended as known to others, does not come back.
    First(Secret<String>),
    /// Exactly this one. If it is live already, nothing changes.
    Set(Secret<String>),
}
