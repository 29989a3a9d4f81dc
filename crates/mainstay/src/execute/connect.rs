//! Short commands of the connect side.

use ::connect::{
    ApiToken, ApiTokenId, ConnectionFilter, ConnectionId, DisconnectError, Link, LinkError, LinkRequest,
    ReauthoriseError, Role, SetClientError, StateKind,
};
use audit::{Actor, AuditEvent};
use identity::{AccountError, Created, NewAccount};
use serde_json::{Value, json};

use super::records;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::wiring::connect::ConnectSide;

/// How many connections a list shows; the pages and the API have cursors.
const MOST: u32 = 1000;

/// Carries out a command of this side.
pub(crate) async fn execute(side: &ConnectSide, request: Request) -> Result<Output, Failure> {
    let act = act(&request);
    let output = carry_out(side, request).await?;
    if let Some(event) = act {
        let subject = output.data["id"].as_str().map(str::to_owned).or_else(|| event.subject.clone());
        side.records.ledger.done(AuditEvent { subject, ..event }).await;
    }
    Ok(output)
}

/// What is put on record of a command; nothing of one that only looks.
fn act(request: &Request) -> Option<AuditEvent> {
    let event = |kind| AuditEvent::new(kind, Actor::CommandLine);
    Some(match request {
        Request::ConnectionsLink { accounting, .. } => {
            event("connect_session.created").with("accounting", accounting)
        }
        Request::ConnectionsDisconnect { id } => event("connection.disconnected").subject(id),
        Request::ClientsSet { provider, client_id, .. } => {
            event("provider_client.set").client(client_id).with("provider", provider)
        }
        Request::OperatorsAdd { .. } => event("operator.added"),
        Request::TokensCreate { role, .. } => event("api_token.created").with("role", role),
        Request::TokensRevoke { id } => event("api_token.revoked").subject(id),
        Request::RecoverAccept { .. } => event("restored_backup.accepted"),
        _ => return None,
    })
}

async fn carry_out(side: &ConnectSide, request: Request) -> Result<Output, Failure> {
    match request {
        Request::ConnectionsList { state, reference } => list(side, state, reference).await,
        Request::ConnectionsShow { id } => show(side, &id).await,
        Request::ConnectionsLink { accounting, country, reference, return_to } => {
            let request = LinkRequest {
                accounting: Some(accounting),
                country,
                reference,
                return_to,
                ..LinkRequest::default()
            };
            link(side, request).await
        }
        Request::ConnectionsDisconnect { id } => disconnect(side, &id).await,
        Request::ClientsSet { provider, client_id, secret, environment } => {
            let client =
                side.connect.set_client(&provider, environment.as_deref(), &client_id, Some(&secret.0)).await;
            let client = client.map_err(|error| client_not_set(&provider, &error))?;
            let data = json!({
                "provider": client.provider,
                "environment": client.environment,
                "client_id": client.client_id,
                "redirect_uri": format!("{}/callback/{provider}", side.connect.settings().public_url.as_str().trim_end_matches('/')),
            });
            Ok(Output::of(data)
                .with_note("Register the redirect URI at the provider exactly as it stands here."))
        }
        Request::OperatorsAdd { email, password } => add_operator(side, email, password.0).await,
        Request::TokensCreate { role, name } => create_token(side, &role, name).await,
        Request::TokensList => {
            let tokens = side
                .connect
                .api_tokens()
                .await
                .map_err(|error| Failure::database("the tokens cannot be listed", error))?;
            Ok(Output::list(
                tokens.iter().map(token_json).collect(),
                &["id", "name", "role", "created_at", "revoked_at"],
            ))
        }
        Request::TokensRevoke { id } => revoke_token(side, &id).await,
        Request::RecoverStatus { .. } => recover_status(side).await,
        Request::RecoverAccept { .. } => recover_accept(side).await,
        Request::AuditVerify { side: named } => records::verify(named, &side.opened, &side.records).await,
        Request::AuditExport { page, .. } => records::export(&side.opened, page).await,
        other => Err(Failure::new(
            "the connect side was given a command of the platform side",
            format!("{:?} is about the {} side", std::mem::discriminant(&other), other.side().as_str()),
            "this is a defect of mainstay; please report it",
        )),
    }
}

