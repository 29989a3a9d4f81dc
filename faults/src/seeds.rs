//! Who plays in a row: one company at Pleo, one at each accounting system, one person, one client.

use std::fmt::Write as _;

/// A secret or a password. The row's data is gone when the row is over.
pub(crate) const SECRET: &str = "a-secret-of-a-row-that-lives-a-minute";
/// The token of the sandbox switches.
pub(crate) const SANDBOX_TOKEN: &str = "the-switches-of-a-row-that-lives-a-minute";
/// The integration's client, at Pleo and everywhere.
pub(crate) const CLIENT: &str = "9d2c7a10-3b57-4a8e-8a55-6f0f1c2d3001";
/// The person, at Pleo and everywhere.
pub(crate) const EMAIL: &str = "alma@lovecreme.example";
/// The company at Pleo.
pub(crate) const COMPANY: &str = "5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a3001";

/// A provider of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Strict rotation, and a question that consumes nothing.
    Pleo,
    /// The old refresh token works for 30 minutes more.
    Xero,
    /// Strict rotation, and nobody to ask.
    Fortnox,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pleo, Self::Xero, Self::Fortnox];

    /// As the table shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pleo => "Pleo",
            Self::Xero => "Xero",
            Self::Fortnox => "Fortnox",
        }
    }

    /// As the catalogue and the stand-ins call it.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Pleo => "pleo",
            Self::Xero => "xero",
            Self::Fortnox => "fortnox",
        }
    }

    /// The end of the connection that it is.
    pub(crate) const fn end(self) -> &'static str {
        match self {
            Self::Pleo => "platform",
            Self::Xero | Self::Fortnox => "accounting",
        }
    }

    /// A path of its API that a call can be tried on.
    pub(crate) const fn probe(self) -> &'static str {
        match self {
            Self::Pleo => "v1/introspect",
            Self::Xero => "connections",
            Self::Fortnox => "companyinformation",
        }
    }

    /// The company of the row.
    pub(crate) const fn company(self) -> &'static str {
        match self {
            Self::Pleo => COMPANY,
            Self::Xero => "0b7a5f3e-2c1d-4e8f-9a6b-7c8d9e0f5001",
            Self::Fortnox => "530001",
        }
    }

    /// Who is at the other end when this one is struck.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Pleo => Self::Fortnox,
            Self::Xero | Self::Fortnox => Self::Pleo,
        }
    }
}

/// Where the clients of [`platform_clients`] are sent back to. Nobody listens there.
pub(crate) const PLATFORM_CALLBACK: &str = "https://books.example/callback";

/// The seed file of a trial of Pleo's side alone: the same company and person, who is the operator too, and a client of each policy.
pub(crate) fn platform_clients() -> String {
    let mut seed = company_and_person("platform_admin = true\n");
    for (id, rotation) in [("strict", "strict"), ("window", "retry-window")] {
        write!(
            seed,
            "[[clients]]\nclient_id = \"{id}\"\nclient_secret = \"{SECRET}\"\nname = \"Client {id}\"\n\
             redirect_uris = [\"{PLATFORM_CALLBACK}\"]\nscopes = [\"companies:read\"]\napproved = true\nrotation = \"{rotation}\"\n"
        )
        .expect("a String takes everything");
    }
    seed
}

/// `more` is what else there is to say of the person.
fn company_and_person(more: &str) -> String {
    format!(
        "[[organisations]]\nid = \"5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a3000\"\nname = \"Love Crème Group\"\n\
         [[companies]]\nid = \"{COMPANY}\"\nname = \"Love Crème BV\"\norganisation = \"5f1e4e0c-61a4-4f0e-9c1e-0d6b8f3a3000\"\n\
         country = \"NL\"\nregistration_number = \"34567890\"\n\
         [[users]]\nemail = \"{EMAIL}\"\nname = \"Alma Jansen\"\npassword = \"{SECRET}\"\n\
         roles = [{{ company = \"{COMPANY}\", role = \"admin\" }}]\n{more}"
    )
}

/// The seed file of Pleo's side.
pub(crate) fn platform(callback: &str, access_token_seconds: u64) -> String {
    format!(
        "{}\
         [[clients]]\nclient_id = \"{CLIENT}\"\nclient_secret = \"{SECRET}\"\nname = \"Ledgerline\"\nredirect_uris = [\"{callback}/pleo\"]\n\
         scopes = [\"companies:read\", \"export-jobs:read\", \"export-jobs:write\", \"export-items:read\"]\napproved = true\n\
         access_token_seconds = {access_token_seconds}\n",
        company_and_person("")
    )
}

/// The seed file of the stand-ins.
pub(crate) fn stand_ins(callback: &str, access_token_seconds: impl Fn(Provider) -> u64) -> String {
    let mut seed = String::new();
    for provider in [Provider::Xero, Provider::Fortnox] {
        let (id, company, seconds) = (provider.id(), provider.company(), access_token_seconds(provider));
        write!(
            seed,
            "[[{id}.companies]]\nid = \"{company}\"\nname = \"Love Crème {id}\"\ncountry = \"NL\"\nregistration_number = \"34567890\"\n\
             [[{id}.users]]\nemail = \"{EMAIL}\"\npassword = \"{SECRET}\"\nname = \"Alma Jansen\"\ncompanies = [\"{company}\"]\n\
             [[{id}.clients]]\nclient_id = \"{CLIENT}\"\nclient_secret = \"{SECRET}\"\nname = \"Ledgerline\"\n\
             redirect_uris = [\"{callback}/{id}\"]\naccess_token_seconds = {seconds}\n"
        )
        .expect("a String takes everything");
    }
    seed
}

/// The configuration of the connect side.
pub(crate) fn connect(public_url: &str, platform: &str, sandbox: &str) -> String {
    let mut text = format!(
        "environment = \"staging\"\nsandbox = true\nsandbox_token = \"{SANDBOX_TOKEN}\"\nrate_limits = \"off\"\n\
         public_url = \"{public_url}\"\noutbound_allow = [\"127.0.0.0/8\"]\n\
         [providers.pleo]\nenvironment = \"staging\"\nbase_url = \"{platform}\"\n"
    );
    for provider in [Provider::Xero, Provider::Fortnox] {
        let id = provider.id();
        write!(text, "[providers.{id}]\nbase_url = \"{sandbox}/{id}\"\n").expect("a String takes everything");
    }
    text
}
