//! Short commands of the platform side.

use std::collections::BTreeMap;
use std::time::Duration;

use audit::{Actor, Origin};
use authserver::{Client, ClientError, ClientId, ClientSpec, ClientState, Presentation};
use base::{Scope, Timestamp};
use oauth::RedirectUri;
use platform::{
    ActError, ApiKey, ApiKeyId, ApiKeyOrigin, By, CompanyId, NewStandaloneKey, Seed, Subject, SubjectType,
};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::request::{ApiKeyCreation, ClientRegistration, Request};
use crate::wiring::platform::PlatformSide;

/// How many clients a list shows.
const MOST: u32 = 1000;

/// How long an earlier secret goes on working after an ordinary rotation.
const OVERLAP: Duration = Duration::from_hours(24);

/// Carries out a command of this side.
pub(crate) async fn execute(side: &PlatformSide, request: Request) -> Result<Output, Failure> {
    match request {
        Request::PlatformSeed { text, file } => seed(side, text.0.expose(), &file).await,
        Request::PlatformClientsList => {
            let clients = side.server.clients(None, MOST).await;
            let clients =
                clients.map_err(|error| Failure::database("the clients cannot be listed", error))?;
            let rows = clients.iter().map(client_json).collect();
            Ok(Output::list(rows, &["client_id", "name", "state", "public", "scopes", "created_at"]))
        }
        Request::PlatformClientsShow { client_id } => {
            Ok(Output::of(client_json(&client(side, &client_id).await?)))
        }
        Request::PlatformClientsRegister(new) => register(side, *new).await,
        Request::PlatformClientsApprove { client_id } => {
            let id = ClientId::new(client_id.as_str());
            let origin = Origin::default();
            let approved =
                side.server.set_client_state(&id, ClientState::Approved, Actor::CommandLine, &origin).await;
            approved.map_err(|error| client_failure("the client was not approved", &error))?;
            Ok(Output::of(client_json(&client(side, &client_id).await?)))
        }
        Request::PlatformClientsRotateSecret { client_id, compromised } => {
            let (id, overlap) =
                (ClientId::new(client_id.as_str()), if compromised { Duration::ZERO } else { OVERLAP });
            let rotated = side
                .server
                .rotate_client_secret(&id, compromised, overlap, Actor::CommandLine, &Origin::default())
                .await;
            let secret = rotated.map_err(|error| client_failure("the secret was not rotated", &error))?;
            let note = if compromised {
                "The secret is shown this once. The earlier one is refused from now on, and what was granted with it has ended."
            } else {
                "The secret is shown this once. The earlier one works for another 24 hours."
            };
            Ok(Output::of(json!({"client_id": client_id, "client_secret": secret.expose()})).with_note(note))
        }
        Request::ApiKeysCreate(new) => create_key(side, *new).await,
        Request::ApiKeysList { company } => list_keys(side, company).await,
        Request::ApiKeysRevoke { id } => {
            let key: ApiKeyId = id.parse().map_err(|error| {
                Failure::usage(
                    "this is no id of an API key",
                    error,
                    "`mainstay platform api-keys list` shows the ids",
                )
            })?;
            let revoked = side.platform.revoke_api_key_unattended(&By::command_line(), key).await;
            revoked.map_err(|error| act_failure("the API key was not revoked", &error))?;
            Ok(Output::of(json!({"id": id, "revoked": true})))
        }
        other => Err(Failure::new(
            "the platform side was given a command of the connect side",
            format!("{:?} is about the {} side", std::mem::discriminant(&other), other.side().as_str()),
            "this is a defect of mainstay; please report it",
        )),
    }
}

async fn seed(side: &PlatformSide, text: &str, file: &str) -> Result<Output, Failure> {
    let seed = Seed::parse(text).map_err(|error| {
        Failure::new(
            format!("the seed file {file} cannot be used; nothing was written"),
            error,
            "correct the line and give the command again",
        )
    })?;
    let seeded = side.platform.seed(seed, &By::command_line()).await;
    let seeded = seeded.map_err(|error| {
        act_failure("the seed file was not taken in whole; a further run finishes it", &error)
    })?;
    let counts = seeded.counts;
    let keys: Vec<Value> = seeded
        .api_keys
        .iter()
        .map(|key| json!({"id": key.id, "label": key.label, "key": key.key.expose()}))
        .collect();
    let secrets: Vec<Value> = seeded
        .client_secrets
        .iter()
        .map(|secret| json!({"client_id": secret.client_id, "client_secret": secret.client_secret.expose()}))
        .collect();
    Ok(Output::of(json!({
        "organisations": counts.organisations,
        "companies": counts.companies,
        "users": counts.users,
        "clients": counts.clients,
        "expenses": counts.expenses,
        "api_keys": keys,
        "client_secrets": secrets,
    })))
}

