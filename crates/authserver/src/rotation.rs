use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a refresh does to the refresh token, and how long the old one works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "policy", rename_all = "kebab-case")]
pub enum RotationPolicy {
    /// Every refresh kills all earlier tokens of the authorisation. No grace.
    Strict,
    /// As strict, but while the successor is unused, the same request within the window gets the same successor again.
    /// Never two live branches.
    RetryWindow {
        /// How long after the rotation.
        seconds: u64,
    },
    /// Stand-ins: the old refresh token may be used again for so long and gives a new pair each time (Xero, 30 min).
    GracePeriod {
        /// How long after the rotation.
        seconds: u64,
    },
    /// Stand-ins: the old one dies when the new one is first used (Exact Online).
    OldDiesWhenNewIsUsed,
    /// Stand-ins: the old one lives on to its own expiry (Microsoft).
    OldLives,
    /// Stand-ins: the value changes about once a day; until then a refresh returns the same one (QuickBooks).
    ChangesDaily,
}

/// What the presenting of a refresh token that was rotated out does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplayRule {
    /// It ends the authorisation, and only that (RFC 9700 section 4.14.2). The presenting of an expired one does too.
    EndsAuthorisation,
    /// It is refused and nothing else happens.
    IsRefused,
}

/// How the tokens of a client's authorisations rotate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationRules {
    /// The refresh token.
    pub policy: RotationPolicy,
    /// Whether a refresh kills the access token before it.
    pub kills_access_token: bool,
    /// What a replay does.
    pub replay: ReplayRule,
    /// A refresh is refused while the access token has longer to live than this (Exact Online: 30 s).
    pub earliest_refresh_before_expiry: Option<Duration>,
    /// A refresh token is given only where this scope was granted (`offline_access`).
    pub refresh_needs_scope: Option<String>,
}

impl RotationRules {
    /// The platform's default, and that of providers with strict rotation.
    pub fn strict() -> Self {
        Self {
            policy: RotationPolicy::Strict,
            kills_access_token: true,
            replay: ReplayRule::EndsAuthorisation,
            earliest_refresh_before_expiry: None,
            refresh_needs_scope: None,
        }
    }

    /// The platform's other policy, for confidential clients; 30 s unless set otherwise.
    pub fn retry_window(seconds: u64) -> Self {
        Self { policy: RotationPolicy::RetryWindow { seconds }, ..Self::strict() }
    }

    /// For stand-ins: old access tokens live on, replays are refused and nothing more.
    pub fn stand_in(policy: RotationPolicy) -> Self {
        Self { policy, kills_access_token: false, replay: ReplayRule::IsRefused, ..Self::strict() }
    }

    /// Whether tokens before the current generation can be good, and so have rows of their own.
    pub(crate) const fn keeps_earlier(&self) -> bool {
        !self.kills_access_token
            || matches!(
                self.policy,
                RotationPolicy::GracePeriod { .. }
                    | RotationPolicy::OldDiesWhenNewIsUsed
                    | RotationPolicy::OldLives
            )
    }
}
