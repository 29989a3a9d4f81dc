use askama::Template;

use crate::shared::page::{Badge, Moment};
use crate::shared::{FormErrors, Layout};

/// An API token of the integration's backends.
#[derive(Debug, Clone)]
pub struct ApiTokenRow {
    /// Its name; may be empty.
    pub name: String,
    /// Its id.
    pub id: String,
    /// What it may do.
    pub role: String,
    /// When it was made.
    pub created_at: Moment,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
    /// Where "Revoke" posts to.
    pub revoke: Option<String>,
}

/// A role that a new token can have.
#[derive(Debug, Clone)]
pub struct RoleChoice {
    /// What the form sends as `role`.
    pub role: String,
    /// What it may do, in a sentence.
    pub sentence: String,
}

/// The integration's own OAuth client at a provider.
#[derive(Debug, Clone)]
pub struct ClientRow {
    /// The provider's name.
    pub provider: String,
    /// Its environment.
    pub environment: String,
    /// The client id.
    pub client_id: String,
    /// How many live secrets, in words.
    pub secrets: String,
    /// The redirect URI to register there.
    pub redirect_uri: String,
}

/// A webhook.
#[derive(Debug, Clone)]
pub struct WebhookRow {
    /// Where events are sent.
    pub url: String,
    /// Which events, in words.
    pub events: String,
    /// Its state.
    pub badge: Badge,
    /// What is to be known of the last delivery, in a sentence.
    pub last: String,
}

/// An encryption key of the key ring.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// Its state.
    pub badge: Badge,
    /// Since when.
    pub created_at: Option<Moment>,
}

/// API tokens, clients, webhooks, keys. A section whose list is `None` is not shown.
#[derive(Debug, Template)]
#[template(path = "connect/settings.html")]
pub struct SettingsPage {
    /// The frame.
    pub layout: Layout,
    /// The API tokens.
    pub tokens: Vec<ApiTokenRow>,
    /// The roles for a new one.
    pub roles: Vec<RoleChoice>,
    /// Where a new token's form posts to (`name`, `role`).
    pub create_token: String,
    /// The clients.
    pub clients: Vec<ClientRow>,
    /// The webhooks.
    pub webhooks: Option<Vec<WebhookRow>>,
    /// The keys.
    pub keys: Option<Vec<KeyRow>>,
    /// What is wrong with what was sent.
    pub errors: FormErrors,
    /// The forms' hidden value.
    pub csrf: String,
}

/// A token was made; its text is shown this once.
#[derive(Debug, Template)]
#[template(path = "connect/new_token.html")]
pub struct NewTokenPage {
    /// The frame.
    pub layout: Layout,
    /// Its name; may be empty.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// The token itself.
    pub token: String,
    /// The settings page.
    pub back: String,
}
