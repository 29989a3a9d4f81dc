//! The short commands as values: the same whether they run in this process or travel to the server that holds the
//! database.

use base::Secret;
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
    RecoverStatus,
    /// `recover accept`.
    RecoverAccept,
    /// `platform seed`: the text of the file.
    PlatformSeed { text: CarriedSecret, file: String },
    /// `platform clients list`.
    PlatformClientsList,
    /// `platform clients show`.
    PlatformClientsShow { client_id: String },
    /// `platform clients register`.
    PlatformClientsRegister(Box<ClientRegistration>),
    /// `platform clients approve`.
    PlatformClientsApprove { client_id: String },
    /// `platform clients rotate-secret`.
    PlatformClientsRotateSecret { client_id: String, compromised: bool },
    /// `platform api-keys create`.
    ApiKeysCreate(Box<ApiKeyCreation>),
    /// `platform api-keys list`.
    ApiKeysList { company: Option<String> },
    /// `platform api-keys revoke`.
    ApiKeysRevoke { id: String },
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
                | Self::PlatformClientsRegister(_)
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
            | Self::TokensRevoke { .. }
            | Self::RecoverStatus
            | Self::RecoverAccept => Side::Connect,
            Self::PlatformSeed { .. }
            | Self::PlatformClientsList
            | Self::PlatformClientsShow { .. }
            | Self::PlatformClientsRegister(_)
            | Self::PlatformClientsApprove { .. }
            | Self::PlatformClientsRotateSecret { .. }
            | Self::ApiKeysCreate(_)
            | Self::ApiKeysList { .. }
            | Self::ApiKeysRevoke { .. } => Side::Platform,
        }
    }
}

/// `platform clients register`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClientRegistration {
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) public: bool,
    pub(crate) approved: bool,
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
