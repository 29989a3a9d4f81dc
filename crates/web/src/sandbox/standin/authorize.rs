use std::marker::PhantomData;
use std::sync::Arc;

use askama::Template;
use audit::Origin;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode, Uri};
use identity::Session;
use sandbox::{AskError, Asked, Company, Decided, DecisionError, Reach, Standin};
use serde::Deserialize;
use url::Url;

use super::session::{resume, sentence, sign_in_page, signed_in, stale_form};
use super::{layout, prefix};
use crate::shared::{
    ClientAddress, Form, FormErrors, FormTargets, Layout, Page, Pages, Problem, Site, Surface as _,
    country_name, current_request,
};

/// Why nobody is asked, as a page or as a redirect that tells the client.
pub(super) fn refuse(site: &Site, error: AskError) -> Response {
    match error {
        AskError::Page(reason) => {
            let problem = Problem::new(
                StatusCode::BAD_REQUEST,
                "request-not-accepted",
                "This request cannot be carried out",
            );
            Pages::refuse(problem.detail(sentence(&reason)), site)
        }
        AskError::Redirect(location) => Redirect::to(&location).into_response(),
        AskError::Store(error) => Pages::refuse(error.into(), site),
    }
}

pub(super) async fn authorize(
    State(standin): State<Arc<Standin>>,
    Extension(site): Extension<Arc<Site>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let request = uri.query().unwrap_or_default();
    let asked = match standin.ask(request).await {
        Ok(asked) => asked,
        Err(error) => return refuse(&site, error),
    };
    match signed_in(&site, &standin, &headers).await {
        Ok(Some(session)) => consent_page(&site, &standin, &asked, request, &session, None).await,
        Ok(None) => sign_in_page(&site, &standin, &headers, &asked, request, None),
        Err(problem) => Pages::refuse(problem, &site),
    }
}

/// A company as the page shows it.
struct Shown {
    id: String,
    name: String,
    detail: String,
}

impl From<Company> for Shown {
    fn from(company: Company) -> Self {
        let detail = match company.registration_number {
            Some(number) => format!("{} · {number}", country_name(&company.country)),
            None => country_name(&company.country).to_owned(),
        };
        Self { id: company.id, name: company.name, detail }
    }
}

#[derive(Template)]
#[template(path = "sandbox/consent.html")]
struct ConsentPage {
    layout: Layout,
    prefix: String,
    system: &'static str,
    word: &'static str,
    client: String,
    person: String,
    /// Whether one company is picked.
    picks: bool,
    companies: Vec<Shown>,
    scopes: Vec<String>,
    request: String,
    csrf: String,
    errors: FormErrors,
}

async fn consent_page(
    site: &Site,
    standin: &Standin,
    asked: &Asked,
    request: &str,
    session: &Session,
    errors: Option<FormErrors>,
) -> Response {
    let companies = match standin.companies_of(session.account.id).await {
        Ok(companies) => companies,
        Err(error) => return Pages::refuse(error.into(), site),
    };
    let system = standin.system();
    let status = if errors.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ConsentPage {
        layout: layout(site, standin, format!("Let {} in?", asked.client_name())),
        prefix: prefix(site, standin),
        system: system.name,
        word: system.company_word,
        client: asked.client_name().to_owned(),
        person: session.account.email.to_string(),
        picks: system.reach == Reach::One,
        companies: companies.into_iter().map(Shown::from).collect(),
        scopes: asked.scopes().into_iter().map(ToOwned::to_owned).collect(),
        request: request.to_owned(),
        csrf: session.csrf.expose().clone(),
        errors: errors.unwrap_or_default(),
    };
    // The answer to this form leads to the client's own site, which a browser must be allowed to follow.
    let targets = asked
        .redirect_uri()
        .and_then(|uri| Url::parse(uri).ok())
        .map(|url| FormTargets::to(&url))
        .unwrap_or_default();
    (status, Extension(targets), Page(page)).into_response()
}

#[derive(Deserialize)]
pub(super) struct Consent {
    csrf: String,
    request: String,
    company: Option<String>,
    decision: Decision,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Decision {
    Allow,
    Deny,
}

pub(super) async fn consent(
    State(standin): State<Arc<Standin>>,
    Extension(site): Extension<Arc<Site>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Form(form, PhantomData): Form<Consent, Pages>,
) -> Response {
    let session = match signed_in(&site, &standin, &headers).await {
        Ok(Some(session)) => session,
        Ok(None) => return resume(&site, &standin, &form.request).into_response(),
        Err(problem) => return Pages::refuse(problem, &site),
    };
    if !session.csrf_matches(&form.csrf) {
        return Pages::refuse(stale_form(), &site);
    }
    let origin =
        Origin { source: Some(address.to_string()), request_id: current_request().map(|id| id.to_string()) };
    let allow = matches!(form.decision, Decision::Allow);
    let decided =
        standin.decide(&form.request, session.account.id, form.company.as_deref(), allow, &origin).await;
    match decided {
        Ok(Decided::Redirect(location)) => Redirect::to(location.expose()).into_response(),
        Ok(Decided::Token(token)) => token_page(&site, &standin, &form.request, token.expose()).await,
        Ok(Decided::Denied) => Page(TokenlessPage::page(&site, &standin)).into_response(),
        Err(DecisionError::Ask(error)) => refuse(&site, error),
        Err(error @ (DecisionError::CompanyMissing | DecisionError::NotYourCompany)) => {
            let errors = FormErrors::one("company", sentence(&error.to_string()));
            match standin.ask(&form.request).await {
                Ok(asked) => {
                    consent_page(&site, &standin, &asked, &form.request, &session, Some(errors)).await
                }
                Err(error) => refuse(&site, error),
            }
        }
    }
}

#[derive(Template)]
#[template(path = "sandbox/token.html")]
struct TokenPage {
    layout: Layout,
    system: &'static str,
    client: String,
    token: String,
}

async fn token_page(site: &Site, standin: &Standin, request: &str, token: &str) -> Response {
    let client = match standin.ask(request).await {
        Ok(asked) => asked.client_name().to_owned(),
        Err(error) => return refuse(site, error),
    };
    let layout = layout(site, standin, "Your grant token");
    Page(TokenPage { layout, system: standin.system().name, client, token: token.to_owned() }).into_response()
}

#[derive(Template)]
#[template(path = "layout/refusal.html")]
struct TokenlessPage {
    layout: Layout,
    detail: String,
    way_on: Option<&'static str>,
    request_id: Option<String>,
}

impl TokenlessPage {
    fn page(site: &Site, standin: &Standin) -> Self {
        let layout = layout(site, standin, "Nothing was granted");
        Self { layout, detail: "You can close this page.".to_owned(), way_on: None, request_id: None }
    }
}
