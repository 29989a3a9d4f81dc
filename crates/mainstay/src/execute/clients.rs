//! Short commands about the OAuth clients of the platform side.

use authserver::{
    Client, ClientError, ClientId, ClientMetadata, ClientProblems, ClientState, InitialAccessToken,
    NewInitialAccessToken, PkceRule, Presentation,
};
use platform::{ActError, By, ClientDetails, LogoState, NewApplication};
use serde_json::{Value, json};

use super::platform::act_failure;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::{ClientRegistration, ClientsRequest};
use crate::wiring::platform::PlatformSide;

/// How many clients are read at once.
const PAGE: u32 = 500;

/// Carries out a command about clients.
pub(super) async fn execute(side: &PlatformSide, request: ClientsRequest) -> Result<Output, Failure> {
    let by = By::command_line();
    let platform = &side.platform;
    match request {
        ClientsRequest::List { state } => list(side, state.as_deref()).await,
        ClientsRequest::Show { client_id } => {
            let found = platform.client_details(&ClientId::new(client_id)).await;
            Ok(Output::of(details_json(
                &found.map_err(|error| failure("the client cannot be shown", &error))?,
            )))
        }
        ClientsRequest::Register(new) => register(side, &by, *new).await,
        ClientsRequest::Approve { client_id } => {
            let approved = platform.approve_client(&by, &ClientId::new(client_id), None).await;
            let details = approved.map_err(|error| failure("the client was not approved", &error))?;
            let output = Output::of(details_json(&details));
            Ok(match &details.logo {
                LogoState::Missing(why) => output.with_note(format!("Its logo is not shown: {why}.")),
                LogoState::None | LogoState::Here(_) => output,
            })
        }
        ClientsRequest::Decline { client_id, reason } => {
            let declined = platform.decline_client(&by, &ClientId::new(client_id), None, &reason).await;
            let details = declined.map_err(|error| failure("the client was not declined", &error))?;
            Ok(Output::of(details_json(&details))
                .with_note("Nothing of it works until it is changed and approved."))
        }
        ClientsRequest::Suspend { client_id } => {
            let id = ClientId::new(client_id);
            let suspended = platform.suspend_client(&by, &id).await;
            suspended.map_err(|error| failure("the client was not suspended", &error))?;
            Ok(Output::of(json!({"client_id": id, "state": ClientState::Suspended.as_str()}))
                .with_note("Its tokens are refused from now on, and work again once it is approved."))
        }
        ClientsRequest::RotateSecret { client_id, compromised } => {
            let rotated = platform.rotate_client_secret(&by, &ClientId::new(&*client_id), compromised).await;
            let secret = rotated.map_err(|error| failure("the secret was not rotated", &error))?;
            let note = if compromised {
                "The secret is shown this once. The earlier one is refused from now on, and what was granted with it has ended."
            } else {
                "The secret is shown this once. The earlier one works for another 24 hours."
            };
            Ok(Output::of(json!({"client_id": client_id, "client_secret": secret.expose()})).with_note(note))
        }
        ClientsRequest::Remove { client_id } => {
            let removed = platform.remove_client(&by, &ClientId::new(&*client_id)).await;
            removed.map_err(|error| failure("the client was not removed", &error))?;
            Ok(Output::of(json!({"client_id": client_id, "state": ClientState::Removed.as_str()}))
                .with_note("Its codes, tokens and keys are dead, and its id is unknown from now on."))
        }
        ClientsRequest::Directory { client_id, listed } => {
            let changed = platform.set_in_directory(&by, &ClientId::new(client_id), listed).await;
            let details = changed.map_err(|error| failure("the directory was not changed", &error))?;
            Ok(Output::of(details_json(&details)))
        }
        ClientsRequest::FetchLogo { client_id } => {
            let id = ClientId::new(client_id);
            let state = platform.fetch_logo_again(&id).await;
            let state = state.map_err(|error| failure("the logo was not fetched", &error))?;
            Ok(Output::of(json!({"client_id": id, "logo": logo_json(&state)})))
        }
        ClientsRequest::InitialAccessToken { pre_approved, uses, days, note } => {
            let new = NewInitialAccessToken { note, pre_approved, uses, days };
            let made = platform.create_initial_access_token(&by, new).await;
            let (token, text) = made.map_err(|error| failure("the token was not made", &error))?;
            let mut data = token_json(&token);
            data["token"] = json!(text.expose());
            Ok(Output::of(data).with_note("The token is shown this once."))
        }
        ClientsRequest::InitialAccessTokens => {
            let tokens = platform.initial_access_tokens().await;
            let tokens = tokens.map_err(|error| failure("the tokens cannot be listed", &error))?;
            let rows = tokens.iter().map(token_json).collect();
            Ok(Output::list(rows, &["id", "note", "pre_approved", "uses_left", "expires_at", "revoked_at"]))
        }
        ClientsRequest::RevokeInitialAccessToken { id } => {
            let token = id.parse().map_err(|error| {
                Failure::usage(
                    "this is no id of an initial access token",
                    error,
                    "`mainstay platform clients initial-access-tokens` shows the ids",
                )
            })?;
            let revoked = platform.revoke_initial_access_token(&by, token).await;
            revoked.map_err(|error| failure("the token was not withdrawn", &error))?;
            Ok(Output::of(json!({"id": id, "revoked": true})))
        }
    }
}

