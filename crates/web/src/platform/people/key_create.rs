use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::{Scope, Timestamp};
use platform::{ActError, CompanyId, NewStandaloneKey, SubjectType};
use serde::Deserialize;

use super::api_keys::{Filled, keys_page};
use super::install::KeyPage;
use super::refuse;
use crate::platform::PlatformState;
use crate::platform::client_form::told;
use crate::platform::person::SignedInPerson;
use crate::shared::{Form, Page, Pages, Problem, Surface as _};

/// The form for a new standalone key.
#[derive(Debug, Deserialize)]
pub(super) struct KeyForm {
    csrf: String,
    company: Option<String>,
    name: Option<String>,
    /// A day, which is the last one; or a moment in RFC 3339.
    expires_at: Option<String>,
    access_level: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
}

/// `POST /settings/api-keys`: makes a key and shows it, this once.
pub(super) async fn create(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Form(form, ..): Form<KeyForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let Some(Ok(company)) = form.company.as_deref().map(str::parse::<CompanyId>) else {
        return Pages::refuse(Problem::unprocessable("Choose the company."), &state.site);
    };
    // The scopes come as one box each, or as one text with spaces.
    let scopes: Vec<String> =
        form.scopes.iter().flat_map(|text| text.split(' ')).map(ToOwned::to_owned).collect();
    let filled = Filled {
        company: form.company,
        name: form.name.unwrap_or_default(),
        expires_at: form.expires_at.unwrap_or_default(),
        organisation: form.access_level.as_deref() == Some("organisation"),
        scopes,
    };
    let made = match read(&filled, form.access_level.as_deref(), company) {
        Ok(new) => state.platform.create_standalone_key(&person.session.account, &person.by, new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(created) => Page(KeyPage {
            layout: person.layout(&state, "Your new API key", "/settings/api-keys"),
            lead: format!("“{}” can be used from now on.", filled.name.trim()),
            key: created.text,
            paste: None,
            back: format!("/settings/api-keys?company={company}"),
        })
        .into_response(),
        Err(error) => match told(&error) {
            Some(errors) => keys_page(&state, &person, errors, filled, false).await,
            None => refuse(error, &state),
        },
    }
}

fn read(filled: &Filled, access: Option<&str>, company: CompanyId) -> Result<NewStandaloneKey, ActError> {
    let invalid = |field, message: &str| ActError::Invalid { field, message: message.to_owned() };
    let access = match access {
        None => SubjectType::Company,
        Some(word) => word
            .parse()
            .map_err(|_| invalid("access_level", "the access level is company or organisation"))?,
    };
    let tokens = filled.scopes.iter().map(String::as_str).filter(|scope| !scope.is_empty());
    let scope =
        Scope::from_tokens(tokens).map_err(|_| invalid("scopes", "choose permissions from the list"))?;
    let expires_at = expiry(&filled.expires_at)?;
    Ok(NewStandaloneKey { company, name: filled.name.clone(), expires_at, access, scope })
}

/// From when on the key is refused. A day is meant to its end; none at all means never.
fn expiry(text: &str) -> Result<Option<Timestamp>, ActError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(Some(moment));
    }
    let day = format!("{text}T00:00:00Z").parse::<Timestamp>().map_err(|_| ActError::Invalid {
        field: "expires_at",
        message: "give a day as YYYY-MM-DD".to_owned(),
    })?;
    Ok(Some(day + Duration::from_hours(24)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_to_its_end() {
        assert_eq!(expiry("2026-03-01").unwrap().unwrap().to_string(), "2026-03-02T00:00:00.000Z");
        assert_eq!(expiry("2026-03-01T10:00:00Z").unwrap().unwrap().to_string(), "2026-03-01T10:00:00.000Z");
        assert_eq!(expiry(" ").unwrap(), None);
        assert!(expiry("tomorrow").is_err());
        assert!(expiry("2026-02-30").is_err());
    }
}
