//! What each stand-in does as its model does. Written from the systems' public documents (facts 16), not from the catalogue.

use std::collections::BTreeSet;
use std::time::Duration;

use authserver::{ClientId, ClientSpec, PkceRule, RotationRules};
use base::Scope;
use oauth::{ClientAuthMethod, RedirectUri};
use serde_json::{Value, json};

use crate::StandinKind;
use crate::api::Refusal;
use crate::booking::Lines;
use crate::store::{Booked, Company, Connected};

mod business_central;
mod e_conomic;
mod exact_online;
mod fortnox;
mod quickbooks;
mod sage;
mod visma;
mod xero;

/// A system as its stand-in plays it.
#[derive(Debug)]
pub struct System {
    /// Which.
    pub kind: StandinKind,
    /// Its name as people know it.
    pub name: &'static str,
    /// What a company is called there.
    pub company_word: &'static str,
    /// Paths of the page where access is asked for; the first is the real one.
    pub authorize_paths: &'static [&'static str],
    /// Path of the token endpoint; absent where there are only static tokens.
    pub token_path: Option<&'static str>,
    /// Path of the revocation endpoint.
    pub revoke_path: Option<&'static str>,
    /// Which companies one consent reaches.
    pub reach: Reach,
    pub(crate) grant: Grant,
    pub(crate) api: Api,
}

/// Which companies one consent reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The one that is picked at consent.
    One,
    /// All those of the person who consents.
    AllOfPerson,
}

/// How authorisations and tokens behave.
#[derive(Debug)]
pub(crate) struct Grant {
    /// Scopes there are.
    pub(crate) scopes: &'static str,
    pub(crate) client_authentication: &'static [ClientAuthMethod],
    pub(crate) rotation: fn() -> RotationRules,
    pub(crate) code_seconds: u64,
    pub(crate) access_token_seconds: u64,
    pub(crate) refresh_idle: Duration,
    pub(crate) refresh_absolute: Option<Duration>,
    /// A refresh token is given only with `access_type=offline` (facts 16.5).
    pub(crate) offline_by_access_type: bool,
    /// A new consent ends the person's earlier ones for the same client (facts 16.9).
    pub(crate) consent_replaces_earlier: bool,
    /// The parameter of the redirect that names the company (facts 16.3).
    pub(crate) company_parameter: Option<&'static str>,
    /// Further members of the token answer.
    pub(crate) refresh_expiry_member: Option<&'static str>,
}

/// The part of a system's API that is there.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) routes: &'static [Route],
    pub(crate) company_in: CompanyIn,
    /// The lines of an entry.
    pub(crate) lines: Lines,
    /// The status of an entry that was made.
    pub(crate) booked_status: u16,
    pub(crate) booked: fn(&Booked) -> Value,
    pub(crate) booked_list: fn(&[Booked]) -> Value,
    pub(crate) companies: fn(&[Connected]) -> Value,
    pub(crate) company: fn(&Company) -> Value,
    pub(crate) refusal: fn(&Refusal) -> (u16, Value),
}

/// Where a call names its company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompanyIn {
    /// In a header; a call without it is refused.
    Header(&'static str),
    /// In a header; a call without it goes to the first company, silently (Sage, facts 16.7).
    HeaderOrLead(&'static str),
    /// In the path, as `{company}`.
    Path,
    /// Nowhere: it is that of the grant.
    Grant,
}

/// A door of the API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    pub(crate) methods: &'static [&'static str],
    /// Segments; `{…}` stands for any one.
    pub(crate) pattern: &'static str,
    pub(crate) act: Act,
}

/// What a door does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Lists the companies that the credential reaches.
    Companies,
    /// A first step before the companies can be listed.
    Outer(fn(&[Connected]) -> Value),
    /// Tells about the company.
    Company,
    /// Makes an entry.
    Book,
    /// Lists the entries.
    Booked,
    /// Ends the reach into one company (Xero, facts 16.2).
    Disconnect,
}

impl System {
    /// The system of that kind.
    pub fn of(kind: StandinKind) -> &'static Self {
        match kind {
            StandinKind::Xero => &xero::XERO,
            StandinKind::QuickBooks => &quickbooks::QUICKBOOKS,
            StandinKind::BusinessCentral => &business_central::BUSINESS_CENTRAL,
            StandinKind::Fortnox => &fortnox::FORTNOX,
            StandinKind::EConomic => &e_conomic::E_CONOMIC,
            StandinKind::Sage => &sage::SAGE,
            StandinKind::ExactOnline => &exact_online::EXACT_ONLINE,
            StandinKind::Visma => &visma::VISMA,
        }
    }

    /// The settings of the authorization server behind it. `issuer` is its public address, prefix included.
    pub fn server_settings(&self, issuer: impl Into<String>) -> authserver::Settings {
        let mut settings = authserver::Settings::new(issuer);
        settings.code_lifetime = Duration::from_secs(self.grant.code_seconds);
        // None of these systems documents RFC 9207.
        settings.iss_in_responses = false;
        settings.scopes = self.scopes();
        settings
    }

    pub(crate) fn scopes(&self) -> Scope {
        self.grant.scopes.parse().expect("the scopes written here keep the form")
    }

    /// A client as it is registered there.
    pub(crate) fn client_spec(
        &self,
        client_id: &str,
        name: &str,
        redirect_uris: Vec<RedirectUri>,
    ) -> ClientSpec {
        let mut spec = ClientSpec::confidential(client_id, name);
        spec.client_id = ClientId::new(client_id);
        spec.redirect_uris = redirect_uris;
        spec.scope = self.scopes();
        // Not demanded by any of them of a client with a secret; a challenge that is sent is enforced.
        spec.pkce = PkceRule::Optional;
        spec.auth_methods = self.grant.client_authentication.iter().copied().collect::<BTreeSet<_>>();
        spec.rotation = (self.grant.rotation)();
        spec.access_token_lifetime = Duration::from_secs(self.grant.access_token_seconds);
        spec.refresh_idle = self.grant.refresh_idle;
        spec.refresh_absolute = self.grant.refresh_absolute;
        spec
    }
}

const DAY: Duration = Duration::from_hours(24);

/// `document` with further members put in front of its own.
fn with(document: &Value, members: Value) -> Value {
    let (Value::Object(mut all), Value::Object(own)) = (members, document.clone()) else {
        return document.clone();
    };
    for (name, value) in own {
        all.entry(name).or_insert(value);
    }
    Value::Object(all)
}

/// A refusal as a plain object, for systems whose own form is not known.
fn plain_refusal(refusal: &Refusal) -> (u16, Value) {
    (refusal.status(), json!({"error": {"code": refusal.code(), "message": refusal.to_string()}}))
}
