use std::collections::BTreeMap;

use askama::Template;
use authserver::{InitialAccessToken, InitialAccessTokenId, NewInitialAccessToken};
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use base::{Secret, Timestamp};
use http::StatusCode;
use platform::ActError;
use serde::Deserialize;

use super::{Administrator, address, refuse};
use crate::platform::PlatformState;
use crate::platform::client_form::told;
use crate::shared::page::{Badge, Moment, Tone};
use crate::shared::{Form, FormErrors, Layout, Page, Pages, Problem, Query, Surface as _};

const PATH: &str = "/admin/registration-tokens";

/// What has just been done.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/registration_tokens.html")]
struct TokensPage {
    layout: Layout,
    errors: FormErrors,
    csrf: String,
    rows: Vec<Row>,
    filled: TokenForm,
    /// Where programs register.
    endpoint: String,
}

#[derive(Debug)]
struct Row {
    id: String,
    note: String,
    badge: Badge,
    live: bool,
    pre_approved: bool,
    uses_left: u32,
    expires_at: Moment,
    created_at: Moment,
    created_by: String,
}

/// The form for a new token.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenForm {
    csrf: String,
    note: String,
    uses: String,
    days: String,
    /// `needed` or `none`.
    review: String,
}

/// The form that withdraws one.
#[derive(Debug, Deserialize)]
pub(super) struct RevokeForm {
    csrf: String,
    id: String,
}

#[derive(Debug, Template)]
#[template(path = "platform/admin/new_registration_token.html")]
struct NewTokenPage {
    layout: Layout,
    token: Secret<String>,
    endpoint: String,
    uses: u32,
    expires_at: Moment,
    pre_approved: bool,
}

/// `GET /admin/registration-tokens`
pub(super) async fn show(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Query(done, ..): Query<Done, Pages>,
) -> Response {
    let new = NewInitialAccessToken::default();
    let filled = TokenForm {
        uses: new.uses.to_string(),
        days: new.days.to_string(),
        review: "needed".to_owned(),
        ..TokenForm::default()
    };
    tokens_page(&state, &administrator, FormErrors::none(), filled, done.done.is_some()).await
}

async fn tokens_page(
    state: &PlatformState,
    administrator: &Administrator,
    errors: FormErrors,
    filled: TokenForm,
    revoked: bool,
) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    match page(state, administrator, errors, filled, revoked).await {
        Ok(page) => (status, Page(page)).into_response(),
        Err(error) => refuse(error, state),
    }
}

async fn page(
    state: &PlatformState,
    administrator: &Administrator,
    errors: FormErrors,
    filled: TokenForm,
    revoked: bool,
) -> Result<TokensPage, ActError> {
    let tokens = state.platform.initial_access_tokens().await?;
    let makers = tokens.iter().map(|token| token.created_by.as_str());
    let names = state.platform.names_of(makers, std::iter::empty()).await?;
    let now = state.site.clock.now();
    let mut layout = administrator.layout(state, "Tokens for registering", "/admin/clients");
    if revoked {
        layout =
            layout.notice(Tone::Good, "The token was withdrawn. Clients that were registered with it stay.");
    }
    Ok(TokensPage {
        layout,
        errors,
        csrf: administrator.0.csrf(),
        rows: tokens.into_iter().map(|token| row(token, &names, now)).collect(),
        filled,
        endpoint: endpoint(state),
    })
}

fn endpoint(state: &PlatformState) -> String {
    format!("{}/oauth/register", state.site.base_url())
}

fn row(token: InitialAccessToken, names: &BTreeMap<String, String>, now: Timestamp) -> Row {
    let live = token.is_live(now);
    Row {
        id: token.id.to_string(),
        badge: if live {
            Badge::new(Tone::Good, "Live")
        } else if token.revoked_at.is_some() {
            Badge::new(Tone::Plain, "Withdrawn")
        } else if token.uses_left == 0 {
            Badge::new(Tone::Plain, "Used up")
        } else {
            Badge::new(Tone::Plain, "Expired")
        },
        live,
        pre_approved: token.pre_approved,
        uses_left: token.uses_left,
        expires_at: Moment(token.expires_at),
        created_at: Moment(token.created_at),
        created_by: names.get(&token.created_by).cloned().unwrap_or(token.created_by),
        note: token.note,
    }
}

/// `POST /admin/registration-tokens`: makes a token and shows it, this once.
pub(super) async fn create(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Form(form, ..): Form<TokenForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let mut errors = FormErrors::none();
    let mut number = |field, text: &str| {
        text.trim().parse::<u32>().unwrap_or_else(|_| {
            errors.add(field, "Give a whole number.");
            0
        })
    };
    let new = NewInitialAccessToken {
        note: form.note.trim().to_owned(),
        pre_approved: form.review == "none",
        uses: number("uses", &form.uses),
        days: number("days", &form.days),
    };
    if !errors.is_empty() {
        return tokens_page(&state, &administrator, errors, form, false).await;
    }
    match state.platform.create_initial_access_token(&administrator.0.by, new).await {
        Ok((token, text)) => Page(NewTokenPage {
            layout: administrator.layout(&state, "Your new token", "/admin/clients"),
            token: text,
            endpoint: endpoint(&state),
            uses: token.uses_left,
            expires_at: Moment(token.expires_at),
            pre_approved: token.pre_approved,
        })
        .into_response(),
        Err(error) => match told(&error) {
            Some(errors) => tokens_page(&state, &administrator, errors, form, false).await,
            None => refuse(error, &state),
        },
    }
}

/// `POST /admin/registration-tokens/revoke`
pub(super) async fn revoke(
    State(state): State<PlatformState>,
    administrator: Administrator,
    Form(form, ..): Form<RevokeForm, Pages>,
) -> Response {
    if let Some(refusal) = administrator.0.foreign(&form.csrf, &state).await {
        return refusal;
    }
    let Ok(id) = form.id.parse::<InitialAccessTokenId>() else {
        return Pages::refuse(Problem::not_found(), &state.site);
    };
    match state.platform.revoke_initial_access_token(&administrator.0.by, id).await {
        Ok(()) => {
            let here = address::list(state.site.base_path(), PATH, &[("done", "revoked")]);
            Redirect::to(&here).into_response()
        }
        Err(error) => refuse(error, &state),
    }
}
