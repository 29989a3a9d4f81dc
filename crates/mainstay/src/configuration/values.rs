//! From text to a checked value. Each says in words what it wants; none repeats what it was given, which may be secret.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::{Host, Url};

use super::PleoEnvironment;

/// Why a value is not accepted, and what would be.
pub(super) type Refusal = String;

/// The address under which people and machines outside reach a server: without a trailing slash, because issuer
/// identifiers are compared byte for byte (RFC 8414 section 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl(String);

impl PublicUrl {
    /// The address as text, without a trailing slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The plain address of a loopback or other listener, used when no public URL is configured.
    pub(crate) fn of_listener(address: SocketAddr) -> Self {
        Self(format!("http://{address}"))
    }

    /// The address as a [`Url`].
    pub(crate) fn url(&self) -> Url {
        Url::parse(&self.0).expect("a public URL was parsed before")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn environment(text: &str) -> Result<PleoEnvironment, Refusal> {
    match text {
        "staging" => Ok(PleoEnvironment::Staging),
        "production" => Ok(PleoEnvironment::Production),
        _ => Err("it is neither `staging` nor `production`".to_owned()),
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, Refusal> {
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numeric
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map_err(|_| "it is not an address with a port, such as `127.0.0.1:8080` or `[::1]:8080`".to_owned())
}

pub(super) fn network(text: &str) -> Result<IpNet, Refusal> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "it is not a network such as `10.0.0.0/8`, nor an address".to_owned())
}

pub(super) fn switch(text: &str) -> Result<bool, Refusal> {
    match text {
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" => Ok(false),
        _ => Err("it is neither `on` nor `off`".to_owned()),
    }
}

pub(super) fn public_url(text: &str) -> Result<PublicUrl, Refusal> {
    let url = safe_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has a query or a fragment; a public URL has a host and perhaps a path".to_owned());
    }
    Ok(PublicUrl(url.as_str().trim_end_matches('/').to_owned()))
}

pub(super) fn origin(text: &str) -> Result<Url, Refusal> {
    let url = safe_url(text)?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(
            "it has a path; an origin is scheme, host and port, such as `https://app.example.com`".to_owned()
        );
    }
    Ok(url)
}

/// An https URL, or http on a loopback address, without a user name or password.
pub(super) fn safe_url(text: &str) -> Result<Url, Refusal> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a user name or a password".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err("it is http; only loopback addresses may do without https".to_owned()),
        other => Err(format!("its scheme is {other}, not https")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(super) fn log_filter(text: &str) -> Result<String, Refusal> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            Err(format!("it is not a log level ({error}); use `error`, `warn`, `info`, `debug` or `trace`"))
        }
    }
}

/// A database address fit to be shown: the password is left out.
pub(super) fn without_password(address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) if url.has_host() => {
            // Passwords also come as a parameter (libpq's `password=`).
            let hidden = url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password");
            if hidden {
                url.set_query(None);
                let _has_host = url.set_password(Some("***"));
            }
            url.to_string()
        }
        _ => "postgres://…".to_owned(),
    }
}
