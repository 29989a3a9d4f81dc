//! What every client must keep to, whoever registers it and by whatever way. Pure: the same metadata always get the same
//! answer, each refusal with its reason.

use std::fmt;

use base::Scope;
use oauth::{ClientAuthMethod, RedirectUri};

use crate::client::{ClientSpec, PkceRule};
use crate::registration::ClientMetadata;
use crate::rotation::RotationPolicy;

mod address;
mod name;

/// The longest name, in characters.
pub(crate) const MAX_NAME: usize = 80;
/// The most redirect URIs of a client.
pub(crate) const MAX_REDIRECT_URIS: usize = 20;
/// The most contacts of a client.
pub(crate) const MAX_CONTACTS: usize = 10;
/// The longest e-mail address (RFC 5321 section 4.5.3.1.3).
pub(crate) const MAX_CONTACT: usize = 254;

/// What an answer can carry by the standards (RFC 6749 section 4.1.2, RFC 9207).
const RESPONSE_PARAMETERS: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// The rules of one authorization server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRules {
    /// Names that clients may not have in theirs, in lower-case ASCII letters: those of the platform itself.
    pub protected_names: Vec<String>,
    /// All that can be registered; None for anything.
    pub scopes: Option<Scope>,
    /// The words for what is chosen at consent; None for any.
    pub subject_types: Option<Vec<String>>,
    /// Whether http is fine on this machine's own names, as it is while an integration is developed. Public clients may
    /// use the two loopback addresses either way (RFC 8252 section 7.3).
    pub http_on_loopback: bool,
    /// Whether people are shown the clients, so that names and addresses have to be fit for that.
    pub shown_to_people: bool,
    /// Parameters of an answer beside those of the standards ([`crate::Consent::extra`]).
    pub response_parameters: Vec<String>,
}

impl Default for ClientRules {
    /// The rules that need no knowledge of a platform, and of a server whose clients nobody is shown (a stand-in).
    fn default() -> Self {
        Self {
            protected_names: Vec::new(),
            scopes: None,
            subject_types: None,
            http_on_loopback: true,
            shown_to_people: false,
            response_parameters: Vec::new(),
        }
    }
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientProblem {
    /// The field, by its name in forms, seeds and the API: `name`, `redirect_uris`, `logo_uri`, …
    pub field: &'static str,
    /// What is wrong and what would be right, as one sentence without its full stop. Never repeats what was sent.
    pub why: String,
}

/// All rules that are broken; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientProblems(Vec<ClientProblem>);

impl ClientProblems {
    /// A single one.
    pub(crate) fn one(field: &'static str, why: impl Into<String>) -> Self {
        Self(vec![ClientProblem { field, why: why.into() }])
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &ClientProblem> {
        self.0.iter()
    }
}

impl fmt::Display for ClientProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            write!(f, "{between}{}: {}", problem.field, problem.why)?;
        }
        Ok(())
    }
}

impl std::error::Error for ClientProblems {}

/// The problems that were found so far.
#[derive(Default)]
struct Found(Vec<ClientProblem>);

impl Found {
    fn add(&mut self, field: &'static str, why: impl Into<String>) {
        self.0.push(ClientProblem { field, why: why.into() });
    }

    fn done(self) -> Result<(), ClientProblems> {
        if self.0.is_empty() { Ok(()) } else { Err(ClientProblems(self.0)) }
    }
}

impl ClientRules {
    /// Whether a client may be as these metadata say.
    pub fn check(&self, metadata: &ClientMetadata) -> Result<(), ClientProblems> {
        let mut found = Found::default();
        self.find(metadata, &mut found);
        found.done()
    }

    /// The same for one that people are to be sent back from: it needs somewhere to send them.
    pub fn check_new(&self, metadata: &ClientMetadata) -> Result<(), ClientProblems> {
        let mut found = Found::default();
        if metadata.redirect_uris.is_empty() {
            found.add("redirect_uris", "at least one is needed, since people are sent back to it");
        }
        if metadata.scopes.is_empty() {
            found.add("scopes", "at least one is needed, since nothing can be asked for otherwise");
        }
        self.find(metadata, &mut found);
        found.done()
    }

    /// The same for a whole client, with the settings that only operators make.
    pub(crate) fn check_spec(&self, spec: &ClientSpec) -> Result<(), ClientProblems> {
        let mut found = Found::default();
        if spec.client_id.as_str().is_empty() {
            found.add("client_id", "it is empty");
        }
        if spec.public && matches!(spec.rotation.policy, RotationPolicy::RetryWindow { .. }) {
            found.add("rotation", "a retry window is for confidential clients, which prove who asks again");
        }
        if spec.access_token_lifetime.is_zero() {
            found.add("access_token_seconds", "a token has to live for a second at least");
        }
        if spec.refresh_idle.is_zero() {
            found.add("refresh_idle_seconds", "a token has to live for a second at least");
        }
        if spec.auth_methods.is_empty() {
            found.add("auth_methods", "a client needs a method of authentication");
        }
        self.find(&ClientMetadata::of(spec), &mut found);
        found.done()
    }

