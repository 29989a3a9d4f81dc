use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use base::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, header};
use platform::{ApiError, Caller, Presented};

use super::PlatformState;
use super::denied::FoundCaller;
use super::refusal::Refusal;
use crate::shared::{Pairs, origin_of};

/// The caller of a resource API. Taking it is what guards a route: without a good credential there is none.
#[derive(Debug)]
pub(super) struct Authorized(pub(super) Caller);

impl FromRequestParts<PlatformState> for Authorized {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &PlatformState) -> Result<Self, Response> {
        let found = match presented(&parts.headers, parts.uri.query()) {
            Ok(presented) => {
                let origin = origin_of(parts).await;
                state.platform.admit(&presented, &origin).await
            }
            Err(error) => Err(error),
        };
        let caller = found.map_err(|error| Refusal(error).into_response())?;
        if let Some(slot) = parts.extensions.get::<FoundCaller>() {
            slot.0.get_or_init(|| caller.clone());
        }
        Ok(Self(caller))
    }
}

/// The one credential of a request. It is looked for in the `Authorization` header alone (facts 7, 10.1).
fn presented(headers: &HeaderMap, query: Option<&str>) -> Result<Presented, ApiError> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next();
    let in_query = query
        .and_then(|query| Pairs::parse(query).ok())
        .is_some_and(|pairs| pairs.as_ref().iter().any(|(name, _)| name == "access_token"));
    if lines.next().is_some() || (line.is_some() && in_query) {
        return Err(ApiError::TwoCredentials);
    }
    let line = line.ok_or(ApiError::NoCredential)?.to_str().map_err(|_| ApiError::InvalidCredential)?;
    if let Some(token) = oauth::bearer::read(line) {
        return Ok(Presented::AccessToken(token));
    }
    let key = basic_key(line).ok_or(ApiError::InvalidCredential)?;
    // An API key belongs on a server; a page that holds one has already lost it.
    if headers.contains_key(header::ORIGIN) {
        Err(ApiError::InvalidCredential)
    } else {
        Ok(Presented::ApiKey(key))
    }
}

/// The API key of `Basic base64(<key>:)`: the key as user name, the password empty.
fn basic_key(line: &str) -> Option<Secret<String>> {
    let (scheme, encoded) = line.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Secret::new(String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?);
    let key = decoded.expose().strip_suffix(':')?;
    (!key.is_empty() && !key.contains(':')).then(|| Secret::new(key.to_owned()))
}

#[cfg(test)]
mod tests;
