use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::Response;
use bytes::Bytes;
use http::header;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::platform::PlatformState;
use crate::platform::refusal::OAuthEndpoint;
use crate::shared::{Problem, Surface as _};

/// What the engine reads of a POST: the `Authorization` header and the form as it came. The engine itself refuses repeated
/// parameters and broken encoding.
#[derive(Debug)]
pub(super) struct EngineForm {
    pub(super) authorization: Option<String>,
    pub(super) body: Bytes,
}

const FORM: &str = "application/x-www-form-urlencoded";

impl FromRequest<PlatformState> for EngineForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &PlatformState) -> Result<Self, Response> {
        read(request).await.map_err(|problem| OAuthEndpoint::refuse(problem, &Arc::clone(&state.site)))
    }
}

async fn read(request: Request) -> Result<EngineForm, Problem> {
    let headers = request.headers();
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|v| v.split(';').next());
    if !essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(FORM)) {
        return Err(Problem::unsupported_media_type(FORM));
    }
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    // A line that is no text stays a line: the engine refuses what it cannot read.
    let authorization = lines.next().map(|value| value.to_str().unwrap_or("unreadable").to_owned());
    if lines.next().is_some() {
        return Err(Problem::bad_request("Send one Authorization header."));
    }
    let limit = oauth::parameters::MAX_BYTES;
    let body = match Limited::new(request.into_body(), limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Problem::too_large(limit)),
        Err(_) => return Err(Problem::bad_request("The request ended before its body was complete.")),
    };
    Ok(EngineForm { authorization, body })
}
