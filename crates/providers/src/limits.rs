use serde::Deserialize;

/// A limit on calls that the provider enforces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// So many calls …
    pub requests: u64,
    /// … in so many seconds …
    pub per_seconds: u64,
    /// … for each of these.
    pub scope: LimitScope,
}

/// What a limit counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitScope {
    /// Each company, through one client.
    Company,
    /// The client, over all companies.
    Client,
    /// The client on each endpoint.
    ClientAndEndpoint,
}
