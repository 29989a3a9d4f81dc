use std::path::PathBuf;
use std::str::FromStr as _;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Whether the way to the server is encrypted. Where it is, the server's certificate is always verified, with every `sslmode`
/// that asks for TLS: encryption to an unknown end protects nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tls {
    /// `sslmode=disable`, or no word about it and a server on this machine.
    Off,
    /// Anything else. The authority is `sslrootcert`, or those the system trusts.
    Verified { root: Option<PathBuf> },
}

pub(super) struct Parsed {
    pub(super) config: Config,
    pub(super) tls: Tls,
}

/// Whether a URL can be used, for a message before anything is opened.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    parse(url).map(drop)
}

/// Takes out the two options that the driver does not know in full, and gives it the rest.
pub(super) fn parse(url: &str) -> Result<Parsed, String> {
    let (place, options) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut root, mut kept) = (None, None, Vec::new());
    for option in options.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value),
            Some(("sslrootcert", value)) => root = Some(PathBuf::from(value)),
            _ => kept.push(option),
        }
    }
    let url = if kept.is_empty() { place.to_owned() } else { format!("{place}?{}", kept.join("&")) };
    // The driver's message can quote the option's value but never the password.
    let mut config = Config::from_str(&url).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("{error}{cause}")
    })?;
    let local = config.get_hosts().iter().all(is_local);
    let tls = match mode {
        Some("disable") => Tls::Off,
        None | Some("allow" | "prefer") if local && root.is_none() => Tls::Off,
        None | Some("allow" | "prefer" | "require" | "verify-ca" | "verify-full") => Tls::Verified { root },
        Some(_) => {
            return Err("sslmode is one of disable, prefer, require, verify-ca and verify-full".to_owned());
        }
    };
    config.ssl_mode(if tls == Tls::Off { SslMode::Disable } else { SslMode::Require });
    Ok(Parsed { config, tls })
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests;
