use ::connect::{ConnectionId, End, Method, Need};
use axum::extract::{Request, State};
use http::header;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::ConnectState;
use super::super::json::reason_json;
use super::backend::Backend;
use super::refusal::{Backends, Refusal};
use super::sessions::method;
use crate::shared::{Path, Problem};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    end: Option<End>,
    method: Option<String>,
    return_to: Option<String>,
}

/// The largest body that is read.
const LARGEST: usize = 16 * 1024;

pub(super) async fn reauthorise(
    State(state): State<ConnectState>,
    backend: Backend,
    Path(id, _): Path<ConnectionId, Backends>,
    request: Request,
) -> Result<axum::Json<Value>, Refusal> {
    let caller = backend.need(Need::Connections)?;
    let asked = read(request).await?;
    let method: Method = method(asked.method.as_deref())?;
    let made = state.connect.reauthorise(id, asked.end, method, asked.return_to, Some(caller.token)).await?;
    Ok(axum::Json(json!({
        "id": made.link.id,
        "url": made.link.url.expose(),
        "expires_at": made.link.expires_at,
        "end": made.end,
        "reason": reason_json(made.reason.as_ref()),
    })))
}

/// The body may be left out altogether.
async fn read(request: Request) -> Result<Asked, Refusal> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        });
    let bytes =
        axum::body::to_bytes(request.into_body(), LARGEST).await.map_err(|_| Problem::too_large(LARGEST))?;
    if bytes.is_empty() {
        return Ok(Asked::default());
    }
    if !is_json {
        return Err(Problem::unsupported_media_type("application/json").into());
    }
    crate::shared::objects_from_slice(&bytes)
        .map_err(|_| Problem::unprocessable("The body is an object with `end` (`platform` or `accounting`), `method` and `return_to`, each of which may be left out.").into())
}