async fn list(
    side: &ConnectSide,
    state: Option<String>,
    reference: Option<String>,
) -> Result<Output, Failure> {
    let state = state.map(|state| state.parse::<StateKind>()).transpose().map_err(|error| {
        Failure::usage("`--state` is not accepted", error, "leave it out to see all connections")
    })?;
    let filter = ConnectionFilter { state, reference, limit: MOST, ..ConnectionFilter::default() };
    let found = side.connect.connections(&filter).await;
    let mut found = found.map_err(|error| Failure::database("the connections cannot be listed", error))?;
    // What needs a person comes first, as on the pages.
    found.sort_by_key(|found| match found.connection.state() {
        StateKind::Attention => 0,
        StateKind::Degraded => 1,
        StateKind::Pending => 2,
        StateKind::Active => 3,
        StateKind::Disconnected => 4,
    });
    let rows = found.iter().map(web::connect::connection_json).collect();
    Ok(Output::list(
        rows,
        &[
            "id",
            "state",
            "platform.company.name",
            "accounting.provider",
            "accounting.company.name",
            "reference",
            "reason.sentence",
        ],
    ))
}

fn connection_id(id: &str) -> Result<ConnectionId, Failure> {
    id.parse().map_err(|error| {
        Failure::usage("this is no id of a connection", error, "`mainstay connections list` shows the ids")
    })
}

fn no_connection(id: &str) -> Failure {
    Failure::new(
        format!("there is no connection {id}"),
        "the database holds none of this id",
        "`mainstay connections list` shows the ids",
    )
}

async fn show(side: &ConnectSide, id: &str) -> Result<Output, Failure> {
    let found = side.connect.connection(connection_id(id)?).await;
    let found = found
        .map_err(|error| Failure::database("the connection cannot be shown", error))?
        .ok_or_else(|| no_connection(id))?;
    Ok(Output::of(web::connect::connection_json(&found)))
}

async fn link(side: &ConnectSide, request: LinkRequest) -> Result<Output, Failure> {
    let Link { id, url, expires_at, .. } = side.connect.create_link(request).await.map_err(|error| {
        let remedy = match &error {
            LinkError::NoProvider(_) => "`mainstay providers list` shows the accounting systems".to_owned(),
            LinkError::NoClient(provider) => {
                format!("set it with `mainstay clients set {provider} --client-id ID`")
            }
            LinkError::ReturnTo => "add its origin to `return_to_allow` in the configuration".to_owned(),
            LinkError::Connection(ReauthoriseError::Store(_)) | LinkError::Store(_) => {
                "see that the database runs and can be reached, then give the command again".to_owned()
            }
            _ => "correct the command; `mainstay connections link --help` shows how".to_owned(),
        };
        Failure::new("no link was made", error, remedy)
    })?;
    Ok(Output::of(json!({"id": id, "url": url.expose(), "expires_at": expires_at}))
        .with_note("Give this address to the person who is to connect; it works once."))
}

async fn disconnect(side: &ConnectSide, id: &str) -> Result<Output, Failure> {
    let done = side.connect.disconnect(connection_id(id)?).await.map_err(|error| match error {
        DisconnectError::NoConnection => no_connection(id),
        error => Failure::database("the connection was not disconnected", error),
    })?;
    Ok(Output::of(web::connect::disconnected_json(&done)))
}

