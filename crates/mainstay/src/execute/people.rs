//! Short commands about the people and companies of the platform side.

use identity::Account;
use platform::{ActError, By, CompanyId, ListedCompany, Membership};
use serde_json::{Value, json};

use super::platform::act_failure;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::{PeopleRequest, TenancyRequest};
use crate::wiring::platform::PlatformSide;

/// How many rows a list shows.
const MOST: u32 = 1000;

/// Carries out a command about people.
pub(crate) async fn users(side: &PlatformSide, request: PeopleRequest) -> Result<Output, Failure> {
    let by = By::command_line();
    match request {
        PeopleRequest::List { text } => {
            let found = side.platform.find_people(&text.unwrap_or_default(), None, MOST).await;
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
    }
}

/// Carries out a command about companies.
pub(crate) async fn companies(side: &PlatformSide, request: TenancyRequest) -> Result<Output, Failure> {
    let by = By::command_line();
    let (id, suspend) = match request {
        TenancyRequest::List { text } => {
            let found = side.platform.find_companies(&text.unwrap_or_default(), None, MOST).await;
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
