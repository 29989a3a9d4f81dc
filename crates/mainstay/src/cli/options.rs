use std::path::PathBuf;

use clap::Args;

use crate::configuration::Flags;

/// Options that every command takes. Each has a variable `MAINSTAY_…` too.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// A configuration file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// The database: `sqlite:PATH` or `postgres://…`
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// The address to listen on; port 0 picks a free one
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<String>,
    /// The address under which others reach this server
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Networks of proxies whose forwarded addresses are believed
    #[arg(long, global = true, value_name = "CIDR")]
    trusted_proxies: Vec<String>,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Common {
    /// The common options as a configuration layer.
    pub(crate) fn flags(&self) -> Flags {
        let mut flags = Flags { config: self.config.clone(), ..Flags::default() };
        for (key, value) in [
            ("data", &self.data),
            ("database", &self.database),
            ("listen", &self.listen),
            ("public_url", &self.public_url),
        ] {
            if let Some(value) = value {
                flags.values.insert(key, vec![value.clone()]);
            }
        }
        if !self.trusted_proxies.is_empty() {
            flags.values.insert("trusted_proxies", self.trusted_proxies.clone());
        }
        flags
    }
}

impl super::ServerOptions {
    /// Adds a server's own options to the layer.
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        if let Some(environment) = self.environment {
            flags.values.insert("environment", vec![environment.word().to_owned()]);
        }
        if self.sandbox {
            flags.values.insert("sandbox", vec!["on".to_owned()]);
        }
        if let Some(path) = &self.sandbox_token_file {
            flags.files.insert("sandbox_token", path.clone());
        }
        if let Some(address) = &self.metrics_listen {
            flags.values.insert("metrics_listen", vec![address.clone()]);
        }
    }
}

impl super::EnvironmentChoice {
    /// The word of the configuration.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

impl super::SandboxServe {
    /// Adds the stand-ins' own options to the layer. They exist for trying things out alone, so their switches are on.
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        flags.values.insert("environment", vec!["staging".to_owned()]);
        flags.values.insert("sandbox", vec!["on".to_owned()]);
        if let Some(path) = &self.sandbox_token_file {
            flags.files.insert("sandbox_token", path.clone());
        }
        if let Some(address) = &self.metrics_listen {
            flags.values.insert("metrics_listen", vec![address.clone()]);
        }
    }
}