fn client_not_set(provider: &str, error: &SetClientError) -> Failure {
    let remedy = match error {
        SetClientError::NoProvider(_) => "`mainstay providers list` shows the providers".to_owned(),
        SetClientError::OtherEnvironment { .. } => {
            format!("set `environment` under [providers.{provider}] in the configuration")
        }
        SetClientError::Form => "copy both as the provider shows them".to_owned(),
        SetClientError::Store(_) => {
            "see that the database runs and can be reached, then give the command again".to_owned()
        }
    };
    Failure::new(format!("the client of {provider} was not set"), error, remedy)
}

async fn add_operator(
    side: &ConnectSide,
    email: String,
    password: base::Secret<String>,
) -> Result<Output, Failure> {
    let new = NewAccount { email, name: String::new(), password: Some(password) };
    let created = side.identity.create_account(new).await.map_err(|error| {
        let remedy = match error {
            AccountError::Email(_) => "give an address such as `anna@example.com`",
            AccountError::PasswordTooShort { .. } | AccountError::PasswordTooLong => {
                "choose another password"
            }
            _ => "give the command again in a moment",
        };
        Failure::new("the operator was not added", error, remedy)
    })?;
    match created {
        Created::New(account) => {
            Ok(Output::of(json!({"id": account.id, "email": account.email.to_string()})))
        }
        Created::Existing(account) => Err(Failure::new(
            format!("{} is an operator already", account.email),
            "an operator is added once; the password was left as it is",
            "sign in with the present password",
        )),
    }
}

fn token_json(token: &ApiToken) -> Value {
    json!({"id": token.id, "name": token.name, "role": token.role, "created_at": token.created_at, "revoked_at": token.revoked_at})
}

async fn create_token(side: &ConnectSide, role: &str, name: Option<String>) -> Result<Output, Failure> {
    let role: Role = role.parse().map_err(|error| {
        Failure::usage(
            "`--role` is not accepted",
            error,
            "choose the least that suffices: `proxy` lets no token leave",
        )
    })?;
    let name = name.unwrap_or_else(|| role.as_str().to_owned());
    let made = side.connect.create_api_token(&name, role).await;
    let made = made.map_err(|error| Failure::database("the token was not made", error))?;
    Ok(Output::of(
        json!({"id": made.token.id, "name": made.token.name, "role": role, "token": made.text.expose()}),
    )
    .with_note("The token is shown this once."))
}

async fn revoke_token(side: &ConnectSide, id: &str) -> Result<Output, Failure> {
    let remedy = "`mainstay tokens list` shows the ids";
    let token: ApiTokenId =
        id.parse().map_err(|error| Failure::usage("this is no id of a token", error, remedy))?;
    let revoked = side.connect.revoke_api_token(token).await;
    if revoked.map_err(|error| Failure::database("the token was not revoked", error))? {
        Ok(Output::of(json!({"id": id, "revoked": true})))
    } else {
        Err(Failure::new(
            format!("no token {id} was revoked"),
            "there is none of this id, or it was revoked before",
            remedy,
        ))
    }
}

async fn recover_status(side: &ConnectSide) -> Result<Output, Failure> {
    let count = side.authority.in_doubt().await;
    let count = count.map_err(|error| Failure::database("it cannot be told what is in doubt", error))?;
    let note = if count == 0 {
        "No credential is in doubt."
    } else {
        "The database looked restored from a backup. Providers that can be asked are asked before the next refresh; the \
         other credentials wait. If this is the right database, go on with `mainstay recover accept`."
    };
    Ok(Output::of(json!({"in_doubt": count})).with_note(note))
}

async fn recover_accept(side: &ConnectSide) -> Result<Output, Failure> {
    let count = side.authority.accept_restored().await;
    let count = count.map_err(|error| Failure::database("the credentials cannot be accepted", error))?;
    let log = side.records.chain.accept().await;
    log.map_err(|error| Failure::database("the audit log cannot be accepted", error))?;
    let note = "They are used as they are. One that had been spent since the backup is refused at its next refresh, and a \
                person is asked to sign in again.";
    Ok(Output::of(json!({"accepted": count})).with_note(note))
}