async fn list(side: &PlatformSide, state: Option<&str>) -> Result<Output, Failure> {
    let wanted = state.map(|word| {
        ClientState::from_text(word).ok_or_else(|| {
            Failure::usage(
                "`--state` is not accepted",
                "there is no such state of a client",
                "it is approved, awaiting_review, change_awaiting_review, declined, suspended or removed",
            )
        })
    });
    let wanted = wanted.transpose()?;
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = side.server.clients(after.as_ref(), PAGE).await;
        let page = page.map_err(|error| Failure::database("the clients cannot be listed", error))?;
        let Some(last) = page.last() else { break };
        after = Some(last.id().clone());
        let of_state = page.iter().filter(|client| wanted.is_none_or(|state| client.state == state));
        rows.extend(of_state.map(client_json));
    }
    Ok(Output::list(rows, &["client_id", "name", "state", "public", "scopes", "created_at"]))
}

async fn register(side: &PlatformSide, by: &By, new: ClientRegistration) -> Result<Output, Failure> {
    let metadata = ClientMetadata {
        name: new.name,
        redirect_uris: new.redirect_uris,
        scopes: new
            .scopes
            .iter()
            .flat_map(|scopes| scopes.split_whitespace())
            .map(ToOwned::to_owned)
            .collect(),
        public: new.public,
        pkce: if new.pkce_optional { PkceRule::Optional } else { PkceRule::Required },
        auth_methods: [].into(),
        subject_type: Some(new.subject_type),
        presentation: Presentation {
            client_uri: new.client_uri,
            logo_uri: new.logo_uri,
            tos_uri: new.tos_uri,
            policy_uri: new.policy_uri,
            initiation_uri: new.initiation_uri,
            settings_uri: new.settings_uri,
            contacts: new.contacts,
        },
    };
    let application = NewApplication {
        metadata,
        owner: None,
        approved: new.approved,
        setup_required: new.setup_required,
        integrated_api_keys: new.integrated_api_keys,
    };
    let registered = side.platform.register_client(by, application).await;
    let registered = registered.map_err(|error| failure("the client was not registered", &error))?;
    let secret = registered.client_secret.as_ref().map(base::Secret::expose);
    let data = json!({
        "client_id": registered.client.id(),
        "client_secret": secret,
        "name": registered.client.spec.name,
        "state": registered.client.state.as_str(),
    });
    let of_secret =
        if secret.is_some() { "The secret is shown this once." } else { "A public client has no secret." };
    let of_review = if new.approved {
        String::new()
    } else {
        format!(
            " It can ask nobody for access before `mainstay platform clients approve {}`.",
            registered.client.id()
        )
    };
    Ok(Output::of(data).with_note(format!("{of_secret}{of_review}")))
}

