//! What the binary is told about its surroundings: from flags, the environment, a TOML file, and defaults, in this order
//! of precedence. Unknown keys are errors; secrets are masked wherever a setting is shown.

mod keys;
mod layers;
mod show;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base::Secret;
use ipnet::IpNet;
use providers::{Overrides, ProviderId};
use url::Url;

use crate::environment::Environment;
use crate::failure::Failure;
use crate::fault_points::{self, FaultPoint};
pub(crate) use layers::{Flags, Layers, secret_from_file};
pub(crate) use show::shown;
pub(crate) use values::PublicUrl;

/// Which of Pleo's environments a deployment belongs to. The looser switches exist in staging alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PleoEnvironment {
    /// Where integrations are developed and examined.
    Staging,
    /// Where customers are.
    #[default]
    Production,
}

impl PleoEnvironment {
    /// The word that configuration and flags use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// Reads [`PleoEnvironment::as_str`] back.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        [Self::Staging, Self::Production].into_iter().find(|environment| environment.as_str() == text)
    }
}

/// Where a side keeps its rows.
#[derive(Debug, Clone)]
pub(crate) enum DatabaseUrl {
    /// The SQLite file of the side inside the data directory.
    InDataDirectory,
    /// Another SQLite file.
    Sqlite(PathBuf),
    /// PostgreSQL; the address may hold a password.
    Postgres(Secret<String>),
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InDataDirectory => f.write_str("sqlite:"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&values::without_password(url.expose())),
        }
    }
}

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// The database of the side that runs.
    pub(crate) database: DatabaseUrl,
    /// The address to listen on; each server has a default of its own.
    pub(crate) listen: Option<SocketAddr>,
    /// Under which address the outside reaches this server.
    pub(crate) public_url: Option<PublicUrl>,
    /// From whom a forwarded client address is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The Pleo environment.
    pub(crate) environment: PleoEnvironment,
    /// The same, if somebody has said it; a short command takes the one that its database is of otherwise.
    pub(crate) stated_environment: Option<PleoEnvironment>,
    /// Whether the sandbox switches are offered; in staging only.
    pub(crate) sandbox: bool,
    /// The token of the sandbox endpoints; made at start when it is not given.
    pub(crate) sandbox_token: Option<Secret<String>>,
    /// Where the metrics are offered without a token.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// The token that opens `/metrics` on the main listener.
    pub(crate) metrics_token: Option<Secret<String>>,
    /// Private addresses that outbound calls may reach.
    pub(crate) outbound_allow: Vec<IpNet>,
    /// Origins that a connect session may return to.
    pub(crate) return_to_allow: Vec<Url>,
    /// Whether callers are limited.
    pub(crate) rate_limits: bool,
    /// Overrides of the catalogue by provider id; Pleo's environment follows this one unless they name it.
    pub(crate) providers: BTreeMap<String, Overrides>,
    /// The log level, as `tracing` filter directives; none when it was not set.
    pub(crate) log: Option<String>,
    /// Where this process is to strike itself during a refresh; with the sandbox switches alone.
    pub(crate) fault_point: Option<FaultPoint>,
}

/// Where data is kept unless something else is said.
const DEFAULT_DATA: &str = "mainstay-data";

/// What is said of a configuration that does not name its proxy.
pub(crate) const NO_PROXY: Doubt = Doubt {
    what: "`trusted_proxies` is empty, although the public URL is https and so behind a proxy",
    why: "everybody who comes through that proxy has its address: one who guesses slows all down, and records do not tell who it was",
    remedy: "name the addresses of the proxy, for example `trusted_proxies = [\"127.0.0.1/32\"]`",
};

/// Something to say of a configuration that works.
#[derive(Debug)]
pub(crate) struct Doubt {
    pub(crate) what: &'static str,
    pub(crate) why: &'static str,
    pub(crate) remedy: &'static str,
}

impl Configuration {
    /// Whether there is a proxy in front, as nothing else answers on https, and it is not named.
    pub(crate) fn proxy_is_not_named(&self) -> bool {
        self.trusted_proxies.is_empty()
            && self.public_url.as_ref().is_some_and(|url| url.url().scheme() == "https")
    }

