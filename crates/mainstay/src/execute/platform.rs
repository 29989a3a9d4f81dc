//! Short commands of the platform side.

use authserver::ClientId;
use base::{Scope, Timestamp};
use platform::{
    ActError, ApiKey, ApiKeyId, ApiKeyOrigin, By, CompanyId, NewStandaloneKey, Seed, Subject, SubjectType,
};
use serde_json::{Value, json};

use super::{clients, generate, people, records, restored};
use crate::failure::Failure;
use crate::output::Output;
use crate::request::{ApiKeyCreation, Request};
use crate::wiring::platform::PlatformSide;

/// Carries out a command of this side.
pub(crate) async fn execute(side: &PlatformSide, request: Request) -> Result<Output, Failure> {
    match request {
        Request::PlatformSeed { text, file } => seed(side, text.0.expose(), &file).await,
        Request::PlatformClients(request) => clients::execute(side, request).await,
        Request::RecoverStatus { .. } => restored::status(side).await,
        Request::RecoverAccept { .. } => restored::accept(side).await,
        Request::AuditVerify { side: named } => records::verify(named, &side.opened, &side.records).await,
        Request::AuditExport { page, .. } => records::export(&side.opened, page).await,
        Request::PlatformUsers(request) => people::users(side, request).await,
        Request::PlatformCompanies(request) => people::companies(side, request).await,
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
        Request::GenerateAuthorisations { client_id, client_secret, count } => {
            generate::authorisations(side, &client_id, client_secret.0, count).await
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
        "client_secrets_left_alone": seeded.secrets_left_alone,
    })))
}

pub(super) fn act_failure(what: &str, error: &ActError) -> Failure {
    let remedy = match error {
        ActError::NotAllowed => "see which company and client are meant",
        ActError::NotFound { .. } => "see that the id is right and that the platform has been seeded",
        ActError::Invalid { .. } => "correct the command",
        ActError::Account(_) | ActError::Client(_) => "correct what is said above and give the command again",
        ActError::Store(_) => "see that the database runs and can be reached, then give the command again",
    };
    Failure::new(what, error, remedy)
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
}
