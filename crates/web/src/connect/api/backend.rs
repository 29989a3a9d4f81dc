use ::connect::{AccessError, Caller, Need};
use audit::Actor;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header;
use http::request::Parts;

use super::super::ConnectState;
use super::super::record::FoundActor;
use super::refusal::{Refusal, insufficient_role};
use crate::shared::Problem;

/// A backend that has shown a valid API token.
#[derive(Debug)]
pub(super) struct Backend(Caller);

impl Backend {
    /// Lets the backend do what needs a role, if its role suffices.
    pub(super) fn need(&self, need: Need) -> Result<&Caller, Refusal> {
        if self.0.may(need) {
            return Ok(&self.0);
        }
        let detail = format!("The token has the role `{}`; this needs {}.", self.0.role, need.roles());
        Err(Refusal(insufficient_role(detail)))
    }
}

impl FromRequestParts<ConnectState> for Backend {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ConnectState) -> Result<Self, Response> {
        let unauthorized = |detail: &str| Refusal(Problem::unauthorized(detail)).into_response();
        let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (headers.next(), headers.next()) else {
            return Err(unauthorized("Send an API token as `Authorization: Bearer …`."));
        };
        let text = value.to_str().ok().and_then(oauth::bearer::read);
        let text = text.ok_or_else(|| unauthorized("Send an API token as `Authorization: Bearer …`."))?;
        match state.connect.authenticate(&text).await {
            Ok(caller) => {
                FoundActor::leave(parts, || Actor::ApiKey(caller.token.to_string()));
                Ok(Self(caller))
            }
            Err(AccessError::Invalid) => Err(unauthorized("The API token is unknown or was revoked.")),
            Err(AccessError::Store(error)) => Err(Refusal::from(error).into_response()),
        }
    }
}
