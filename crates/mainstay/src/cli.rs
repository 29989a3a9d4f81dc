//! The command line. What is here is read by people in `--help`; what each command does lies in `command`.

mod generate;
mod options;
mod people;
mod platform;
mod platform_clients;
mod records;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use generate::{Generate, Generation};
pub(crate) use options::Common;
pub(crate) use people::{Companies, RoleAt, Users};
pub(crate) use platform::{ApiKeys, Platform};
pub(crate) use platform_clients::{Client as PlatformClient, NewClient, PlatformClients};
pub(crate) use records::{Audit, Export, RecordedSide, Recover};

/// Keeps a Pleo company connected to one company in an accounting system.
#[derive(Debug, Parser)]
#[command(name = "mainstay", version, arg_required_else_help = true, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Both sides and two accounting stand-ins in one process, seeded, on temporary data
    Demo(Demo),
    /// The connect side: connections, credentials, refreshes, the proxy
    Serve(Serve),
    /// The platform side: authorization server, consent, API keys, resource APIs
    #[command(subcommand)]
    Platform(Platform),
    /// Stand-ins for accounting systems, to develop and test against
    #[command(subcommand)]
    Sandbox(Sandbox),
    /// Connections: list, show, link, disconnect
    #[command(subcommand)]
    Connections(Connections),
    /// The integration's own OAuth clients at Pleo and at accounting systems
    #[command(subcommand)]
    Clients(Clients),
    /// People who may use connect's pages
    #[command(subcommand)]
    Operators(Operators),
    /// API tokens for the integration's backends
    #[command(subcommand)]
    Tokens(Tokens),
    /// The catalogue of providers
    #[command(subcommand)]
    Providers(Providers),
    /// After a restored backup: what waits, and going on with it
    #[command(subcommand)]
    Recover(Recover),
    /// The audit log: verify it, export it
    #[command(subcommand)]
    Audit(Audit),
    /// Encryption keys
    #[command(subcommand)]
    Keys(Keys),
    /// The configuration
    #[command(subcommand)]
    Config(Config),
    /// Rows for load tests, and a file with what is needed to use them (staging only)
    #[command(subcommand)]
    Generate(Generate),
    /// Bring the database to this version's schema
    Migrate(SideChoice),
    /// What is wrong here, in words, with the remedy
    Doctor,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Walk the whole story over HTTP, a line a step, and exit 0 only if all of it held
    #[arg(long)]
    pub(crate) headless: bool,
    /// Write every secret that the walk saw to FILE, one a line, and every refusal to FILE.refusals (for the test that searches for
    /// them)
    #[arg(long, hide = true, value_name = "FILE", requires = "headless")]
    pub(crate) seen_secrets: Option<PathBuf>,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

/// Options that every server takes.
#[derive(Debug, Args)]
pub(crate) struct ServerOptions {
    /// The Pleo environment that this deployment belongs to
    #[arg(long, value_enum, value_name = "ENVIRONMENT")]
    pub(crate) environment: Option<EnvironmentChoice>,
    /// Offer the sandbox switches (staging only)
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// A file with the token of the sandbox endpoints
    #[arg(long, value_name = "FILE")]
    pub(crate) sandbox_token_file: Option<PathBuf>,
    /// Offer metrics on an address of their own, without a token
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics_listen: Option<String>,
}

/// `--environment`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum EnvironmentChoice {
    /// Where integrations are developed
    Staging,
    /// Where customers are
    Production,
}

/// `mainstay sandbox …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Sandbox {
    /// Serve the stand-ins, one path prefix a system
    Serve(SandboxServe),
}

/// Options of `sandbox serve`.
#[derive(Debug, Args)]
pub(crate) struct SandboxServe {
    /// A TOML file with companies, users and clients for each system: `[[xero.companies]]`, `[[xero.users]]`, `[[xero.clients]]`
    #[arg(long, value_name = "FILE")]
    pub(crate) seed: Option<PathBuf>,
    /// A file with the token of the sandbox endpoints
    #[arg(long, value_name = "FILE")]
    pub(crate) sandbox_token_file: Option<PathBuf>,
    /// Offer metrics on an address of their own, without a token
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics_listen: Option<String>,
}

/// `mainstay connections …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Connections {
    /// All connections, those that need a person first
    List {
        /// Only those in this state
        #[arg(long)]
        state: Option<String>,
        /// Only those with this reference of yours
        #[arg(long)]
        reference: Option<String>,
    },
    /// One connection
    Show {
        /// Its id (`con_…`)
        id: String,
    },
    /// Make a link that a person opens to connect
    Link {
        /// The accounting system, as in `mainstay providers list`
        accounting: String,
        /// The country of the accounting system, where it has several
        #[arg(long)]
        country: Option<String>,
        /// Your own name for the connection
        #[arg(long)]
        reference: Option<String>,
        /// Where to send the person afterwards; its origin must be allowed in the configuration
        #[arg(long, value_name = "URL")]
        return_to: Option<String>,
    },
    /// End a connection
    Disconnect {
        /// Its id (`con_…`)
        id: String,
    },
}

/// `mainstay clients …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Clients {
    /// Set the client of a provider; its secret comes from a file or from standard input, never from the command line
    Set {
        /// The provider, as in `mainstay providers list`
        provider: String,
        /// The client id
        #[arg(long, value_name = "ID")]
        client_id: String,
        /// A file with the client secret
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// The provider's environment
        #[arg(long)]
        environment: Option<String>,
    },
}

/// `mainstay operators …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Operators {
    /// Add a person; the password comes from standard input
    Add {
        /// E-mail address
        email: String,
    },
}

/// `mainstay tokens …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// Make a token; it is shown once
    Create {
        /// What it may do: connect, proxy, token or admin
        #[arg(long)]
        role: String,
        /// A name to know it by
        #[arg(long)]
        name: Option<String>,
    },
    /// All tokens, without their secrets
    List,
    /// End a token
    Revoke {
        /// Its id
        id: String,
    },
}

/// `mainstay providers …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Providers {
    /// All providers of the catalogue
    List,
    /// One provider, with the configuration applied
    Show {
        /// Its id
        id: String,
    },
    /// Check the catalogue: the built-in files and those in DIR/providers
    Check,
}

/// `mainstay keys …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Which keys there are, and which one is in use
    Status(SideChoice),
}

/// `mainstay config …`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Config {
    /// Try the configuration without starting anything
    Check,
    /// Every setting with its source; secrets are masked
    Show,
}

/// `--side`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SideChoice {
    /// The side meant; all whose data is in the data directory unless given
    #[arg(long, value_enum)]
    pub(crate) side: Option<crate::side::Side>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
