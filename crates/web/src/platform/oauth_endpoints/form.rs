use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
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

/// The same of a JSON body: for the registration of clients.
#[derive(Debug)]
pub(super) struct EngineJson {
    pub(super) authorization: Option<String>,
    pub(super) body: Bytes,
}

/// The `Authorization` header of a request without a body.
#[derive(Debug)]
pub(super) struct EngineHeader(pub(super) Option<String>);

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

impl FromRequest<PlatformState> for EngineForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &PlatformState) -> Result<Self, Response> {
        let (authorization, body) = read(request, FORM, oauth::parameters::MAX_BYTES)
            .await
            .map_err(|problem| OAuthEndpoint::refuse(problem, &Arc::clone(&state.site)))?;
        Ok(Self { authorization, body })
    }
}

impl FromRequest<PlatformState> for EngineJson {
    type Rejection = Response;

    async fn from_request(request: Request, state: &PlatformState) -> Result<Self, Response> {
        let (authorization, body) = read(request, JSON, oauth::client_registration::MAX_BYTES)
            .await
            .map_err(|problem| OAuthEndpoint::refuse(problem, &Arc::clone(&state.site)))?;
        Ok(Self { authorization, body })
    }
}

impl FromRequestParts<PlatformState> for EngineHeader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &PlatformState) -> Result<Self, Response> {
        authorization(&parts.headers).map(Self).map_err(|problem| OAuthEndpoint::refuse(problem, &state.site))
    }
}

fn authorization(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    // A line that is no text stays a line: the engine refuses what it cannot read.
    let authorization = lines.next().map(|value| value.to_str().unwrap_or("unreadable").to_owned());
    if lines.next().is_some() {
        return Err(Problem::bad_request("Send one Authorization header."));
    }
    Ok(authorization)
}

async fn read(
    request: Request,
    content_type: &'static str,
    limit: usize,
) -> Result<(Option<String>, Bytes), Problem> {
    let headers = request.headers();
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|v| v.split(';').next());
    if !essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(content_type)) {
        return Err(Problem::unsupported_media_type(content_type));
    }
    let authorization = authorization(headers)?;
    let body = match Limited::new(request.into_body(), limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Problem::too_large(limit)),
        Err(_) => return Err(Problem::bad_request("The request ended before its body was complete.")),
    };
    Ok((authorization, body))
}
