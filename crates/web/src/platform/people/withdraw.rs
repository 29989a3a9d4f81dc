use authserver::ClientId;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::{CompanyId, OrganisationId, Subject};
use serde::Deserialize;

use super::refuse;
use crate::platform::PlatformState;
use crate::platform::person::SignedInPerson;
use crate::shared::{Form, Pages, Problem, Surface as _};

/// The form that takes access away. `company` is the id of what the access is to: an organisation's where it is to that.
#[derive(Debug, Deserialize)]
pub(super) struct WithdrawForm {
    csrf: String,
    client_id: String,
    company: String,
}

/// `POST /settings/apps`
pub(super) async fn withdraw(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    Form(form, ..): Form<WithdrawForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let (Ok(company), Ok(organisation)) =
        (form.company.parse::<CompanyId>(), form.company.parse::<OrganisationId>())
    else {
        return Pages::refuse(Problem::not_found(), &state.site);
    };
    let account = &person.session.account;
    let client_id = ClientId::new(form.client_id);
    let known = match state.platform.connected_apps(account.id).await {
        Ok(apps) => apps,
        Err(error) => return refuse(error, &state),
    };
    let of_organisation = known.iter().any(|app| {
        app.subject == Subject::Organisation(organisation) && app.application.client_id == client_id.as_str()
    });
    let subject =
        if of_organisation { Subject::Organisation(organisation) } else { Subject::Company(company) };
    match state.platform.withdraw(account, &person.by, &client_id, subject).await {
        Ok(()) => {
            Redirect::to(&format!("{}/settings/apps?withdrawn=yes", state.site.base_path())).into_response()
        }
        Err(error) => refuse(error, &state),
    }
}
