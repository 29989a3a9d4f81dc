use std::time::Duration;

use authserver::{ClientMetadata, ClientSpec, PkceRule, Presentation, RotationRules};
use base::Secret;
use oauth::RedirectUri;
use toml::Spanned;
use uuid::Uuid;

use super::SeedError;
use super::file::{ClientEntry, Pkce, Rotation};
use super::plan::Lines;
use crate::application::{INTEGRATED_API_KEYS, SETUP_REQUIRED};
use crate::platform::{Environment, client_rules};

/// How long a replayed request gets the same answer, unless the file says otherwise.
const RETRY_WINDOW_SECONDS: u32 = 30;

/// A client that there should be.
#[derive(Debug)]
pub(crate) struct PlannedClient {
    pub(crate) spec: ClientSpec,
    pub(crate) secret: Option<Secret<String>>,
    pub(crate) approved: bool,
}

/// Checks a client and resolves its defaults.
pub(super) fn plan(lines: &Lines<'_>, at: &Spanned<ClientEntry>) -> Result<PlannedClient, SeedError> {
    let entry = at.get_ref();
    let client_id = match &entry.client_id {
        None => Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("client\n{}", entry.name).as_bytes()).to_string(),
        Some(id) if id.get_ref().is_empty() || !id.get_ref().bytes().all(|b| matches!(b, 0x20..=0x7E)) => {
            return Err(lines.error(id, "[[clients]] client_id: printable ASCII (RFC 6749 appendix A.1)"));
        }
        Some(id) => id.get_ref().clone(),
    };
    let base = if entry.public {
        ClientSpec::public(client_id, &*entry.name)
    } else {
        ClientSpec::confidential(client_id, &*entry.name)
    };
    let mut spec = ClientSpec {
        scope: entry.scopes.clone(),
        subject_type: Some(entry.subject_type.as_str().to_owned()),
        presentation: presentation(entry),
        rotation: rotation(lines, at)?,
        ..base
    };
    for uri in &entry.redirect_uris {
        let uri = RedirectUri::register(uri.get_ref())
            .map_err(|error| lines.error(uri, format!("[[clients]] redirect_uris: {error}")))?;
        spec.redirect_uris.push(uri);
    }
    if entry.pkce == Pkce::Optional {
        spec.pkce = PkceRule::Optional;
    }
    if let Some(methods) = &entry.auth_methods {
        spec.auth_methods = methods.get_ref().iter().copied().collect();
        if spec.auth_methods.is_empty() {
            return Err(lines.error(methods, "[[clients]] auth_methods: at least one is needed"));
        }
    }
    keeps_the_rules(lines, at, &spec)?;
    if entry.public && entry.client_secret.is_some() {
        return Err(lines.error(at, "[[clients]] client_secret: a public client has none"));
    }
    if entry.client_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
        return Err(lines.error(at, "[[clients]] client_secret: must not be empty"));
    }
    spec.access_token_lifetime = seconds(lines, "access_token_seconds", entry.access_token_seconds.as_ref())?
        .unwrap_or(spec.access_token_lifetime);
    spec.refresh_idle = seconds(lines, "refresh_idle_seconds", entry.refresh_idle_seconds.as_ref())?
        .unwrap_or(spec.refresh_idle);
    spec.refresh_absolute =
        seconds(lines, "refresh_absolute_seconds", entry.refresh_absolute_seconds.as_ref())?;
    for (name, set) in
        [(SETUP_REQUIRED, entry.setup_required), (INTEGRATED_API_KEYS, entry.integrated_api_keys)]
    {
        spec.attributes.insert(name.to_owned(), set.to_string());
    }
    Ok(PlannedClient { spec, secret: entry.client_secret.clone(), approved: entry.approved })
}

fn seconds(
    lines: &Lines<'_>,
    key: &str,
    value: Option<&Spanned<u32>>,
) -> Result<Option<Duration>, SeedError> {
    match value {
        Some(zero) if *zero.get_ref() == 0 => {
            Err(lines.error(zero, format!("[[clients]] {key}: at least 1")))
        }
        other => Ok(other.map(|seconds| Duration::from_secs(u64::from(*seconds.get_ref())))),
    }
}

fn rotation(lines: &Lines<'_>, at: &Spanned<ClientEntry>) -> Result<RotationRules, SeedError> {
    let entry = at.get_ref();
    match (entry.rotation, &entry.retry_window_seconds) {
        (Rotation::Strict, None) => Ok(RotationRules::strict()),
        (Rotation::Strict, Some(window)) => {
            Err(lines
                .error(window, "[[clients]] retry_window_seconds: only with rotation = \"retry-window\""))
        }
        (Rotation::RetryWindow, _) if entry.public => {
            Err(lines.error(at, "[[clients]] rotation: retry-window is for confidential clients"))
        }
        (Rotation::RetryWindow, window) => {
            let seconds = window.as_ref().map_or(RETRY_WINDOW_SECONDS, |window| *window.get_ref());
            Ok(RotationRules::retry_window(u64::from(seconds)))
        }
    }
}

fn presentation(entry: &ClientEntry) -> Presentation {
    let text = |value: &Option<Spanned<String>>| value.as_ref().map(|text| text.get_ref().clone());
    Presentation {
        client_uri: text(&entry.client_uri),
        logo_uri: text(&entry.logo_uri),
        tos_uri: text(&entry.tos_uri),
        policy_uri: text(&entry.policy_uri),
        initiation_uri: text(&entry.initiation_uri),
        settings_uri: text(&entry.settings_uri),
        contacts: entry.contacts.clone(),
    }
}

/// The rules are those of every other way to register. Only http on this machine is fine in either environment: the file is
/// the operator's own.
fn keeps_the_rules(lines: &Lines<'_>, at: &Spanned<ClientEntry>, spec: &ClientSpec) -> Result<(), SeedError> {
    let Err(problems) = client_rules(Environment::Staging).check(&ClientMetadata::of(spec)) else {
        return Ok(());
    };
    let entry = at.get_ref();
    let problem = problems.iter().next().expect("a refusal has a reason");
    let message = format!("[[clients]] {}: {}", problem.field, problem.why);
    let place = match problem.field {
        "redirect_uris" => entry.redirect_uris.first(),
        "client_uri" => entry.client_uri.as_ref(),
        "logo_uri" => entry.logo_uri.as_ref(),
        "tos_uri" => entry.tos_uri.as_ref(),
        "policy_uri" => entry.policy_uri.as_ref(),
        "initiation_uri" => entry.initiation_uri.as_ref(),
        "settings_uri" => entry.settings_uri.as_ref(),
        _ => None,
    };
    Err(match (place, problem.field, &entry.auth_methods) {
        (Some(place), _, _) => lines.error(place, message),
        (None, "auth_methods", Some(methods)) => lines.error(methods, message),
        _ => lines.error(at, message),
    })
}
