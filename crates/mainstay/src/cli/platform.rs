use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServerOptions;

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
    Clients(Clients),
    /// API keys of the platform
    #[command(subcommand)]
    ApiKeys(ApiKeys),
}

/// `mainstay platform clients …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Clients {
    /// All clients
    List,
    /// One client
    Show(Client),
    /// Register a client; its secret is shown once
    Register(Box<NewClient>),
    /// Approve a client that waits for review
    Approve(Client),
    /// Make a new secret; it is shown once
    RotateSecret {
        #[command(flatten)]
        client: Client,
        /// The old secret is known to others: end it and what was granted with it now
        #[arg(long)]
        compromised: bool,
    },
}

/// Which client.
#[derive(Debug, Args)]
pub(crate) struct Client {
    /// The client id
    pub(crate) client_id: String,
}

/// A client to register.
#[derive(Debug, Clone, Args)]
pub(crate) struct NewClient {
    /// The name that people see when they consent; without Pleo's name in it
    #[arg(long)]
    pub(crate) name: String,
    /// Where people are sent back to; exact, https except on loopback; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI", required = true)]
    pub(crate) redirect_uris: Vec<String>,
    /// What it may ask for; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    pub(crate) scopes: Vec<String>,
    /// A client without a secret, such as an app on people's own devices
    #[arg(long)]
    pub(crate) public: bool,
    /// Approve it at once
    #[arg(long)]
    pub(crate) approved: bool,
    /// Where people start connecting
    #[arg(long, value_name = "URI")]
    pub(crate) initiation_uri: Option<String>,
    /// Where people manage the integration
    #[arg(long, value_name = "URI")]
    pub(crate) settings_uri: Option<String>,
    /// The integration's home page
    #[arg(long, value_name = "URI")]
    pub(crate) client_uri: Option<String>,
    /// A square picture
    #[arg(long, value_name = "URI")]
    pub(crate) logo_uri: Option<String>,
    /// Terms of service
    #[arg(long, value_name = "URI")]
    pub(crate) tos_uri: Option<String>,
    /// Privacy policy
    #[arg(long, value_name = "URI")]
    pub(crate) policy_uri: Option<String>,
    /// E-mail address of a person responsible; may be repeated
    #[arg(long = "contact", value_name = "EMAIL")]
    pub(crate) contacts: Vec<String>,
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
