//! A client in words, for the people who made it and those who decide about it.

use std::time::Duration;

use authserver::{Client, ClientState, PkceRule, ReplayRule, RotationPolicy, RotationRules};
use base::Timestamp;
use oauth::ClientAuthMethod;
use platform::{Application, ClientDetails, LogoState, SubjectType, explain, logo_path};

use crate::shared::page::{Badge, Moment, Tone};

/// A client as a page shows it.
#[derive(Debug)]
pub(super) struct ClientView {
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) badge: Badge,
    /// The address of the logo; empty where there is none.
    pub(super) logo: String,
    /// Why the logo that the client names is not shown; empty where all is well.
    pub(super) logo_missing: String,
    pub(super) see: Vec<String>,
    pub(super) change: Vec<String>,
    pub(super) redirect_uris: Vec<String>,
    /// Its addresses for people, each with what it is.
    pub(super) links: Vec<(&'static str, String)>,
    pub(super) contacts: Vec<String>,
    /// How it proves who it is, and the rules its tokens follow: a name and a sentence each.
    pub(super) rules: Vec<(&'static str, String)>,
    /// Its secrets, each since when, and until when if that is set.
    pub(super) secrets: Vec<(Moment, Option<Moment>)>,
    pub(super) registered_at: Moment,
    pub(super) changed_at: Moment,
}

impl ClientView {
    /// `base` is the public URL's path; `now` tells which secrets still work.
    pub(super) fn new(details: &ClientDetails, base: &str, now: Timestamp) -> Self {
        let ClientDetails { client, registration, logo, .. } = details;
        let spec = &client.spec;
        let explained = explain(&spec.scope);
        let client_id = client.id().to_string();
        let shown = &spec.presentation;
        let links = [
            ("Home page", &shown.client_uri),
            ("Start page", &shown.initiation_uri),
            ("Settings page", &shown.settings_uri),
            ("Terms", &shown.tos_uri),
            ("Privacy", &shown.policy_uri),
        ];
        let live = client.secrets.iter().filter(|secret| secret.expires_at.is_none_or(|end| now < end));
        Self {
            name: spec.name.clone(),
            badge: badge(client.state),
            logo: match logo {
                LogoState::Here(at) => format!("{base}{}", logo_path(&client_id, *at)),
                LogoState::None | LogoState::Missing(_) => String::new(),
            },
            logo_missing: match logo {
                LogoState::Missing(why) => why.clone(),
                LogoState::None | LogoState::Here(_) => String::new(),
            },
            see: explained.see,
            change: explained.change,
            redirect_uris: spec.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
            links: links.into_iter().filter_map(|(name, link)| Some((name, link.clone()?))).collect(),
            contacts: shown.contacts.clone(),
            rules: rules(client),
            secrets: live.map(|secret| (Moment(secret.created_at), secret.expires_at.map(Moment))).collect(),
            registered_at: Moment(client.created_at),
            changed_at: Moment(registration.changed_at),
            client_id,
        }
    }
}

/// A client's state as a word and a mark.
pub(super) fn badge(state: ClientState) -> Badge {
    match state {
        ClientState::AwaitingReview => Badge::new(Tone::Warning, "Waiting for review"),
        ClientState::ChangeAwaitingReview => Badge::new(Tone::Warning, "Change waiting for review"),
        ClientState::Declined => Badge::new(Tone::Bad, "Declined"),
        ClientState::Approved => Badge::new(Tone::Good, "Approved"),
        ClientState::Suspended => Badge::new(Tone::Bad, "Suspended"),
        ClientState::Removed => Badge::new(Tone::Plain, "Removed"),
    }
}

fn rules(client: &Client) -> Vec<(&'static str, String)> {
    let spec = &client.spec;
    let kind = if spec.public {
        "Public: it has no secret, so PKCE alone ties a code to it".to_owned()
    } else {
        let methods = spec.auth_methods.iter().map(|method| match method {
            ClientAuthMethod::ClientSecretBasic => "HTTP Basic",
            ClientAuthMethod::ClientSecretPost => "fields of the body",
            ClientAuthMethod::None => "nothing",
        });
        format!("Confidential: it sends its secret by {}", methods.collect::<Vec<_>>().join(" or "))
    };
    let pkce = match spec.pkce {
        PkceRule::Required => "Required, with S256",
        PkceRule::Optional => "Not required of this client; a challenge that it sends is checked",
    };
    let subject = match Application::from(client).subject_type {
        SubjectType::Company => "One company, which the person chooses",
        SubjectType::Organisation => "A whole organisation with all of its companies",
    };
    let refresh = match spec.refresh_absolute {
        None => format!("{} after its last use", lasting(spec.refresh_idle)),
        Some(end) => format!(
            "{} after its last use, and {} after the consent in any case",
            lasting(spec.refresh_idle),
            lasting(end)
        ),
    };
    vec![
        ("Kind", kind),
        ("PKCE", pkce.to_owned()),
        ("Works with", subject.to_owned()),
        ("Access token ends", format!("{} after it was made", lasting(spec.access_token_lifetime))),
        ("Refresh token ends", refresh),
        ("Rotation", rotation(&spec.rotation)),
    ]
}

/// What a refresh does, as it is.
pub(super) fn rotation(rules: &RotationRules) -> String {
    let policy = match rules.policy {
        RotationPolicy::Strict => {
            "Strict: every refresh gives a new refresh token, and the one before it is dead at once."
                .to_owned()
        }
        RotationPolicy::RetryWindow { seconds } => format!(
            "With a retry window of {seconds} s: every refresh gives a new refresh token. As long as that is unused, the same \
             request gets the same answer again within the window; then the one before it is dead."
        ),
        RotationPolicy::GracePeriod { seconds } => {
            format!("With a grace period: the refresh token before works for another {seconds} s.")
        }
        RotationPolicy::OldDiesWhenNewIsUsed => {
            "The refresh token before works until the new one is used for the first time.".to_owned()
        }
        RotationPolicy::OldLives => {
            "None in effect: the refresh tokens before work until they run out by themselves.".to_owned()
        }
        RotationPolicy::ChangesDaily => {
            "Once a day: until then a refresh gives the same refresh token again.".to_owned()
        }
    };
    let replay = match rules.replay {
        ReplayRule::EndsAuthorisation => "A dead one that is presented ends the whole authorisation.",
        ReplayRule::IsRefused => "A dead one that is presented is refused, and nothing else happens.",
    };
    let access = if rules.kills_access_token {
        "Access tokens from before a refresh are dead with it."
    } else {
        "Access tokens from before a refresh go on to their end."
    };
    format!("{policy} {replay} {access}")
}

/// A duration in the largest unit that fits it.
pub(super) fn lasting(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units
        .into_iter()
        .find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size))
        .unwrap_or((1, "second"));
    let number = seconds / size;
    if number == 1 { format!("{number} {unit}") } else { format!("{number} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_the_largest_unit_that_fits() {
        for (seconds, words) in [
            (60 * 86_400, "60 days"),
            (86_400, "1 day"),
            (900, "15 minutes"),
            (90, "90 seconds"),
            (7_200, "2 hours"),
            (1, "1 second"),
            (0, "0 seconds"),
        ] {
            assert_eq!(lasting(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn each_policy_is_told_as_it_is() {
        assert!(rotation(&RotationRules::strict()).contains("dead at once"));
        let window = rotation(&RotationRules::retry_window(30));
        assert!(window.contains("30 s") && window.contains("ends the whole authorisation"));
        let lax = rotation(&RotationRules::stand_in(RotationPolicy::OldLives));
        assert!(lax.starts_with("None in effect") && lax.contains("refused, and nothing else"));
        assert!(lax.contains("go on to their end"));
    }
}
