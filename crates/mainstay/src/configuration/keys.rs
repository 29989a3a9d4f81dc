//! The list of keys. Files, variables, flags, `config show` and the near match of a misspelt key all come from it.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// The name in a file; the variable is `MAINSTAY_` and this in capitals, the flag is this with dashes.
    pub(super) name: &'static str,
    /// Whether the value must be masked, and may come from a file by `<name>_file`.
    pub(super) secret: bool,
    /// Whether only a file can hold it.
    pub(super) table: bool,
    /// What is used when nothing is said, for `config show`.
    pub(super) default: &'static str,
}

const fn key(name: &'static str, default: &'static str) -> Key {
    Key { name, secret: false, table: false, default }
}

const fn secret(name: &'static str, default: &'static str) -> Key {
    Key { secret: true, ..key(name, default) }
}

/// All settings, in the order in which they are shown.
pub(super) const KEYS: &[Key] = &[
    key("data", "mainstay-data"),
    secret("database", "sqlite: (inside the data directory)"),
    key("listen", "127.0.0.1:8080 (connect), :8100 (platform), :8200 (stand-ins)"),
    key("public_url", "the address listened on"),
    key("trusted_proxies", "none"),
    key("environment", "production"),
    key("sandbox", "off"),
    secret("sandbox_token", "made at start"),
    key("metrics_listen", "none"),
    secret("metrics_token", "none"),
    key("outbound_allow", "none"),
    key("return_to_allow", "none"),
    key("rate_limits", "on"),
    key("log", "info for servers, warn for commands"),
    key("fault_point", "none"),
    Key { table: true, ..key("providers", "the catalogue") },
];

/// The keys of one `[providers.<id>]` table.
pub(super) const PROVIDER_KEYS: &[&str] = &[
    "environment",
    "base_url",
    "authorize_url",
    "token_url",
    "api_url",
    "introspect_url",
    "revoke_url",
    "scopes",
];

/// The environment variable of a key.
pub(super) fn variable(name: &str) -> String {
    format!("MAINSTAY_{}", name.to_uppercase())
}

/// The closest of `known` to `given`, if one is close enough to have been meant.
pub(super) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(given, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
