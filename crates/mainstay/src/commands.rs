//! From a short command's arguments to a [`Request`], and to where it is carried out.

use crate::cli::{
    self, ApiKeys, Clients, Companies, Connections, Operators, Platform, PlatformClients, RoleAt, Tokens,
    Users,
};
use crate::failure::Failure;
use crate::input;
use crate::request::{
    ApiKeyCreation, CarriedSecret, ClientRegistration, ClientsRequest, PeopleRequest, Place, Request,
    TenancyRequest,
};

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
        Platform::Users(command) => Request::PlatformUsers(users(command)?),
        Platform::Companies(command) => Request::PlatformCompanies(companies(command)),
    }))
}

fn users(command: &Users) -> Result<PeopleRequest, Failure> {
    Ok(match command {
        Users::List(search) => PeopleRequest::List { text: search.text.clone() },
        Users::Disable(user) => PeopleRequest::Disable { email: user.email.clone() },
        Users::Enable(user) => PeopleRequest::Enable { email: user.email.clone() },
        Users::SetPassword(user) => {
            let password = CarriedSecret(input::secret(None, "password", "standard input")?);
            PeopleRequest::SetPassword { email: user.email.clone(), password }
        }
        Users::SetRole(new) => {
            let (email, place) = role_at(&new.place)?;
            PeopleRequest::SetRole { email, place, role: new.role.clone() }
        }
        Users::RemoveRole(at) => {
            let (email, place) = role_at(at)?;
            PeopleRequest::RemoveRole { email, place }
        }
    })
}

fn role_at(at: &RoleAt) -> Result<(String, Place), Failure> {
    let place = match (&at.company, &at.organisation) {
        (Some(company), None) => Place::Company(company.clone()),
        (None, Some(organisation)) => Place::Organisation(organisation.clone()),
        _ => {
            return Err(Failure::usage(
                "it is not said where",
                "a role is one in a company, or in each company of an organisation",
                "give either `--company` or `--organisation`",
            ));
        }
    };
    Ok((at.email.clone(), place))
}

fn companies(command: &Companies) -> TenancyRequest {
    match command {
        Companies::List(search) => TenancyRequest::List { text: search.text.clone() },
        Companies::Suspend(company) => TenancyRequest::Suspend { id: company.id.clone() },
        Companies::Resume(company) => TenancyRequest::Resume { id: company.id.clone() },
    }
}

fn platform_clients(command: &PlatformClients) -> Request {
    let id = |client: &cli::PlatformClient| client.client_id.clone();
    Request::PlatformClients(match command {
        PlatformClients::List { state } => ClientsRequest::List { state: state.clone() },
        PlatformClients::Show(client) => ClientsRequest::Show { client_id: id(client) },
        PlatformClients::Register(new) => ClientsRequest::Register(Box::new(registration(new))),
        PlatformClients::Approve(client) => ClientsRequest::Approve { client_id: id(client) },
        PlatformClients::Decline { client, reason } => {
            ClientsRequest::Decline { client_id: id(client), reason: reason.clone() }
        }
        PlatformClients::Suspend(client) => ClientsRequest::Suspend { client_id: id(client) },
        PlatformClients::RotateSecret { client, compromised } => {
            ClientsRequest::RotateSecret { client_id: id(client), compromised: *compromised }
        }
        PlatformClients::Remove(client) => ClientsRequest::Remove { client_id: id(client) },
        PlatformClients::Directory { client, out } => {
            ClientsRequest::Directory { client_id: id(client), listed: !out }
        }
        PlatformClients::FetchLogo(client) => ClientsRequest::FetchLogo { client_id: id(client) },
        PlatformClients::InitialAccessToken { pre_approved, uses, days, note } => {
            ClientsRequest::InitialAccessToken {
                pre_approved: *pre_approved,
                uses: *uses,
                days: *days,
                note: note.clone(),
            }
        }
        PlatformClients::InitialAccessTokens => ClientsRequest::InitialAccessTokens,
        PlatformClients::RevokeInitialAccessToken { id } => {
            ClientsRequest::RevokeInitialAccessToken { id: id.clone() }
        }
    })
}

fn registration(new: &cli::NewClient) -> ClientRegistration {
    let new = new.clone();
    ClientRegistration {
        name: new.name,
        redirect_uris: new.redirect_uris,
        scopes: new.scopes,
        public: new.public,
        approved: new.approved,
        subject_type: new.subject_type,
        pkce_optional: new.pkce_optional,
        setup_required: new.setup_required,
        integrated_api_keys: new.integrated_api_keys,
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
