use clap::{Args, Subcommand};

/// `mainstay platform clients …`.
#[derive(Debug, Subcommand)]
pub(crate) enum PlatformClients {
    /// All clients
    List {
        /// Only those in this state, such as `awaiting_review`
        #[arg(long)]
        state: Option<String>,
    },
    /// One client, with its review and its logo
    Show(Client),
    /// Register a client; its secret is shown once
    Register(Box<NewClient>),
    /// Approve a client that waits for review, or let one go on that was stopped
    Approve(Client),
    /// Decline a client, with a reason that its developer reads
    Decline {
        #[command(flatten)]
        client: Client,
        /// Why, in a sentence or two
        #[arg(long)]
        reason: String,
    },
    /// Stop a client: its tokens are refused until it is approved again
    Suspend(Client),
    /// Make a new secret; it is shown once
    RotateSecret {
        #[command(flatten)]
        client: Client,
        /// The old secret is known to others: end it and what was granted with it now
        #[arg(long)]
        compromised: bool,
    },
    /// Remove a client: all its codes, tokens and keys are dead
    Remove(Client),
    /// Put an approved client into the directory of integrations, or take it out
    Directory {
        #[command(flatten)]
        client: Client,
        /// Take it out
        #[arg(long)]
        out: bool,
    },
    /// Fetch the logo of a client anew
    FetchLogo(Client),
    /// Make a token with which a program registers clients; it is shown once
    InitialAccessToken {
        /// Clients registered with it need no first review; changes of them do
        #[arg(long)]
        pre_approved: bool,
        /// How many clients it registers
        #[arg(long, default_value_t = 1)]
        uses: u32,
        /// How many days it works
        #[arg(long, default_value_t = 7)]
        days: u32,
        /// What it is for
        #[arg(long, default_value = "")]
        note: String,
    },
    /// The initial access tokens, without their texts
    InitialAccessTokens,
    /// Withdraw an initial access token; clients registered with it stay
    RevokeInitialAccessToken {
        /// Its id
        id: String,
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
#[expect(clippy::struct_excessive_bools, reason = "these are the switches of the command")]
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
    /// What is chosen at consent: company or organisation
    #[arg(long, value_name = "TYPE", default_value = "company")]
    pub(crate) subject_type: String,
    /// It may go without PKCE; an exemption for confidential clients
    #[arg(long)]
    pub(crate) pkce_optional: bool,
    /// Its installations wait until it activates them
    #[arg(long)]
    pub(crate) setup_required: bool,
    /// Installing it makes an integrated API key
    #[arg(long)]
    pub(crate) integrated_api_keys: bool,
    /// Where people start connecting
    #[arg(long, value_name = "URI")]
    pub(crate) initiation_uri: Option<String>,
    /// Where people manage the integration
    #[arg(long, value_name = "URI")]
    pub(crate) settings_uri: Option<String>,
    /// The integration's home page
    #[arg(long, value_name = "URI")]
    pub(crate) client_uri: Option<String>,
    /// A square PNG, JPEG, WebP or GIF of at most 256 KiB
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