    fn find(&self, metadata: &ClientMetadata, found: &mut Found) {
        if self.shown_to_people {
            if let Err(why) = name::check(&metadata.name, &self.protected_names) {
                found.add("name", why);
            }
            self.find_in_presentation(metadata, found);
        }
        self.find_in_redirect_uris(metadata, found);
        self.find_in_scopes(metadata, found);
        let none = |method: &ClientAuthMethod| *method == ClientAuthMethod::None;
        if metadata.public && !metadata.auth_methods.iter().all(none) {
            found.add("auth_methods", "a public client has no secret, so it authenticates with none");
        }
        if !metadata.public && metadata.auth_methods.iter().any(none) {
            found.add("auth_methods", "a confidential client proves itself, so none is no method for it");
        }
        if metadata.public && metadata.pkce == PkceRule::Optional {
            found.add("pkce", "a public client must use PKCE, as nothing else ties a code to it");
        }
        if let (Some(word), Some(words)) = (&metadata.subject_type, &self.subject_types)
            && !words.contains(word)
        {
            found.add("subject_type", format!("it is one of: {}", words.join(", ")));
        }
    }

    fn find_in_redirect_uris(&self, metadata: &ClientMetadata, found: &mut Found) {
        let uris = &metadata.redirect_uris;
        if uris.len() > MAX_REDIRECT_URIS {
            found.add("redirect_uris", format!("there can be {MAX_REDIRECT_URIS} of them at most"));
            return;
        }
        for (at, uri) in uris.iter().enumerate() {
            let place = if uris.len() == 1 { String::new() } else { format!("number {}: ", at + 1) };
            match RedirectUri::register(uri) {
                Err(error) => found.add("redirect_uris", format!("{place}{error}")),
                Ok(uri) if !self.http_on_loopback && !address::fit_for_production(&uri, metadata.public) => {
                    found.add("redirect_uris", format!("{place}{}", address::PRODUCTION));
                }
                Ok(uri) if self.reserved_parameter(&uri).is_some() => {
                    let name = self.reserved_parameter(&uri).unwrap_or_default();
                    found.add("redirect_uris", format!("{place}its query holds `{name}`, which answers add"));
                }
                Ok(_) if uris[..at].contains(uri) => {
                    found.add("redirect_uris", format!("{place}it is there already"));
                }
                Ok(_) => {}
            }
        }
    }

    /// A parameter of our answers that the query of a redirect URI holds already: the answer would have it twice, the planted one first
    /// (RFC 6749 section 3.1, RFC 9207). In any case of letters, as some readers pass over it.
    fn reserved_parameter(&self, uri: &RedirectUri) -> Option<&str> {
        let own = self.response_parameters.iter().map(String::as_str);
        RESPONSE_PARAMETERS.into_iter().chain(own).find(|name| address::has_parameter(uri, name))
    }

    fn find_in_scopes(&self, metadata: &ClientMetadata, found: &mut Found) {
        if let Err(error) = Scope::from_tokens(metadata.scopes.iter().map(String::as_str)) {
            found.add("scopes", error.to_string());
            return;
        }
        let Some(known) = &self.scopes else { return };
        let unknown = metadata.scopes.iter().filter(|token| !known.contains(token)).count();
        if unknown > 0 {
            let all = known.iter().collect::<Vec<_>>().join(", ");
            found.add(
                "scopes",
                format!("{unknown} of them cannot be granted here; those that can are: {all}"),
            );
        }
    }

    fn find_in_presentation(&self, metadata: &ClientMetadata, found: &mut Found) {
        let shown = &metadata.presentation;
        for (field, value) in [
            ("client_uri", &shown.client_uri),
            ("logo_uri", &shown.logo_uri),
            ("tos_uri", &shown.tos_uri),
            ("policy_uri", &shown.policy_uri),
            ("initiation_uri", &shown.initiation_uri),
            ("settings_uri", &shown.settings_uri),
        ] {
            if let Some(value) = value
                && let Err(why) = address::check_page(value, self.http_on_loopback)
            {
                found.add(field, why);
            }
        }
        if shown.contacts.len() > MAX_CONTACTS {
            found.add("contacts", format!("there can be {MAX_CONTACTS} of them at most"));
        } else if !shown.contacts.iter().all(|contact| address::is_mail_address(contact)) {
            found.add(
                "contacts",
                format!(
                    "each is an e-mail address such as dev@example.com, of at most {MAX_CONTACT} characters"
                ),
            );
        }
    }
}

/// What a reviewer should look at twice: nothing that is forbidden, and what somebody with bad intentions would do
/// (RFC 7591 section 5).
pub(crate) fn hints(spec: &ClientSpec) -> Vec<String> {
    let mut hints = Vec::new();
    let hosts: Vec<String> =
        spec.redirect_uris.iter().filter_map(|uri| address::host(uri.as_str())).collect();
    let shown = &spec.presentation;
    for (what, value) in [
        ("home page", &shown.client_uri),
        ("logo", &shown.logo_uri),
        ("initiation page", &shown.initiation_uri),
        ("settings page", &shown.settings_uri),
    ] {
        if let Some(host) = value.as_deref().and_then(address::host)
            && !hosts.iter().any(|other| address::of_one_site(&host, other))
        {
            hints.push(format!("The {what} is at {host}, where none of the redirect URIs leads."));
        }
    }
    if shown.client_uri.is_none() {
        hints.push("It names no home page, so people cannot see where it lives.".to_owned());
    }
    if shown.contacts.is_empty() {
        hints.push("It names nobody to write to.".to_owned());
    }
    if spec.redirect_uris.iter().any(|uri| uri.as_str().starts_with("http://")) {
        hints.push("It takes answers on the person's own machine.".to_owned());
    }
    hints
}

#[cfg(test)]
mod tests;
