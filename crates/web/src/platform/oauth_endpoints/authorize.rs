use askama::Template;
use authserver::{AuthorizationRefusal, PageReason, ValidatedRequest};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use identity::Session;
use oauth::authorization_request::known_part;
use platform::{Application, Company, ConsentChoice, Subject, SubjectType, explain_for};
use url::Url;

use super::render::respond;
use crate::platform::PlatformState;
use crate::platform::people::{Waiting, logo_of, sign_in_page};
use crate::platform::person::{MaybePerson, RequestOrigin};
use crate::platform::told_apart::{named_apart, told_apart};
use crate::shared::{FormErrors, FormTargets, Layout, Page, Pages, Problem, Surface as _};

/// `GET /oauth/authorize`: sign-in for whoever is not, then consent, or the client is told what is wrong. Nothing is stored here. Nobody
/// is sent anywhere before they have signed in: a link on this site that leads to another at once is one for phishing (RFC 9700 section 4.11.2).
pub(super) async fn show(
    State(state): State<PlatformState>,
    MaybePerson(session): MaybePerson,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let server = state.platform.authorization_server();
    // The query travels through our pages, so what is ignored in it is left behind.
    let carried = known_part(query);
    let next = format!("/oauth/authorize?{carried}");
    let request = match server.begin_authorization(query).await {
        Ok(request) => request,
        Err(AuthorizationRefusal::Redirect(location)) if session.is_none() => {
            let waiting = Waiting::redirect(&location);
            return sign_in_page(&state, &headers, &next, waiting, FormErrors::none(), "");
        }
        Err(refusal) => {
            server.tell_authorization_refused(query, &refusal, &origin).await;
            return refused(refusal, &state);
        }
    };
    let Some(session) = session else {
        let waiting = Waiting::request(&request);
        return sign_in_page(&state, &headers, &next, waiting, FormErrors::none(), "");
    };
    consent_page(&state, &session, &request, &carried, FormErrors::none()).await
}

/// Where the forms of a consent lead: the policy of the page must name the client's origin, or browsers stop at the redirect.
fn targets(request: &ValidatedRequest) -> FormTargets {
    Url::parse(request.redirect_uri.as_str())
        .map_or_else(|_| FormTargets::default(), |url| FormTargets::to(&url))
}

/// Why an authorization request goes no further: told to the person, or to the client by redirect.
pub(super) fn refused(refusal: AuthorizationRefusal, state: &PlatformState) -> Response {
    match refusal {
        AuthorizationRefusal::Page(reason) => page_of_reason(reason, state),
        AuthorizationRefusal::Redirect(location) => see_other(&location, state),
        AuthorizationRefusal::Unavailable(error) => Pages::refuse(Problem::from(error), &state.site),
        AuthorizationRefusal::Disturbed(fault) => respond(authserver::disturbed(fault)),
    }
}

/// 303, so that the browser forgets the form (RFC 9700 section 4.12).
pub(super) fn see_other(location: &str, state: &PlatformState) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response(),
        Err(error) => {
            tracing::error!(%error, "a redirect could not be written");
            Pages::refuse(Problem::internal(), &state.site)
        }
    }
}

/// The page that says why nothing may be redirected.
fn page_of_reason(reason: PageReason, state: &PlatformState) -> Response {
    let status = match reason {
        PageReason::ClientNotApproved | PageReason::ClientAwaitsReview => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    let text = reason.to_string();
    let mut letters = text.chars();
    let sentence: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let problem = Problem::new(status, "authorization-refused", "This link cannot be used")
        .detail(format!("{sentence}. Nothing was shared. Go back to the application you came from, and tell its makers if it happens again."));
    Pages::refuse(problem, &state.site)
}

#[derive(Debug, Template)]
#[template(path = "platform/consent.html")]
struct ConsentPage {
    layout: Layout,
    errors: FormErrors,
    csrf: String,
    request: String,
    shown: String,
    application: String,
    logo: String,
    home: Option<String>,
    returns_to: String,
    terms: Option<String>,
    privacy: Option<String>,
    for_organisation: bool,
    choices: Vec<Choice>,
    see: Vec<String>,
    change: Vec<String>,
    person: String,
    email: String,
    switch: String,
}

#[derive(Debug)]
struct Choice {
    id: String,
    name: String,
    detail: String,
    only: bool,
    /// The companies that an organisation stands for, told apart; empty for a company.
    companies: Vec<String>,
}

impl Choice {
    fn new(choice: ConsentChoice, only: bool) -> Self {
        let (reach, companies) = match choice.subject {
            Subject::Company(_) => (choice.companies.iter().map(told_apart).collect(), Vec::new()),
            Subject::Organisation(_) => {
                (all_of(&choice.companies), choice.companies.iter().map(named_apart).collect())
            }
        };
        let detail = if choice.connected { format!("{reach} · already connected") } else { reach };
        Self { id: choice.subject.id_text(), name: choice.name, detail, only, companies }
    }
}

/// How many companies an organisation stands for: "All of its 60 companies".
fn all_of(companies: &[Company]) -> String {
    match companies.len() {
        1 => "Its only company".to_owned(),
        number => format!("All of its {number} companies"),
    }
}

/// The consent screen.
pub(super) async fn consent_page(
    state: &PlatformState,
    session: &Session,
    request: &ValidatedRequest,
    query: &str,
    errors: FormErrors,
) -> Response {
    let choices = match state.platform.consent_choices(session.account.id, &request.client).await {
        Ok(choices) => choices,
        Err(error) => return Pages::refuse(Problem::from(error), &state.site),
    };
    let spec = &request.client.spec;
    let status = match (errors.is_empty(), choices.is_empty()) {
        (_, true) => StatusCode::FORBIDDEN,
        (false, _) => StatusCode::UNPROCESSABLE_ENTITY,
        (true, false) => StatusCode::OK,
    };
    let application = Application::from(&request.client);
    let explained = explain_for(&request.scope, application.subject_type);
    let logo = match state.platform.logo_paths([&application]).await {
        Ok(logos) => logo_of(&logos, &application, state),
        Err(error) => return Pages::refuse(Problem::from(error), &state.site),
    };
    let only = choices.len() == 1;
    let next = format!("/oauth/authorize?{query}");
    let page = ConsentPage {
        layout: Layout::new(&state.site, format!("Give {} access", spec.name)),
        errors,
        csrf: session.csrf.expose().clone(),
        request: query.to_owned(),
        shown: request.scope.to_string(),
        application: spec.name.clone(),
        logo,
        home: spec.presentation.client_uri.clone(),
        returns_to: request.redirect_uri.origin(),
        terms: spec.presentation.tos_uri.clone(),
        privacy: spec.presentation.policy_uri.clone(),
        for_organisation: application.subject_type == SubjectType::Organisation,
        choices: choices.into_iter().map(|choice| Choice::new(choice, only)).collect(),
        see: explained.see,
        change: explained.change,
        person: session.account.name.clone(),
        email: session.account.email.to_string(),
        switch: format!("/login?switch=yes&next={}", oauth::parameters::encode(&next)),
    };
    (status, Extension(targets(request)), Page(page)).into_response()
}
