use ::connect::Next;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use serde::Deserialize;

use super::browser::Browser;
use super::show;
use super::stopped::{refused, to_page};
use crate::connect::ConnectState;
use crate::shared::{Form, Pages, Path};

/// `GET /connect/{token}`: looking at a link changes nothing.
pub(super) async fn look(
    State(state): State<ConnectState>,
    headers: HeaderMap,
    Path(token, _): Path<String, Pages>,
) -> Response {
    let site = &state.site;
    let browser = Browser::of(&state.connect, site, &headers);
    let walk = match state.connect.look(&token).await {
        Ok(walk) => walk,
        Err(error) => return refused(site, &error),
    };
    match state.connect.belongs_to(&walk.session, Some(&browser.value)) {
        Ok(true) => to_page(site, walk.session.id),
        Ok(false) => {
            let csrf = state.connect.form_value(&browser.value, walk.session.id);
            let action = format!("{}/connect/{token}", site.base_path());
            browser.remembered(site, show::offer(&state, &walk, action, csrf))
        }
        Err(error) => refused(site, &error),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct StartForm {
    csrf: String,
}

/// `POST /connect/{token}`: the Start button.
pub(super) async fn start(
    State(state): State<ConnectState>,
    headers: HeaderMap,
    Path(token, _): Path<String, Pages>,
    Form(form, _): Form<StartForm, Pages>,
) -> Response {
    let site = &state.site;
    let browser = Browser::of(&state.connect, site, &headers);
    let started = async {
        let walk = state.connect.look(&token).await?;
        state.connect.belongs_to(&walk.session, Some(&browser.value))?;
        state.connect.check_form(&browser.value, walk.session.id, &form.csrf)?;
        state.connect.start(&token, &browser.value).await
    };
    match started.await {
        Ok(next) => follow(&state, next),
        Err(error) => refused(site, &error),
    }
}

/// To the provider, or to the page of the walk.
pub(super) fn follow(state: &ConnectState, next: Next) -> Response {
    match next {
        Next::Provider(url) => Redirect::to(url.as_str()).into_response(),
        Next::Page(id) => to_page(&state.site, id),
    }
}