    /// Reads, joins and checks all layers.
    pub(crate) fn load(layers: &Layers) -> Result<Self, Failure> {
        let stated_environment = layers.parse("environment", values::environment)?;
        let environment = stated_environment.unwrap_or_default();
        let configuration = Self {
            data: layers.parse_path("data")?.unwrap_or_else(|| PathBuf::from(DEFAULT_DATA)),
            database: layers.parse_database()?,
            listen: layers.parse("listen", values::address)?,
            public_url: layers.parse("public_url", values::public_url)?,
            trusted_proxies: layers.parse_list("trusted_proxies", values::network)?,
            environment,
            stated_environment,
            sandbox: layers.parse("sandbox", values::switch)?.unwrap_or(false),
            sandbox_token: layers.secret("sandbox_token")?,
            metrics_listen: layers.parse("metrics_listen", values::address)?,
            metrics_token: layers.secret("metrics_token")?,
            outbound_allow: layers.parse_list("outbound_allow", values::network)?,
            return_to_allow: layers.parse_list("return_to_allow", values::origin)?,
            rate_limits: layers.parse("rate_limits", values::switch)?.unwrap_or(true),
            providers: at_pleo(environment, layers.providers()?),
            log: layers.parse("log", values::log_filter)?,
            fault_point: layers.parse("fault_point", fault_points::parse)?,
        };
        configuration.check_together(layers)?;
        Ok(configuration)
    }

    /// What can only be judged by looking at several keys at once.
    fn check_together(&self, layers: &Layers) -> Result<(), Failure> {
        let staging_only = |key: &'static str, what: &str| {
            Failure::usage(
                format!("{} asks for {what}, which exists in staging only", layers.name_of(key)),
                format!("the environment is {}", self.environment.as_str()),
                "add `--environment staging` (or `environment = \"staging\"`), or leave it out",
            )
        };
        if self.environment != PleoEnvironment::Staging {
            if self.sandbox {
                return Err(staging_only("sandbox", "the sandbox switches"));
            }
            if !self.rate_limits {
                return Err(staging_only("rate_limits", "rate limits to be off"));
            }
        }
        if self.fault_point.is_some() && !self.sandbox {
            return Err(Failure::usage(
                format!("{} asks this process to end itself during a refresh", layers.name_of("fault_point")),
                "that exists for showing that refreshes survive it, with the sandbox switches in staging only",
                "add `--environment staging --sandbox`, or leave it out",
            ));
        }
        Ok(())
    }

    /// Reads the file, the environment and the flags and checks what they say.
    pub(crate) fn from_outside(flags: &Flags, environment: &Environment) -> Result<(Self, Layers), Failure> {
        let layers = Layers::read(flags, environment)?;
        Ok((Self::load(&layers)?, layers))
    }

    /// The directory for what must not travel with a backup: locks, sockets, spill files.
    pub(crate) fn instance_directory(&self) -> PathBuf {
        self.data.join("instance")
    }

    /// The user's own catalogue files.
    pub(crate) fn providers_directory(&self) -> PathBuf {
        self.data.join("providers")
    }

    /// The key file of a side.
    pub(crate) fn key_file(&self, side: &str) -> PathBuf {
        self.data.join("keys").join(format!("{side}.keys"))
    }

    /// The SQLite file of a side, or nothing on PostgreSQL.
    pub(crate) fn sqlite_file(&self, side: &str) -> Option<PathBuf> {
        match &self.database {
            DatabaseUrl::InDataDirectory => Some(self.data.join(format!("{side}.db"))),
            DatabaseUrl::Sqlite(path) => Some(path.clone()),
            DatabaseUrl::Postgres(_) => None,
        }
    }
}

/// The overrides of providers, with Pleo's own environment where they do not name one. Production is the catalogue's default.
fn at_pleo(
    environment: PleoEnvironment,
    mut providers: BTreeMap<String, Overrides>,
) -> BTreeMap<String, Overrides> {
    if environment == PleoEnvironment::Staging {
        let pleo = providers.entry(ProviderId::pleo().to_string()).or_default();
        pleo.environment.get_or_insert_with(|| environment.as_str().to_owned());
    }
    providers
}

/// Turns a path of a configuration file into one that does not depend on the working directory.
fn beside(file: Option<&Path>, path: &str) -> PathBuf {
    match file.and_then(Path::parent) {
        Some(directory) => directory.join(path),
        None => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests;
