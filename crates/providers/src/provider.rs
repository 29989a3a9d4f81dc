use std::collections::BTreeMap;

use serde::Deserialize;

use crate::endpoints::Environment;
use crate::limits::RateLimit;
use crate::oauth_rules::{OAuthRules, Revocation};
use crate::{CompanyRule, ProviderId, Rotation};

/// Everything that is known of one provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its id; equals the name of its file.
    pub id: ProviderId,
    /// Its name as people know it.
    pub name: String,
    /// Which end of a connection it can be.
    pub side: Side,
    /// Its environments by name, `production` above all; the first in alphabetical order has no special rank.
    pub environments: BTreeMap<String, Environment>,
    /// The environment that is used unless configuration names another.
    pub default_environment: String,
    /// How OAuth works there; absent where only static keys exist (e-conomic, facts 16.6).
    pub oauth: Option<OAuthRules>,
    /// How its tokens change; present exactly where `oauth` is.
    pub rotation: Option<Rotation>,
    /// RFC 6749 codes (and own ones) by which the token endpoint says that a refresh token is dead for good.
    #[serde(default = "invalid_grant")]
    pub terminal_errors: Vec<String>,
    /// What one grant stands for.
    pub grant_per: GrantPer,
    /// How access is ended from here, and how far that reaches; absent where the provider has no such call.
    pub revocation: Option<Revocation>,
    /// How the company behind a credential is found and named in calls.
    pub company: CompanyRule,
    /// A path under the API base whose 2xx answer proves a credential. May hold `{id}` and the company's other variables.
    pub probe: String,
    /// How a pasted key is sent; absent where keys are not offered.
    pub api_key: Option<ApiKeyRule>,
    /// The limits a client has to keep.
    #[serde(default)]
    pub rate_limits: Vec<RateLimit>,
    /// How many calls may be under way at once for one company (Xero 5, facts 16.2).
    pub concurrent_calls: Option<u32>,
}

fn invalid_grant() -> Vec<String> {
    vec!["invalid_grant".to_owned()]
}

/// Which end of a connection a provider can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Pleo.
    Platform,
    /// An accounting system.
    Accounting,
}

/// What one grant stands for: the unit that is locked, rotated and sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantPer {
    /// Each sign-in makes a grant of its own, for one company.
    Connection,
    /// Each sign-in makes a grant of its own, which may reach several companies: their connections share it.
    Consent,
    /// There is one grant for a user and a client: a new sign-in replaces the earlier one.
    User,
}

/// How a pasted key is sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyRule {
    /// HTTP Basic with the key as user name and an empty password (Pleo, facts 10.1).
    BasicUserName,
    /// Each header with the part that it carries (e-conomic, facts 16.6).
    Headers(BTreeMap<String, KeyPart>),
}

/// What a header of an API key carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPart {
    /// The integration's own secret: the `client secret` set with `mainstay clients set`.
    ClientSecret,
    /// The key that the customer pasted.
    Key,
}

impl Provider {
    /// Whether `code` from the token endpoint ends a grant for good.
    pub fn is_terminal(&self, code: &str) -> bool {
        self.terminal_errors.iter().any(|terminal| terminal == code)
    }
}
