use std::time::Duration;

use serde::Deserialize;

/// How a provider's tokens change when they are refreshed (facts 16.10; `refresh-authority.md`, "Rotation rule").
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Whether a refresh brings a new refresh token.
    pub new_refresh_token: NewRefreshToken,
    /// What becomes of the old one then.
    pub old_refresh_token: OldRefreshToken,
    /// Whether a refresh kills the old access token too.
    #[serde(default)]
    pub old_access_token_dies: bool,
    /// How many seconds before the access token's expiry a refresh is allowed at the earliest; any time when absent.
    pub earliest_refresh_seconds_before_expiry: Option<u64>,
    /// After how many seconds without a refresh the refresh token dies.
    pub idle_limit_seconds: Option<u64>,
    /// Whether the idle limit is only the shortest life promised, so that an older token may still be good.
    #[serde(default)]
    pub idle_limit_is_floor: bool,
    /// Seconds from the consent until the grant ends whatever is done.
    pub hard_end_seconds: Option<u64>,
    /// What tells after a lost answer whether the refresh was processed.
    #[serde(default)]
    pub question: Question,
    /// How long a token request may take before it is given up. Generous, since hanging up makes lost answers.
    #[serde(default = "sixty")]
    pub request_deadline_seconds: u64,
    /// The access token's life where an answer does not name it.
    pub access_token_seconds: u64,
}

const fn sixty() -> u64 {
    60
}

/// Whether a refresh brings a new refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NewRefreshToken {
    /// With each refresh.
    Always,
    /// With some refreshes.
    Sometimes,
    /// About every 24 hours (QuickBooks, facts 16.3).
    Daily,
    /// The first one stays.
    Never,
}

/// What becomes of a refresh token that has been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OldRefreshToken {
    /// It is dead as soon as a new one has been issued.
    DiesAtOnce,
    /// It works until the new one is used for the first time (Exact Online, facts 16.8).
    DiesWhenNewIsUsed,
    /// It works for so many seconds more (Xero 1,800, facts 16.2).
    LivesFor(u64),
    /// It goes on working until it ends by itself (Microsoft, facts 16.4).
    Lives,
}

/// What can be asked after a lost answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Nothing.
    #[default]
    None,
    /// The old refresh token is introspected (RFC 7662): consumes nothing.
    Introspect,
    /// The old access token is tried on the probe path: right only where a refresh kills it.
    Probe,
}

impl Rotation {
    /// How long a token request may take.
    pub const fn request_deadline(&self) -> Duration {
        Duration::from_secs(self.request_deadline_seconds)
    }

    /// How long a grant may stay unused.
    pub fn idle_limit(&self) -> Option<Duration> {
        self.idle_limit_seconds.map(Duration::from_secs)
    }

    /// How long a grant lives at most, from the consent.
    pub fn hard_end(&self) -> Option<Duration> {
        self.hard_end_seconds.map(Duration::from_secs)
    }

    /// How long before expiry a refresh is allowed at the earliest.
    pub fn earliest_refresh_before_expiry(&self) -> Option<Duration> {
        self.earliest_refresh_seconds_before_expiry.map(Duration::from_secs)
    }

    /// The access token's life where an answer does not name it.
    pub const fn access_token_life(&self) -> Duration {
        Duration::from_secs(self.access_token_seconds)
    }
}
