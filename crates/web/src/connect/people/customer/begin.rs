use ::connect::{ConnectSessionId, LinkError, LinkRequest};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode};
use providers::Side;
use serde::Deserialize;

use super::browser::{self, Browser};
use super::stopped::stopped;
use crate::connect::ConnectState;
use crate::connect::pages::BeginPage;
use crate::shared::{
    ClientAddress, Form, FormErrors, FormTargets, Layout, Page, Pages, Problem, Surface as _,
};

/// What a form that is not of a walk yet is tied to, in place of the walk's id.
fn no_walk() -> ConnectSessionId {
    "cse_00000000-0000-0000-0000-000000000000".parse().expect("this is an id")
}

/// `GET /connect`, the Initiation URI (facts 17.7): somebody comes by themselves, from Pleo or from anywhere.
pub(super) async fn offer(State(state): State<ConnectState>, headers: HeaderMap) -> Response {
    let browser = Browser::of(&state.connect, &state.site, &headers);
    let response = page(&state, &browser, FormErrors::none()).await;
    browser.remembered(&state.site, response)
}

async fn page(state: &ConnectState, browser: &Browser, errors: FormErrors) -> Response {
    let site = &state.site;
    let clients = match state.connect.clients().await {
        Ok(clients) => clients,
        Err(error) => return Pages::refuse(Problem::from(error), site),
    };
    let offered: Vec<_> = state
        .connect
        .directory()
        .iter()
        .filter(|access| access.provider.side == Side::Accounting)
        .filter(|access| clients.iter().any(|client| client.provider == access.provider.id.as_str()))
        .map(|access| (access.provider.id.to_string(), access.provider.name.clone()))
        .collect();
    if offered.is_empty() {
        let sentence =
            "No accounting system is set up here yet. Please tell whoever runs this service.".to_owned();
        return stopped(
            site,
            StatusCode::SERVICE_UNAVAILABLE,
            "This cannot be done at the moment",
            sentence,
            None,
        );
    }
    let csrf = state.connect.form_value(&browser.value, no_walk());
    let action = format!("{}/connect", site.base_path());
    let layout = Layout::new(site, "Connect Pleo with your accounting system");
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let targets = state
        .connect
        .directory()
        .platform()
        .and_then(|access| access.endpoints.authorize_url.as_ref())
        .map(FormTargets::to);
    (
        status,
        Extension(targets.unwrap_or_default()),
        Page(BeginPage { layout, offered, errors, action, csrf }),
    )
        .into_response()
}

#[derive(Debug, Deserialize)]
pub(super) struct BeginForm {
    csrf: String,
    accounting: Option<String>,
}

/// `POST /connect`: a link for this person, opened at once.
pub(super) async fn begin(
    State(state): State<ConnectState>,
    headers: HeaderMap,
    ClientAddress(address): ClientAddress,
    Form(form, _): Form<BeginForm, Pages>,
) -> Response {
    let site = &state.site;
    let browser = Browser::of(&state.connect, site, &headers);
    if browser::known(site, &headers).is_none()
        || state.connect.check_form(&browser.value, no_walk(), &form.csrf).is_err()
    {
        return super::stopped::refused(site, &::connect::WalkError::StaleForm);
    }
    if let Err(wait) = state.connect.admit_visitor(&base::source_of(address)) {
        return Pages::refuse(Problem::too_many(wait.as_secs().max(1)), site);
    }
    let request = LinkRequest { accounting: form.accounting, ..LinkRequest::default() };
    match state.connect.create_link(request).await {
        Ok(link) => {
            Redirect::to(&format!("{}/connect/{}", site.base_path(), link.text.expose())).into_response()
        }
        Err(LinkError::Store(error)) => Pages::refuse(Problem::from(error), site),
        Err(LinkError::AccountingMissing | LinkError::NoProvider(_)) => {
            page(&state, &browser, FormErrors::one("accounting", "Choose your accounting system.")).await
        }
        Err(error) => stopped(
            site,
            StatusCode::SERVICE_UNAVAILABLE,
            "This cannot be done at the moment",
            error.to_string(),
            None,
        ),
    }
}
