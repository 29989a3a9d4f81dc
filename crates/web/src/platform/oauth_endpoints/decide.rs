use axum::extract::State;
use axum::response::Response;
use base::Scope;
use http::StatusCode;
use platform::Decision;
use serde::Deserialize;

use super::authorize::{consent_page, refused, see_other};
use crate::platform::PlatformState;
use crate::platform::person::{RequestOrigin, SignedInPerson};
use crate::shared::{Form, FormErrors, Pages, Problem, Surface as _};

/// The consent form. `request` is the query of the authorization request, which is checked all over again. `shown` is the scope that
/// the person has read: where none was asked for, what the client is registered for may have grown since.
#[derive(Debug, Deserialize)]
pub(super) struct ConsentForm {
    csrf: String,
    request: String,
    shown: Option<Scope>,
    decision: Option<Answer>,
    company: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Allow,
    Deny,
}

/// `POST /oauth/authorize`: the person's decision.
pub(super) async fn decide(
    State(state): State<PlatformState>,
    person: SignedInPerson,
    RequestOrigin(origin): RequestOrigin,
    Form(form, ..): Form<ConsentForm, Pages>,
) -> Response {
    if let Some(refusal) = person.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let server = state.platform.authorization_server();
    let request = match server.validate_authorization(&form.request).await {
        Ok(request) => request,
        Err(refusal) => return refused(refusal, &state),
    };
    let account = &person.session.account;
    match form.decision {
        None => Pages::refuse(Problem::bad_request("`decision` is `allow` or `deny`."), &state.site),
        Some(Answer::Deny) => {
            let location = server.deny(&request, &account.id.to_string(), &origin).await;
            see_other(&location, &state)
        }
        Some(Answer::Allow) => {
            if form.shown.as_ref() != Some(&request.scope) {
                let errors =
                    FormErrors::one("shown", "What it asks for has changed. Please read it once more.");
                return consent_page(&state, &person.session, &request, &form.request, errors).await;
            }
            let chosen = form.company.unwrap_or_default();
            match state.platform.consent(account, &request, &chosen, &origin).await {
                Ok(Decision::Granted(granted)) => see_other(granted.location.expose(), &state),
                Ok(Decision::NothingChosen) => {
                    let errors =
                        FormErrors::one("company", "Choose what the application may have access to.");
                    consent_page(&state, &person.session, &request, &form.request, errors).await
                }
                Ok(Decision::NotAllowed) => Pages::refuse(not_allowed(), &state.site),
                Err(refusal) => refused(refusal, &state),
            }
        }
    }
}

fn not_allowed() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "not-allowed", "You cannot give access to this company")
        .detail("Only an admin or bookkeeper of the company can. Nothing was shared.")
}
