use ::connect::{ConnectSessionId, End, Flow, Next, Walk, WalkError};
use axum::extract::State;
use axum::response::Response;
use base::Secret;
use http::HeaderMap;
use serde::Deserialize;

use super::browser;
use super::link::follow;
use super::show;
use super::stopped::{refused, to_page};
use crate::connect::ConnectState;
use crate::shared::{Form, Pages, Path};

/// `GET /connect/session/{id}`: where the walk stands.
pub(super) async fn show(
    State(state): State<ConnectState>,
    headers: HeaderMap,
    Path(id, _): Path<ConnectSessionId, Pages>,
) -> Response {
    let site = &state.site;
    let Some(browser) = browser::known(site, &headers) else {
        return refused(site, &WalkError::OtherBrowser);
    };
    let found = async {
        let walk = state.connect.walk(id, &browser).await?;
        if !matches!(walk.session.flow, Flow::Identifying { .. }) {
            return Ok(walk);
        }
        // The sign-in is kept; the provider is asked again for its company.
        match state.connect.look_again(id, &browser).await {
            Ok(_) | Err(WalkError::NotHere) => state.connect.walk(id, &browser).await,
            Err(error) => Err(error),
        }
    };
    match found.await {
        Ok(walk) => show::page(&state, &walk, &browser, false),
        Err(error) => refused(site, &error),
    }
}

/// The fields of every form of the walk; each step reads its own.
#[derive(Debug, Deserialize)]
pub(super) struct StepForm {
    csrf: String,
    decision: Option<String>,
    company: Option<String>,
    api_key: Option<Secret<String>>,
}

/// `POST /connect/session/{id}`: the step that is due. A form of an earlier step changes nothing and leads to the present page.
pub(super) async fn step(
    State(state): State<ConnectState>,
    headers: HeaderMap,
    Path(id, _): Path<ConnectSessionId, Pages>,
    Form(form, _): Form<StepForm, Pages>,
) -> Response {
    let site = &state.site;
    let Some(browser) = browser::known(site, &headers) else {
        return refused(site, &WalkError::OtherBrowser);
    };
    let stepped = async {
        state.connect.check_form(&browser, id, &form.csrf)?;
        let walk = state.connect.walk(id, &browser).await?;
        match take(&state, &walk, &browser, form).await {
            // Another tab, or the other of two clicks, was quicker.
            Err(WalkError::NotHere) => Ok(Next::Page(id)),
            next => next,
        }
    };
    match stepped.await {
        Ok(Next::Page(id)) => page_or_refusal(&state, id, &browser).await,
        Ok(next) => follow(&state, next),
        Err(error) => refused(site, &error),
    }
}

async fn take(
    state: &ConnectState,
    walk: &Walk,
    browser: &Secret<String>,
    form: StepForm,
) -> Result<Next, WalkError> {
    let (connect, id) = (&state.connect, walk.session.id);
    let decision = form.decision.as_deref();
    match decision {
        Some("cancel") => return connect.cancel(id, browser).await,
        Some("other_platform") => return connect.start_over(id, browser, End::Platform).await,
        Some("other_accounting") => return connect.start_over(id, browser, End::Accounting).await,
        _ => {}
    }
    match &walk.session.flow {
        Flow::Ready { .. } | Flow::Away { .. } | Flow::Exchanging { .. } if no_answer(&form) => {
            connect.go_on(id, browser).await
        }
        Flow::Identifying { .. } => connect.look_again(id, browser).await,
        Flow::AwaitingKey { .. } => match &form.api_key {
            Some(key) => connect.paste_key(id, browser, key).await,
            None => connect.paste_key(id, browser, &Secret::new(String::new())).await,
        },
        Flow::Choosing { .. } => {
            connect.choose(id, browser, form.company.as_deref().unwrap_or_default()).await
        }
        Flow::Confirming { .. } if decision == Some("confirm") => connect.confirm(id, browser).await,
        _ => Ok(Next::Page(id)),
    }
}

/// Whether the form is one of a page that has a button alone.
fn no_answer(form: &StepForm) -> bool {
    form.decision.is_none() && form.company.is_none() && form.api_key.is_none()
}

/// After a step: a step that was refused says so at once, as a refusal; else on to the page, so that going back or loading it
/// again repeats nothing. A page that looks again by itself is always reached by its own address: the answer to a step cannot be
/// asked for twice.
pub(super) async fn page_or_refusal(
    state: &ConnectState,
    id: ConnectSessionId,
    browser: &Secret<String>,
) -> Response {
    match state.connect.walk(id, browser).await {
        Ok(walk)
            if walk.session.notice.is_some() && !matches!(walk.session.flow, Flow::Identifying { .. }) =>
        {
            show::page(state, &walk, browser, true)
        }
        Ok(_) => to_page(&state.site, id),
        Err(error) => refused(&state.site, &error),
    }
}
