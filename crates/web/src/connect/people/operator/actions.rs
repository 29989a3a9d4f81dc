//! What an operator can do with a connection.

use ::connect::{ConnectionId, DisconnectError, End, Method, ReauthoriseError, ReplaceKeyError};
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use base::Secret;
use http::StatusCode;
use serde::Deserialize;

use super::connection::{Shown, page};
use super::operator_session::Operator;
use crate::connect::ConnectState;
use crate::connect::pages::LinkPage;
use crate::shared::page::{Moment, Tone};
use crate::shared::{Form, FormErrors, Page, Pages, Path, Problem, Surface as _};

#[derive(Debug, Deserialize)]
pub(super) struct BareForm {
    csrf: String,
}

/// `POST /connections/{id}/{end}/reauthorise`: a link for the person who is to sign in.
pub(super) async fn reauthorise(
    State(state): State<ConnectState>,
    operator: Operator,
    Path((id, end), _): Path<(ConnectionId, End), Pages>,
    Form(form, _): Form<BareForm, Pages>,
) -> Response {
    let site = &state.site;
    if let Some(response) = operator.refusal(&form.csrf, site) {
        return response;
    }
    let made = match state.connect.reauthorise(id, Some(end), Method::OAuth, None, None).await {
        Ok(made) => made,
        Err(error) => return refused(&state, error),
    };
    let connection = match state.connect.connection(id).await {
        Ok(Some(found)) => found.connection,
        Ok(None) => return Pages::refuse(Problem::not_found(), site),
        Err(error) => return Pages::refuse(Problem::from(error), site),
    };
    let sentence = ::connect::words::request_for_sign_in(&connection, end, state.connect.directory());
    let page = LinkPage {
        layout: operator.layout(site, "The link is ready", ""),
        url: made.link.url.expose().clone(),
        sentence,
        expires_at: Moment(made.link.expires_at),
        back: format!("{}/connections/{id}", site.base_path()),
    };
    Page(page).into_response()
}

fn refused(state: &ConnectState, error: ReauthoriseError) -> Response {
    let problem = match error {
        ReauthoriseError::NoConnection => Problem::not_found(),
        ReauthoriseError::Store(error) => error.into(),
        error => Problem::new(StatusCode::CONFLICT, "not-possible", "No link can be made")
            .detail(format!("{error}.")),
    };
    Pages::refuse(problem, &state.site)
}

#[derive(Debug, Deserialize)]
pub(super) struct KeyForm {
    csrf: String,
    api_key: Option<Secret<String>>,
}

/// `POST /connections/{id}/{end}/api-key`
pub(super) async fn replace_key(
    State(state): State<ConnectState>,
    operator: Operator,
    Path((id, end), _): Path<(ConnectionId, End), Pages>,
    Form(form, _): Form<KeyForm, Pages>,
) -> Response {
    let site = &state.site;
    if let Some(response) = operator.refusal(&form.csrf, site) {
        return response;
    }
    let key = form.api_key.unwrap_or_else(|| Secret::new(String::new()));
    let shown = match state.connect.replace_key(id, end, &key).await {
        Ok(_) => return Redirect::to(&format!("{}/connections/{id}", site.base_path())).into_response(),
        Err(ReplaceKeyError::NoConnection) => return Pages::refuse(Problem::not_found(), site),
        Err(ReplaceKeyError::Store(error)) => return Pages::refuse(Problem::from(error), site),
        Err(error) => {
            let mut sentence = error.to_string();
            if !sentence.ends_with('.') {
                sentence.push('.');
            }
            Shown { errors: Some((end, FormErrors::one("api_key", sentence))), ..Shown::default() }
        }
    };
    page(&state, &operator, id, shown).await
}

/// `POST /connections/{id}/disconnect`
pub(super) async fn disconnect(
    State(state): State<ConnectState>,
    operator: Operator,
    Path(id, _): Path<ConnectionId, Pages>,
    Form(form, _): Form<BareForm, Pages>,
) -> Response {
    let site = &state.site;
    if let Some(response) = operator.refusal(&form.csrf, site) {
        return response;
    }
    match state.connect.disconnect(id).await {
        Ok(done) => {
            let notice = if done.left_to_do.is_empty() {
                (Tone::Good, "The connection was disconnected, and both credentials were ended.".to_owned())
            } else {
                (
                    Tone::Warning,
                    format!("The connection was disconnected here. {}", done.left_to_do.join(" ")),
                )
            };
            page(&state, &operator, id, Shown { notice: Some(notice), ..Shown::default() }).await
        }
        Err(DisconnectError::NoConnection) => Pages::refuse(Problem::not_found(), site),
        Err(DisconnectError::Store(error)) => Pages::refuse(Problem::from(error), site),
        Err(error @ DisconnectError::Stale) => {
            let shown = Shown {
                notice: Some((Tone::Bad, format!("Nothing was done: {error}."))),
                ..Shown::default()
            };
            page(&state, &operator, id, shown).await
        }
    }
}