async fn client(side: &PlatformSide, client_id: &str) -> Result<Client, Failure> {
    let found = side.server.client(&ClientId::new(client_id)).await;
    found.map_err(|error| Failure::database("the client cannot be shown", error))?.ok_or_else(|| {
        Failure::new(
            format!("there is no client {client_id}"),
            "the database holds none of this id",
            "`mainstay platform clients list` shows the ids",
        )
    })
}

fn client_json(client: &Client) -> Value {
    let ClientSpec { client_id, name, redirect_uris, scope, public, presentation, .. } = &client.spec;
    json!({
        "client_id": client_id,
        "name": name,
        "state": client.state.as_str(),
        "public": public,
        "redirect_uris": redirect_uris,
        "scopes": scope.iter().collect::<Vec<_>>(),
        "pkce": client.spec.pkce,
        "auth_methods": client.spec.auth_methods,
        "subject_type": client.spec.subject_type,
        "rotation": client.spec.rotation,
        "access_token_seconds": client.spec.access_token_lifetime.as_secs(),
        "refresh_idle_seconds": client.spec.refresh_idle.as_secs(),
        "refresh_absolute_seconds": client.spec.refresh_absolute.map(|life| life.as_secs()),
        "attributes": client.spec.attributes,
        "presentation": presentation,
        "created_at": client.created_at,
    })
}

fn client_failure(what: &str, error: &ClientError) -> Failure {
    let remedy = match error {
        ClientError::Unknown(_) => "`mainstay platform clients list` shows the ids",
        ClientError::Contradiction { .. } => "correct the command",
        ClientError::Unavailable(_) => {
            "see that the database runs and can be reached, then give the command again"
        }
    };
    Failure::new(what, error, remedy)
}

fn act_failure(what: &str, error: &ActError) -> Failure {
    let remedy = match error {
        ActError::NotAllowed => "see which company and client are meant",
        ActError::NotFound { .. } => "see that the id is right and that the platform has been seeded",
        ActError::Invalid { .. } => "correct the command",
        ActError::Account(_) | ActError::Client(_) => "correct what is said above and give the command again",
        ActError::Store(_) => "see that the database runs and can be reached, then give the command again",
    };
    Failure::new(what, error, remedy)
}

/// A client's name is its own brand (facts 3).
fn check_name(name: &str) -> Result<(), Failure> {
    if name.trim().is_empty() || name.to_lowercase().contains("pleo") {
        return Err(Failure::usage(
            "the name of the client is not accepted",
            "people see it when they consent; it is the integration's own brand, not empty and without Pleo's name in it",
            "choose a name such as `Example Books` with `--name`",
        ));
    }
    Ok(())
}

async fn register(side: &PlatformSide, new: ClientRegistration) -> Result<Output, Failure> {
    check_name(&new.name)?;
    let id = base::new_uuid(&*side.opened.clock, &*side.opened.entropy).to_string();
    let wrong = |option: &str, why: &dyn std::fmt::Display| {
        Failure::usage(
            format!("`{option}` is not accepted"),
            why,
            "`mainstay platform clients register --help` shows how",
        )
    };
    let base = if new.public {
        ClientSpec::public(&*id, &*new.name)
    } else {
        ClientSpec::confidential(&*id, &*new.name)
    };
    let redirect_uris =
        new.redirect_uris.iter().map(|uri| RedirectUri::register(uri)).collect::<Result<Vec<_>, _>>();
    let scope = Scope::from_tokens(new.scopes.iter().flat_map(|scopes| scopes.split(' ')));
    let scope = scope.map_err(|error| wrong("--scope", &error))?;
    if let Some(unknown) = scope.iter().find(|scope| platform::describe(scope).is_none()) {
        return Err(wrong("--scope", &format!("there is no permission {unknown}")));
    }
    let spec = ClientSpec {
        redirect_uris: redirect_uris.map_err(|error| wrong("--redirect-uri", &error))?,
        scope,
        subject_type: Some(SubjectType::default().as_str().to_owned()),
        presentation: Presentation {
            client_uri: new.client_uri,
            logo_uri: new.logo_uri,
            tos_uri: new.tos_uri,
            policy_uri: new.policy_uri,
            initiation_uri: new.initiation_uri,
            settings_uri: new.settings_uri,
            contacts: new.contacts,
        },
        attributes: BTreeMap::new(),
        ..base
    };
    let state = if new.approved { ClientState::Approved } else { ClientState::AwaitingReview };
    let registered = side.server.register_client(spec, state, Actor::CommandLine, &Origin::default()).await;
    let secret = registered.map_err(|error| client_failure("the client was not registered", &error))?;
    let data = json!({
        "client_id": id,
        "client_secret": secret.as_ref().map(base::Secret::expose),
        "name": new.name,
        "state": state.as_str(),
    });
    Ok(Output::of(data).with_note(if secret.is_some() {
        "The secret is shown this once."
    } else {
        "A public client has no secret."
    }))
}

