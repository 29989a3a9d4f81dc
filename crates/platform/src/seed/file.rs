//! The seed file as it is written: every key that it may have, and no other.

use base::{Scope, Secret, Timestamp};
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

use crate::{ApiKeyId, CompanyId, ExpenseId, OrganisationId, Role, SubjectType};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SeedFile {
    pub(super) organisations: Vec<Spanned<OrganisationEntry>>,
    pub(super) companies: Vec<Spanned<CompanyEntry>>,
    pub(super) users: Vec<Spanned<UserEntry>>,
    pub(super) clients: Vec<Spanned<ClientEntry>>,
    pub(super) api_keys: Vec<Spanned<ApiKeyEntry>>,
    pub(super) expenses: Vec<Spanned<ExpenseEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganisationEntry {
    pub(super) id: Option<OrganisationId>,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompanyEntry {
    pub(super) id: Option<CompanyId>,
    pub(super) name: String,
    /// Id or name of an organisation of the file.
    pub(super) organisation: Spanned<String>,
    pub(super) country: Spanned<String>,
    pub(super) registration_number: Option<String>,
    #[serde(default)]
    pub(super) standalone_api_keys: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserEntry {
    pub(super) id: Option<Spanned<String>>,
    pub(super) email: Spanned<String>,
    pub(super) password: Secret<String>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) roles: Vec<RoleEntry>,
    #[serde(default)]
    pub(super) platform_admin: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleEntry {
    /// Id or name of a company of the file.
    pub(super) company: Spanned<String>,
    pub(super) role: Role,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "these are the keys of the file")]
pub(super) struct ClientEntry {
    pub(super) client_id: Option<Spanned<String>>,
    pub(super) client_secret: Option<Secret<String>>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) redirect_uris: Vec<Spanned<String>>,
    #[serde(deserialize_with = "scope", default)]
    pub(super) scopes: Scope,
    #[serde(default)]
    pub(super) public: bool,
    #[serde(default = "yes")]
    pub(super) approved: bool,
    #[serde(default)]
    pub(super) setup_required: bool,
    #[serde(default)]
    pub(super) subject_type: SubjectType,
    #[serde(default)]
    pub(super) pkce: Pkce,
    pub(super) auth_methods: Option<Spanned<Vec<oauth::ClientAuthMethod>>>,
    #[serde(default)]
    pub(super) rotation: Rotation,
    pub(super) retry_window_seconds: Option<Spanned<u32>>,
    pub(super) access_token_seconds: Option<Spanned<u32>>,
    pub(super) refresh_idle_seconds: Option<Spanned<u32>>,
    pub(super) refresh_absolute_seconds: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) integrated_api_keys: bool,
    pub(super) initiation_uri: Option<Spanned<String>>,
    pub(super) settings_uri: Option<Spanned<String>>,
    pub(super) logo_uri: Option<Spanned<String>>,
    pub(super) client_uri: Option<Spanned<String>>,
    pub(super) tos_uri: Option<Spanned<String>>,
    pub(super) policy_uri: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) contacts: Vec<String>,
}

/// Whether a client must use PKCE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Pkce {
    #[default]
    Required,
    Optional,
}

/// What happens to a refresh token that has been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Rotation {
    #[default]
    Strict,
    RetryWindow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyEntry {
    pub(super) id: Option<ApiKeyId>,
    /// Id or name of a company of the file.
    pub(super) company: Spanned<String>,
    /// The client of an integrated key, which has that client's scopes.
    pub(super) client_id: Option<Spanned<String>>,
    /// The name of a standalone key.
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "scope", default)]
    pub(super) scopes: Scope,
    pub(super) expires_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) access_level: SubjectType,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpenseEntry {
    /// The accounting entry's id.
    pub(super) id: Option<ExpenseId>,
    /// Id or name of a company of the file.
    pub(super) company: Spanned<String>,
    /// The e-mail address of a user of the file who has a role in that company.
    pub(super) employee: Option<Spanned<String>>,
    pub(super) kind: Spanned<String>,
    pub(super) amount_minor: i64,
    pub(super) currency: Spanned<String>,
    /// `YYYY-MM-DD`, with or without quotes.
    #[serde(deserialize_with = "date")]
    pub(super) date: String,
    pub(super) note: Option<String>,
    #[serde(default)]
    pub(super) missing_contra_account: bool,
}

const fn yes() -> bool {
    true
}

/// A list of scope tokens, or one text with spaces.
fn scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scope, D::Error> {
    struct Visitor;
    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Scope;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of scopes")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Scope, E> {
            text.parse().map_err(E::custom)
        }
        fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Scope, A::Error> {
            let mut tokens = Vec::new();
            while let Some(token) = list.next_element::<String>()? {
                tokens.push(token);
            }
            Scope::from_tokens(tokens.iter().map(String::as_str)).map_err(de::Error::custom)
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// A civil date, as text or as TOML's own type.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Toml(toml::value::Datetime),
        Text(String),
    }
    let text = match Either::deserialize(deserializer)? {
        Either::Toml(datetime) => datetime.to_string(),
        Either::Text(text) => text,
    };
    match text.parse::<toml::value::Datetime>() {
        Ok(toml::value::Datetime { date: Some(_), time: None, offset: None }) => Ok(text),
        _ => Err(de::Error::custom("a date is written YYYY-MM-DD")),
    }
}
