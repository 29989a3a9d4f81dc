use ::connect::{ConnectionId, LinkRequest, Method, Need};
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::ConnectState;
use super::backend::Backend;
use super::refusal::{Backends, Refusal};
use crate::shared::{Json, Problem};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    accounting: Option<String>,
    country: Option<String>,
    reference: Option<String>,
    return_to: Option<String>,
    connection: Option<String>,
    method: Option<String>,
    #[serde(default)]
    confirm: bool,
}

pub(super) async fn create(
    State(state): State<ConnectState>,
    backend: Backend,
    Json(asked, _): Json<Asked, Backends>,
) -> Result<(StatusCode, axum::Json<Value>), Refusal> {
    let caller = backend.need(Need::Connections)?;
    let request = LinkRequest {
        accounting: asked.accounting,
        country: asked.country,
        reference: asked.reference,
        return_to: asked.return_to,
        connection: asked.connection.as_deref().map(connection).transpose()?,
        method: method(asked.method.as_deref())?,
        confirm: asked.confirm,
        made_by: Some(caller.token),
    };
    let link = state.connect.create_link(request).await?;
    let body = json!({ "id": link.id, "url": link.url.expose(), "expires_at": link.expires_at });
    Ok((StatusCode::CREATED, axum::Json(body)))
}

fn connection(id: &str) -> Result<ConnectionId, Refusal> {
    id.parse().map_err(|_| Problem::unprocessable("`connection` is not the id of a connection.").into())
}

pub(super) fn method(text: Option<&str>) -> Result<Method, Refusal> {
    text.map_or(Ok(Method::OAuth), |text| {
        text.parse().map_err(|error| Problem::unprocessable(format!("{error}.")).into())
    })
}
