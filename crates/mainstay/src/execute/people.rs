//! Short commands about the people and companies of the platform side.

use identity::{Account, AccountSelection};
use platform::{ActError, By, CompanyId, CompanySelection, ListedCompany, Membership, Role, Subject};
use serde_json::{Value, json};

use super::platform::act_failure;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::{PeopleRequest, Place, TenancyRequest};
use crate::wiring::platform::PlatformSide;

/// How many rows a list shows.
const MOST: u32 = 1000;

/// Carries out a command about people.
pub(crate) async fn users(side: &PlatformSide, request: PeopleRequest) -> Result<Output, Failure> {
    let by = By::command_line();
    match request {
        PeopleRequest::List { text } => {
            let found =
                side.platform.find_people(&text.unwrap_or_default(), AccountSelection::All, None, MOST).await;
            let found = found.map_err(|error| Failure::database("the users cannot be listed", error))?;
            let mut rows = Vec::new();
            for account in found {
                let memberships = side.platform.memberships(account.id).await;
                let memberships =
                    memberships.map_err(|error| Failure::database("the users cannot be listed", error))?;
                rows.push(user_json(&account, &memberships));
            }
            Ok(Output::list(rows, &["email", "name", "state", "id", "created_at"]))
        }
        PeopleRequest::Disable { email } => {
            let ended = side.platform.disable_user(&by, &email).await;
            let ended = ended.map_err(|error| user_failure("the user was not disabled", &error))?;
            let data = json!({"email": email, "state": "disabled", "authorisations_ended": ended});
            let note = "They are signed out everywhere, and what they consented to has ended. API keys belong to the company and go on.";
            Ok(Output::of(data).with_note(note))
        }
        PeopleRequest::Enable { email } => {
            let enabled = side.platform.enable_user(&by, &email).await;
            enabled.map_err(|error| user_failure("the user was not enabled", &error))?;
            let data = json!({"email": email, "state": "active"});
            Ok(Output::of(data).with_note("What had ended stays ended: applications must ask again."))
        }
        PeopleRequest::SetPassword { email, password } => {
            let set = side.platform.set_password(&by, &email, &password.0).await;
            set.map_err(|error| user_failure("the password was not set", &error))?;
            let data = json!({"email": email, "password_changed": true, "sessions_ended": true});
            Ok(Output::of(data).with_note("They must sign in again. What they consented to goes on."))
        }
        PeopleRequest::SetRole { email, place, role } => {
            let role: Role = role.parse().map_err(|error| {
                Failure::usage("`--role` is not accepted", error, "give one of these three words")
            })?;
            let subject = subject(&place)?;
            let given = match account(side, &email).await {
                Ok(account) => side.platform.set_role(&by, &account, subject, role).await,
                Err(error) => Err(error),
            };
            given.map_err(|error| role_failure("the role was not given", &error))?;
            let data = json!({"email": email, "at": subject.to_string(), "role": role});
            Ok(Output::of(data).with_note("It counts from now on. What they consented to before goes on."))
        }
        PeopleRequest::RemoveRole { email, place } => {
            let subject = subject(&place)?;
            let removed = match account(side, &email).await {
                Ok(account) => side.platform.remove_role(&by, &account, subject).await,
                Err(error) => Err(error),
            };
            removed.map_err(|error| role_failure("the role was not taken away", &error))?;
            let data = json!({"email": email, "at": subject.to_string(), "role": null});
            Ok(Output::of(data).with_note("They can decide nothing there any more. What they consented to before belongs to the company and goes on."))
        }
    }
}

async fn account(side: &PlatformSide, email: &str) -> Result<Account, ActError> {
    let found = side.platform.identity().account_by_email(email).await?;
    found.ok_or_else(|| ActError::NotFound { what: format!("user {email}") })
}

fn subject(place: &Place) -> Result<Subject, Failure> {
    let wrong = |option: &str, error: &dyn std::fmt::Display| {
        let remedy = "`mainstay platform companies list --json` shows the ids of both";
        Failure::usage(format!("`{option}` is not accepted"), error, remedy)
    };
    match place {
        Place::Company(id) => id.parse().map(Subject::Company).map_err(|error| wrong("--company", &error)),
        Place::Organisation(id) => {
            id.parse().map(Subject::Organisation).map_err(|error| wrong("--organisation", &error))
        }
    }
}

fn role_failure(what: &str, error: &ActError) -> Failure {
    match error {
        ActError::NotFound { .. } => {
            let remedy = "`mainstay platform users list` shows who has which role where, `mainstay platform companies list --json` the ids";
            Failure::new(what, error, remedy)
        }
        other => act_failure(what, other),
    }
}

/// Carries out a command about companies.
pub(crate) async fn companies(side: &PlatformSide, request: TenancyRequest) -> Result<Output, Failure> {
    let by = By::command_line();
    let (id, suspend) = match request {
        TenancyRequest::List { text } => {
            let found = side
                .platform
                .find_companies(&text.unwrap_or_default(), CompanySelection::All, None, MOST)
                .await;
            let found = found.map_err(|error| Failure::database("the companies cannot be listed", error))?;
            let rows = found.iter().map(company_json).collect();
            return Ok(Output::list(rows, &["id", "name", "organisation", "country", "state"]));
        }
        TenancyRequest::Suspend { id } => (id, true),
        TenancyRequest::Resume { id } => (id, false),
    };
    let company: CompanyId = id.parse().map_err(|error| {
        Failure::usage(
            "this is no id of a company",
            error,
            "`mainstay platform companies list` shows the ids",
        )
    })?;
    let (done, what, state, note) = if suspend {
        let done = side.platform.suspend_company(&by, company).await;
        (
            done,
            "the company was not suspended",
            "suspended",
            "Its tokens and keys are refused everywhere until it is resumed. Nothing was ended.",
        )
    } else {
        let done = side.platform.resume_company(&by, company).await;
        (done, "the company was not resumed", "active", "What was not revoked meanwhile works again.")
    };
    done.map_err(|error| company_failure(what, &error))?;
    Ok(Output::of(json!({"id": id, "state": state})).with_note(note))
}

fn user_json(account: &Account, memberships: &[Membership]) -> Value {
    let roles: Vec<Value> = memberships
        .iter()
        .map(|membership| {
            json!({"company": membership.company.id, "name": membership.company.name, "role": membership.role})
        })
        .collect();
    json!({
        "id": account.id,
        "email": account.email.as_str(),
        "name": account.name,
        "state": if account.disabled_at.is_some() { "disabled" } else { "active" },
        "disabled_at": account.disabled_at,
        "roles": roles,
        "created_at": account.created_at,
    })
}

fn company_json(listed: &ListedCompany) -> Value {
    let company = &listed.company;
    json!({
        "id": company.id,
        "name": company.name,
        "organisation": listed.organisation_name,
        "organisation_id": company.organisation,
        "country": company.country,
        "registration_number": company.registration_number,
        "state": if company.is_suspended() { "suspended" } else { "active" },
        "suspended_at": company.suspended_at,
    })
}

fn user_failure(what: &str, error: &ActError) -> Failure {
    match error {
        ActError::NotFound { .. } => {
            Failure::new(what, error, "`mainstay platform users list` shows who there is")
        }
        other => act_failure(what, other),
    }
}

fn company_failure(what: &str, error: &ActError) -> Failure {
    match error {
        ActError::NotFound { .. } => {
            Failure::new(what, error, "`mainstay platform companies list` shows the ids")
        }
        other => act_failure(what, other),
    }
}
