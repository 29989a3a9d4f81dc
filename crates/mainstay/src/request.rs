//! The short commands as values: the same whether they run in this process or travel to the server that holds the
//! database.

use base::{Secret, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use crate::side::Side;

/// A secret on its way over the control socket, which only this user can open.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct CarriedSecret(pub(crate) Secret<String>);

impl Serialize for CarriedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

/// A short command, with everything it needs: files and standard input have been read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub(crate) enum Request {
    /// `connections list`.
    ConnectionsList { state: Option<String>, reference: Option<String> },
    /// `connections show`.
    ConnectionsShow { id: String },
    /// `connections link`.
    ConnectionsLink {
        accounting: String,
        country: Option<String>,
        reference: Option<String>,
        return_to: Option<String>,
    },
    /// `connections disconnect`.
    ConnectionsDisconnect { id: String },
    /// `clients set`.
    ClientsSet { provider: String, client_id: String, secret: CarriedSecret, environment: Option<String> },
    /// `operators add`.
    OperatorsAdd { email: String, password: CarriedSecret },
    /// `tokens create`.
    TokensCreate { role: String, name: Option<String> },
    /// `tokens list`.
    TokensList,
    /// `tokens revoke`.
    TokensRevoke { id: String },
    /// `recover status`.
    RecoverStatus { side: Side },
    /// `recover accept`.
    RecoverAccept { side: Side },
    /// `audit verify`.
    AuditVerify { side: Side },
    /// A page of `audit export`.
    AuditExport { side: Side, page: ExportPage },
    /// `platform seed`: the text of the file.
    PlatformSeed { text: CarriedSecret, file: String },
    /// `platform clients`.
    PlatformClients(ClientsRequest),
    /// `platform api-keys create`.
    ApiKeysCreate(Box<ApiKeyCreation>),
    /// `platform api-keys list`.
    ApiKeysList { company: Option<String> },
    /// `platform api-keys revoke`.
    ApiKeysRevoke { id: String },
    /// `generate authorisations`: so many of them, for a client that is made if it is not there.
    GenerateAuthorisations { client_id: String, client_secret: CarriedSecret, count: usize },
    /// `platform users`.
    PlatformUsers(PeopleRequest),
    /// `platform companies`.
    PlatformCompanies(TenancyRequest),
}

/// Which records of the audit log are wanted, and how many.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ExportPage {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) kind: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) limit: u32,
}

/// `platform users …`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub(crate) enum PeopleRequest {
    /// `list`.
    List { text: Option<String> },
    /// `disable`.
    Disable { email: String },
    /// `enable`.
    Enable { email: String },
    /// `set-password`.
    SetPassword { email: String, password: CarriedSecret },
    /// `set-role`.
    SetRole { email: String, place: Place, role: String },
    /// `remove-role`.
    RemoveRole { email: String, place: Place },
}

/// Where somebody has a role, by id.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    /// In a company.
    Company(String),
    /// In each company of an organisation.
    Organisation(String),
}

/// `platform companies …`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub(crate) enum TenancyRequest {
    /// `list`.
    List { text: Option<String> },
    /// `suspend`.
    Suspend { id: String },
    /// `resume`.
    Resume { id: String },
}

impl Request {
    /// Whether the command makes sense where there is no database yet. The others would only hide that the directory is the
    /// wrong one.
    pub(crate) const fn begins(&self) -> bool {
        matches!(
            self,
            Self::ClientsSet { .. }
                | Self::OperatorsAdd { .. }
                | Self::TokensCreate { .. }
                | Self::PlatformSeed { .. }
                | Self::PlatformClients(
                    ClientsRequest::Register(_) | ClientsRequest::InitialAccessToken { .. }
                )
                | Self::GenerateAuthorisations { .. }
        )
    }

    /// The side whose database this command is about.
    pub(crate) const fn side(&self) -> Side {
        match self {
            Self::ConnectionsList { .. }
            | Self::ConnectionsShow { .. }
            | Self::ConnectionsLink { .. }
            | Self::ConnectionsDisconnect { .. }
            | Self::ClientsSet { .. }
            | Self::OperatorsAdd { .. }
            | Self::TokensCreate { .. }
            | Self::TokensList
            | Self::TokensRevoke { .. } => Side::Connect,
            Self::RecoverStatus { side }
            | Self::RecoverAccept { side }
            | Self::AuditVerify { side }
            | Self::AuditExport { side, .. } => *side,
            Self::PlatformSeed { .. }
            | Self::PlatformClients(_)
            | Self::ApiKeysCreate(_)
            | Self::ApiKeysList { .. }
            | Self::ApiKeysRevoke { .. }
            | Self::GenerateAuthorisations { .. }
            | Self::PlatformUsers(_)
            | Self::PlatformCompanies(_) => Side::Platform,
        }
    }
}

/// `platform clients …`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub(crate) enum ClientsRequest {
    /// `list`.
    List { state: Option<String> },
    /// `show`.
    Show { client_id: String },
    /// `register`.
    Register(Box<ClientRegistration>),
    /// `approve`.
    Approve { client_id: String },
    /// `decline`.
    Decline { client_id: String, reason: String },
    /// `suspend`.
    Suspend { client_id: String },
    /// `rotate-secret`.
    RotateSecret { client_id: String, compromised: bool },
    /// `remove`.
    Remove { client_id: String },
    /// `directory`.
    Directory { client_id: String, listed: bool },
    /// `fetch-logo`.
    FetchLogo { client_id: String },
    /// `initial-access-token`.
    InitialAccessToken { pre_approved: bool, uses: u32, days: u32, note: String },
    /// `initial-access-tokens`.
    InitialAccessTokens,
    /// `revoke-initial-access-token`.
    RevokeInitialAccessToken { id: String },
}

/// `platform clients register`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "these are the switches of the command")]
pub(crate) struct ClientRegistration {
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) public: bool,
    pub(crate) approved: bool,
    pub(crate) subject_type: String,
    pub(crate) pkce_optional: bool,
    pub(crate) setup_required: bool,
    pub(crate) integrated_api_keys: bool,
    pub(crate) initiation_uri: Option<String>,
    pub(crate) settings_uri: Option<String>,
    pub(crate) client_uri: Option<String>,
    pub(crate) logo_uri: Option<String>,
    pub(crate) tos_uri: Option<String>,
    pub(crate) policy_uri: Option<String>,
    pub(crate) contacts: Vec<String>,
}

/// `platform api-keys create`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ApiKeyCreation {
    pub(crate) company: String,
    pub(crate) client: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires: Option<String>,
    pub(crate) access: Option<String>,
}
