use std::time::Duration;

use base::Scope;

use crate::rules::ClientRules;

/// What whoever embeds the engine decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The issuer: the public URL without a trailing slash.
    pub issuer: String,
    /// `aud` of tokens: the resource servers.
    pub audience: Vec<String>,
    /// Life of a code.
    pub code_lifetime: Duration,
    /// Whether answers of the authorization endpoint carry `iss` (RFC 9207).
    pub iss_in_responses: bool,
    /// Scopes that any client may ask for (`test:test`, facts.md section 18 number 7).
    pub scopes_for_all: Scope,
    /// All scopes there are, for the metadata.
    pub scopes: Scope,
    /// The member of introspection answers that carries the subject's URN.
    pub subject_member: Option<String>,
    /// What every client must keep to.
    pub client_rules: ClientRules,
    /// What a client may ask for that was registered by the API without saying what.
    pub default_scope: Scope,
    /// Failed client authentications a minute for a client and source before 429; None for no limit.
    pub failed_authentications_per_minute: Option<u32>,
}

impl Settings {
    /// The defaults: codes live 60 s, `iss` is sent, 30 failures a minute.
    pub fn new(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        Self {
            audience: vec![issuer.clone()],
            issuer,
            code_lifetime: Duration::from_mins(1),
            iss_in_responses: true,
            scopes_for_all: Scope::default(),
            scopes: Scope::default(),
            subject_member: None,
            client_rules: ClientRules::default(),
            default_scope: Scope::default(),
            failed_authentications_per_minute: Some(30),
        }
    }
}