fn key_json(key: &ApiKey) -> Value {
    let (name, client_id) = match &key.origin {
        ApiKeyOrigin::Standalone { name } => (Some(name), None),
        ApiKeyOrigin::Integrated { client_id } => (None, Some(client_id)),
    };
    json!({
        "id": key.id,
        "name": name,
        "client_id": client_id,
        "subject": key.subject.to_string(),
        "scopes": key.scope.iter().collect::<Vec<_>>(),
        "last_four": key.last_four,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    })
}

fn company_id(id: &str) -> Result<CompanyId, Failure> {
    id.parse().map_err(|error| {
        Failure::usage("`--company` is not accepted", error, "give the company's id, a UUID")
    })
}

async fn create_key(side: &PlatformSide, new: ApiKeyCreation) -> Result<Output, Failure> {
    let by = By::command_line();
    let company = company_id(&new.company)?;
    let created = if let Some(client) = &new.client {
        if !new.scopes.is_empty() || new.expires.is_some() || new.access.is_some() {
            return Err(Failure::usage(
                "`--scope`, `--expires` and `--access` are for standalone keys",
                "an integrated key has the permissions of its client, and no end of its own",
                "leave them out, or make a standalone key with `--name`",
            ));
        }
        side.platform
            .create_integrated_key_unattended(&by, &ClientId::new(client.as_str()), company, None)
            .await
    } else {
        let wrong = |option: &str, why: &dyn std::fmt::Display| {
            Failure::usage(
                format!("`{option}` is not accepted"),
                why,
                "`mainstay platform api-keys create --help` shows how",
            )
        };
        let scope = Scope::from_tokens(new.scopes.iter().flat_map(|scopes| scopes.split(' ')));
        let access = new.access.as_deref().map(str::parse::<SubjectType>).transpose();
        let standalone = NewStandaloneKey {
            company,
            name: new.name.unwrap_or_default(),
            expires_at: new
                .expires
                .as_deref()
                .map(moment)
                .transpose()
                .map_err(|why| wrong("--expires", &why))?,
            access: access
                .map_err(|_| wrong("--access", &"it is neither `company` nor `organisation`"))?
                .unwrap_or_default(),
            scope: scope.map_err(|error| wrong("--scope", &error))?,
        };
        side.platform.create_standalone_key_unattended(&by, standalone, None).await
    };
    let created = created.map_err(|error| act_failure("the API key was not made", &error))?;
    let mut data = key_json(&created.key);
    data["key"] = json!(created.text.expose());
    Ok(Output::of(data).with_note("The key is shown this once."))
}

/// A day, meant to its end, or a moment in RFC 3339.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = format!("{text}T23:59:59Z");
    text.parse()
        .or_else(|_| day.parse())
        .map_err(|_| "it is neither a day such as `2027-01-31` nor a moment in RFC 3339".to_owned())
}

async fn list_keys(side: &PlatformSide, company: Option<String>) -> Result<Output, Failure> {
    let company = company.as_deref().map(company_id).transpose()?;
    let keys = side
        .platform
        .api_keys()
        .await
        .map_err(|error| act_failure("the API keys cannot be listed", &error))?;
    let rows = keys
        .iter()
        .filter(|key| company.is_none_or(|company| key.subject == Subject::Company(company)))
        .map(key_json)
        .collect();
    Ok(Output::list(
        rows,
        &["id", "name", "client_id", "subject", "last_four", "created_at", "expires_at", "revoked_at"],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_to_its_end() {
        assert_eq!(moment("2027-01-31").unwrap().to_string(), "2027-01-31T23:59:59.000Z");
        assert_eq!(moment("2027-01-31T08:00:00Z").unwrap().to_string(), "2027-01-31T08:00:00.000Z");
        assert!(moment("tomorrow").is_err());
    }

    #[test]
    fn a_name_is_the_integrations_own() {
        check_name("Example Books").unwrap();
        for name in ["", "Example for Pleo", "PLEO sync"] {
            assert!(check_name(name).unwrap_err().usage, "{name}");
        }
    }
}
