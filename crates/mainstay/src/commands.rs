//! From a short command's arguments to a [`Request`], and to where it is carried out.

use crate::cli::{
    self, ApiKeys, Clients, Connections, Operators, Platform, PlatformClients, Recover, Tokens,
};
use crate::failure::Failure;
use crate::input;
use crate::request::{ApiKeyCreation, CarriedSecret, ClientRegistration, Request};

pub(crate) fn connections(command: &Connections) -> Request {
    match command {
        Connections::List { state, reference } => {
            Request::ConnectionsList { state: state.clone(), reference: reference.clone() }
        }
        Connections::Show { id } => Request::ConnectionsShow { id: id.clone() },
        Connections::Link { accounting, country, reference, return_to } => Request::ConnectionsLink {
            accounting: accounting.clone(),
            country: country.clone(),
            reference: reference.clone(),
            return_to: return_to.clone(),
        },
        Connections::Disconnect { id } => Request::ConnectionsDisconnect { id: id.clone() },
    }
}

pub(crate) fn clients(command: &Clients) -> Result<Request, Failure> {
    let Clients::Set { provider, client_id, secret_file, environment } = command;
    let secret = input::secret(secret_file.as_deref(), "client secret", "--secret-file")?;
    Ok(Request::ClientsSet {
        provider: provider.clone(),
        client_id: client_id.clone(),
        secret: CarriedSecret(secret),
        environment: environment.clone(),
    })
}

pub(crate) fn operators(command: &Operators) -> Result<Request, Failure> {
    let Operators::Add { email } = command;
    let password = input::secret(None, "password", "standard input")?;
    Ok(Request::OperatorsAdd { email: email.clone(), password: CarriedSecret(password) })
}

pub(crate) fn tokens(command: &Tokens) -> Request {
    match command {
        Tokens::Create { role, name } => Request::TokensCreate { role: role.clone(), name: name.clone() },
        Tokens::List => Request::TokensList,
        Tokens::Revoke { id } => Request::TokensRevoke { id: id.clone() },
    }
}

/// Nothing for `platform serve`, which is no short command.
pub(crate) fn platform(command: &Platform) -> Result<Option<Request>, Failure> {
    Ok(Some(match command {
        Platform::Serve(_) => return Ok(None),
        Platform::Seed { file } => Request::PlatformSeed {
            text: CarriedSecret(input::file(file)?.into()),
            file: file.display().to_string(),
        },
        Platform::Clients(command) => platform_clients(command),
        Platform::ApiKeys(command) => api_keys(command),
    }))
}

fn platform_clients(command: &PlatformClients) -> Request {
    match command {
        PlatformClients::List => Request::PlatformClientsList,
        PlatformClients::Show(client) => Request::PlatformClientsShow { client_id: client.client_id.clone() },
        PlatformClients::Register(new) => Request::PlatformClientsRegister(Box::new(registration(new))),
        PlatformClients::Approve(client) => {
            Request::PlatformClientsApprove { client_id: client.client_id.clone() }
        }
        PlatformClients::RotateSecret { client, compromised } => Request::PlatformClientsRotateSecret {
            client_id: client.client_id.clone(),
            compromised: *compromised,
        },
    }
}

fn registration(new: &cli::NewClient) -> ClientRegistration {
    let new = new.clone();
    ClientRegistration {
        name: new.name,
        redirect_uris: new.redirect_uris,
        scopes: new.scopes,
        public: new.public,
        approved: new.approved,
        initiation_uri: new.initiation_uri,
        settings_uri: new.settings_uri,
        client_uri: new.client_uri,
        logo_uri: new.logo_uri,
        tos_uri: new.tos_uri,
        policy_uri: new.policy_uri,
        contacts: new.contacts,
    }
}

fn api_keys(command: &ApiKeys) -> Request {
    match command {
        ApiKeys::Create(new) => {
            let new = new.clone();
            Request::ApiKeysCreate(Box::new(ApiKeyCreation {
                company: new.company,
                client: new.client,
                name: new.name,
                scopes: new.scopes,
                expires: new.expires,
                access: new.access,
            }))
        }
        ApiKeys::List { company } => Request::ApiKeysList { company: company.clone() },
        ApiKeys::Revoke { id } => Request::ApiKeysRevoke { id: id.clone() },
    }
}

/// `mainstay recover …`.
pub(crate) const fn recover(command: Recover) -> Request {
    match command {
        Recover::Status => Request::RecoverStatus,
        Recover::Accept => Request::RecoverAccept,
    }
}