fn client_json(client: &Client) -> Value {
    let spec = &client.spec;
    json!({
        "client_id": spec.client_id,
        "name": spec.name,
        "state": client.state.as_str(),
        "public": spec.public,
        "redirect_uris": spec.redirect_uris,
        "scopes": spec.scope.iter().collect::<Vec<_>>(),
        "pkce": spec.pkce,
        "auth_methods": spec.auth_methods,
        "subject_type": spec.subject_type,
        "rotation": spec.rotation,
        "access_token_seconds": spec.access_token_lifetime.as_secs(),
        "refresh_idle_seconds": spec.refresh_idle.as_secs(),
        "refresh_absolute_seconds": spec.refresh_absolute.map(|life| life.as_secs()),
        "attributes": spec.attributes,
        "presentation": spec.presentation,
        "secrets": client
            .secrets
            .iter()
            .map(|secret| json!({"id": secret.id, "created_at": secret.created_at, "expires_at": secret.expires_at}))
            .collect::<Vec<_>>(),
        "created_at": client.created_at,
    })
}

fn details_json(details: &ClientDetails) -> Value {
    let registration = &details.registration;
    let mut data = client_json(&details.client);
    data["registration"] = json!({
        "owner": registration.owner,
        "registered_by": registration.registered_by,
        "pre_approved": registration.pre_approved,
        "revision": registration.revision,
        "changed_at": registration.changed_at,
    });
    data["review"] = registration.review.as_ref().map_or(Value::Null, |review| {
        json!({"approved": review.approved, "reason": review.reason, "by": review.by, "at": review.at})
    });
    data["logo"] = logo_json(&details.logo);
    data["look_at"] = json!(details.hints);
    data["in_directory"] = json!(details.in_directory);
    data
}

fn logo_json(state: &LogoState) -> Value {
    match state {
        LogoState::None => Value::Null,
        LogoState::Here(at) => json!({"fetched_at": at, "failure": null}),
        LogoState::Missing(why) => json!({"fetched_at": null, "failure": why}),
    }
}

fn token_json(token: &InitialAccessToken) -> Value {
    json!({
        "id": token.id,
        "note": token.note,
        "pre_approved": token.pre_approved,
        "uses_left": token.uses_left,
        "created_by": token.created_by,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    })
}

fn failure(what: &str, error: &ActError) -> Failure {
    match error {
        ActError::Client(ClientError::Rejected(problems)) => rejected(what, problems),
        ActError::Client(ClientError::Unknown(_)) | ActError::NotFound { .. } => {
            Failure::new(what, error, "`mainstay platform clients list` shows the ids")
        }
        ActError::Client(ClientError::Changed(_)) => Failure::new(
            what,
            error,
            "look at it with `mainstay platform clients show`, then give the command again",
        ),
        ActError::Client(ClientError::Unavailable(_)) => Failure::database(what, error),
        ActError::Invalid { field, message } => Failure::usage(
            what,
            format!("{}: {message}", option(field)),
            "correct the option and give the command again",
        ),
        other => act_failure(what, other),
    }
}

fn rejected(what: &str, problems: &ClientProblems) -> Failure {
    let reasons = problems.iter().map(|problem| format!("{}: {}", option(problem.field), problem.why));
    Failure::usage(
        what,
        reasons.collect::<Vec<_>>().join("\n       "),
        "correct the options and give the command again; `--help` shows how",
    )
}

/// The option of a field.
fn option(field: &str) -> String {
    let name = match field {
        "redirect_uris" => "redirect-uri",
        "scopes" => "scope",
        "contacts" => "contact",
        "pkce" => "pkce-optional",
        other => return format!("`--{}`", other.replace('_', "-")),
    };
    format!("`--{name}`")
}
