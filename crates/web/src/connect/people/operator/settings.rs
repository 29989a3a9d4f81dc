use ::connect::{ApiTokenId, Role};
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use base::StoreError;
use http::StatusCode;
use serde::Deserialize;

use super::operator_session::Operator;
use crate::connect::ConnectState;
use crate::connect::pages::{ApiTokenRow, ClientRow, NewTokenPage, RoleChoice, SettingsPage};
use crate::shared::page::Moment;
use crate::shared::{Form, FormErrors, Page, Pages, Path, Problem, Surface as _};

/// The longest name of a token, in characters.
const LONGEST_NAME: usize = 100;

/// `GET /settings`
pub(super) async fn show(State(state): State<ConnectState>, operator: Operator) -> Response {
    page(&state, &operator, FormErrors::none()).await
}

async fn page(state: &ConnectState, operator: &Operator, errors: FormErrors) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    match build(state, operator, errors).await {
        Ok(page) => (status, Page(page)).into_response(),
        Err(error) => Pages::refuse(Problem::from(error), &state.site),
    }
}

async fn build(
    state: &ConnectState,
    operator: &Operator,
    errors: FormErrors,
) -> Result<SettingsPage, StoreError> {
    let base = state.site.base_path();
    let tokens = state.connect.api_tokens().await?;
    let clients = state.connect.clients().await?;
    Ok(SettingsPage {
        layout: operator.layout(&state.site, "Settings", "/settings"),
        tokens: tokens
            .iter()
            .map(|token| ApiTokenRow {
                name: token.name.clone(),
                id: token.id.to_string(),
                role: token.role.to_string(),
                created_at: Moment(token.created_at),
                revoked_at: token.revoked_at.map(Moment),
                revoke: token
                    .revoked_at
                    .is_none()
                    .then(|| format!("{base}/settings/tokens/{}/revoke", token.id)),
            })
            .collect(),
        roles: [Role::Proxy, Role::Connect, Role::Token, Role::Admin]
            .map(|role| RoleChoice { role: role.to_string(), sentence: sentence(role).to_owned() })
            .to_vec(),
        create_token: format!("{base}/settings/tokens"),
        clients: clients
            .iter()
            .map(|client| ClientRow {
                provider: state.connect.directory().name(&client.provider).to_owned(),
                environment: client.environment.clone(),
                client_id: client.client_id.clone(),
                secrets: match client.secrets.len() {
                    0 => "none: a public client".to_owned(),
                    1 => "one live secret".to_owned(),
                    number => format!("{number} live secrets, a rotation is under way"),
                },
                redirect_uri: format!("{}/callback/{}", state.site.base_url(), client.provider),
            })
            .collect(),
        webhooks: None,
        keys: None,
        errors,
        csrf: operator.csrf(),
    })
}

const fn sentence(role: Role) -> &'static str {
    match role {
        Role::Connect => {
            "Makes links, reads connections, events and timelines, asks for a new sign-in, disconnects."
        }
        Role::Proxy => "Sends calls through the proxy. No provider's token ever leaves.",
        Role::Token => "Reads access tokens of the providers.",
        Role::Admin => "Everything.",
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct TokenForm {
    csrf: String,
    name: Option<String>,
    role: Option<String>,
}

/// `POST /settings/tokens`: the text is shown this once.
pub(super) async fn create_token(
    State(state): State<ConnectState>,
    operator: Operator,
    Form(form, _): Form<TokenForm, Pages>,
) -> Response {
    if let Some(response) = operator.refusal(&form.csrf, &state.site) {
        return response;
    }
    let name = form.name.unwrap_or_default().trim().to_owned();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return page(
            &state,
            &operator,
            FormErrors::one("name", format!("A name has at most {LONGEST_NAME} characters.")),
        )
        .await;
    }
    let Some(role) = form.role.as_deref().and_then(|role| role.parse::<Role>().ok()) else {
        return page(&state, &operator, FormErrors::one("role", "Choose what the token may do.")).await;
    };
    match state.connect.create_api_token(&name, role).await {
        Ok(made) => {
            let page = NewTokenPage {
                layout: operator.layout(&state.site, "The token is ready", "/settings"),
                name,
                role: role.to_string(),
                token: made.text.expose().clone(),
                back: format!("{}/settings", state.site.base_path()),
            };
            (StatusCode::CREATED, Page(page)).into_response()
        }
        Err(error) => Pages::refuse(Problem::from(error), &state.site),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct BareForm {
    csrf: String,
}

/// `POST /settings/tokens/{id}/revoke`
pub(super) async fn revoke_token(
    State(state): State<ConnectState>,
    operator: Operator,
    Path(id, _): Path<ApiTokenId, Pages>,
    Form(form, _): Form<BareForm, Pages>,
) -> Response {
    if let Some(response) = operator.refusal(&form.csrf, &state.site) {
        return response;
    }
    match state.connect.revoke_api_token(id).await {
        // One that was revoked before, or is unknown, is not there any more either way: the list shows it.
        Ok(_) => Redirect::to(&format!("{}/settings", state.site.base_path())).into_response(),
        Err(error) => Pages::refuse(Problem::from(error), &state.site),
    }
}
