use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Companies, PlatformClients, ServerOptions, Users};

/// `mainstay platform …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Platform {
    /// Serve the platform side
    Serve(ServerOptions),
    /// Organisations, companies, users, clients and more from a TOML file; run twice, same result
    Seed {
        /// The file
        file: PathBuf,
    },
    /// OAuth clients of the platform
    #[command(subcommand)]
    Clients(PlatformClients),
    /// API keys of the platform
    #[command(subcommand)]
    ApiKeys(ApiKeys),
    /// People of the platform
    #[command(subcommand)]
    Users(Users),
    /// Companies of the platform
    #[command(subcommand)]
    Companies(Companies),
}

/// `mainstay platform api-keys …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeys {
    /// Make a key; it is shown once
    Create(NewApiKey),
    /// All keys, without their secrets
    List {
        /// Only those of this company
        #[arg(long, value_name = "ID")]
        company: Option<String>,
    },
    /// End a key
    Revoke {
        /// Its id
        id: String,
    },
}

/// An API key to make.
#[derive(Debug, Clone, Args)]
pub(crate) struct NewApiKey {
    /// The company it belongs to
    #[arg(long, value_name = "ID")]
    pub(crate) company: String,
    /// For the installation of this client (an integrated key)
    #[arg(long, value_name = "CLIENT_ID", required_unless_present = "name", conflicts_with = "name")]
    pub(crate) client: Option<String>,
    /// A name to know it by (a standalone key)
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What it may do; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// Its last moment, as a date or RFC 3339
    #[arg(long, value_name = "DATE")]
    pub(crate) expires: Option<String>,
    /// company, or organisation for all its companies
    #[arg(long, value_name = "LEVEL")]
    pub(crate) access: Option<String>,
}
