//! The form in which a person says what a client is to be.

use authserver::{ClientError, ClientMetadata, ClientSpec, Presentation};
use platform::{ActError, PERMISSIONS, Permission, PermissionKind, SubjectType};
use serde::Deserialize;

use crate::shared::FormErrors;

/// What was filled in. Each text is as it was typed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct ClientForm {
    pub(super) csrf: String,
    pub(super) name: String,
    /// `confidential` or `public`.
    pub(super) kind: String,
    /// One a line.
    pub(super) redirect_uris: String,
    pub(super) scopes: Vec<String>,
    pub(super) subject_type: String,
    pub(super) client_uri: String,
    pub(super) logo_uri: String,
    pub(super) tos_uri: String,
    pub(super) policy_uri: String,
    pub(super) initiation_uri: String,
    pub(super) settings_uri: String,
    /// One a line.
    pub(super) contacts: String,
}

/// The fields in the order of the form, each with its label there.
const FIELDS: [(&str, &str); 12] = [
    ("name", "Name"),
    ("redirect_uris", "Redirect URIs"),
    ("kind", "Kind"),
    ("subject_type", "Works with"),
    ("scopes", "Permissions"),
    ("client_uri", "Home page"),
    ("logo_uri", "Logo"),
    ("initiation_uri", "Start page"),
    ("settings_uri", "Settings page"),
    ("tos_uri", "Terms of service"),
    ("policy_uri", "Privacy policy"),
    ("contacts", "Contacts"),
];

/// A scope in a form: its token, its words, and whether it is ticked.
type ScopeChoice = (&'static str, String, bool);

/// The permissions there are, to be ticked: what reads, and what writes.
#[derive(Debug)]
pub(super) struct ScopeChoices {
    pub(super) see: Vec<ScopeChoice>,
    pub(super) change: Vec<ScopeChoice>,
}

impl ScopeChoices {
    pub(super) fn ticked(chosen: &[String]) -> Self {
        let has = |scope: &str| chosen.iter().any(|chosen| chosen == scope);
        let of = |kind: PermissionKind| {
            let entries = || PERMISSIONS.iter().filter(move |entry| entry.kind == kind);
            // Two spellings of one right, of which the newer one stands first.
            let choice = |(at, entry): (usize, &Permission)| {
                let older = entries().take(at).any(|newer| newer.words == entry.words);
                let words =
                    if older { format!("{} (older name)", entry.words) } else { entry.words.to_owned() };
                (entry.scope, words, has(entry.scope))
            };
            entries().enumerate().map(choice).collect()
        };
        Self { see: of(PermissionKind::See), change: of(PermissionKind::Change) }
    }
}

impl ClientForm {
    /// The present values of a client.
    pub(super) fn of(spec: &ClientSpec) -> Self {
        let ClientMetadata { name, redirect_uris, scopes, public, subject_type, presentation, .. } =
            ClientMetadata::of(spec);
        let Presentation {
            client_uri,
            logo_uri,
            tos_uri,
            policy_uri,
            initiation_uri,
            settings_uri,
            contacts,
        } = presentation;
        Self {
            csrf: String::new(),
            name,
            kind: if public { "public" } else { "confidential" }.to_owned(),
            redirect_uris: redirect_uris.join("\n"),
            scopes,
            subject_type: subject_type.unwrap_or_else(|| SubjectType::default().as_str().to_owned()),
            client_uri: client_uri.unwrap_or_default(),
            logo_uri: logo_uri.unwrap_or_default(),
            tos_uri: tos_uri.unwrap_or_default(),
            policy_uri: policy_uri.unwrap_or_default(),
            initiation_uri: initiation_uri.unwrap_or_default(),
            settings_uri: settings_uri.unwrap_or_default(),
            contacts: contacts.join("\n"),
        }
    }

    /// What is asked for, without a check: the rules are the same for every way of registering.
    pub(super) fn metadata(&self) -> ClientMetadata {
        ClientMetadata {
            name: self.name.trim().to_owned(),
            redirect_uris: lines(&self.redirect_uris),
            scopes: self.scopes.clone(),
            public: self.kind == "public",
            subject_type: one(&self.subject_type),
            presentation: Presentation {
                client_uri: one(&self.client_uri),
                logo_uri: one(&self.logo_uri),
                tos_uri: one(&self.tos_uri),
                policy_uri: one(&self.policy_uri),
                initiation_uri: one(&self.initiation_uri),
                settings_uri: one(&self.settings_uri),
                contacts: lines(&self.contacts),
            },
            ..ClientMetadata::default()
        }
    }
}

fn one(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().filter_map(one).collect()
}

/// What is wrong with a client's form, for the summary on top: in the order of the fields, each with its label.
pub(super) fn summary(errors: &FormErrors) -> FormErrors {
    let place = |field: &str| FIELDS.iter().position(|(name, _)| *name == field).unwrap_or(FIELDS.len());
    let mut sorted: Vec<_> = errors.iter().collect();
    sorted.sort_by_key(|error| place(error.field));
    let mut summary = FormErrors::none();
    for error in sorted {
        let label = FIELDS.get(place(error.field)).map(|(_, label)| format!("{label}: "));
        summary.add(error.field, format!("{}{}", label.unwrap_or_default(), error.message));
    }
    summary
}

/// What is wrong with the fields of a form, if that is what an act was refused for.
pub(super) fn told(error: &ActError) -> Option<FormErrors> {
    let mut errors = FormErrors::none();
    match error {
        ActError::Invalid { field, message } => errors.add(field, sentence(message)),
        ActError::Client(ClientError::Rejected(problems)) => {
            for problem in problems.iter() {
                // The form has one field for what the rules call `public`.
                let field = if problem.field == "public" { "kind" } else { problem.field };
                errors.add(field, sentence(&problem.why));
            }
        }
        _ => return None,
    }
    Some(errors)
}

/// With a capital letter and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let mut sentence: String = first.chain(letters).collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_value_and_empty_ones_are_none() {
        let form = ClientForm {
            redirect_uris: " https://a.example/cb \r\n\r\nhttps://b.example/cb\n".to_owned(),
            client_uri: "  ".to_owned(),
            contacts: "dev@a.example".to_owned(),
            kind: "public".to_owned(),
            ..ClientForm::default()
        };
        let metadata = form.metadata();
        assert_eq!(metadata.redirect_uris, ["https://a.example/cb", "https://b.example/cb"]);
        assert_eq!(metadata.presentation.client_uri, None);
        assert_eq!(metadata.presentation.contacts, ["dev@a.example"]);
        assert!(metadata.public && metadata.subject_type.is_none());
    }

    #[test]
    fn what_is_wrong_is_told_in_sentences() {
        assert_eq!(sentence("it is empty"), "It is empty.");
        assert_eq!(sentence("Done."), "Done.");
    }
}
