use ::connect::proxy::ProxyError;
use ::connect::{
    ConfirmError, DisconnectError, LinkError, Need, ReauthoriseError, ReplaceKeyError, SettingsError,
    Unusable,
};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use std::time::Duration;

use super::super::json::reason_json;
use crate::shared::{Problem, Site, Surface};

/// Marks answers that are ours and not a provider's.
const MARK: HeaderName = HeaderName::from_static("mainstay-error");

/// Backends: refusals are problem details, and are marked.
#[derive(Debug, Clone, Copy)]
pub(in crate::connect) struct Backends;

impl Surface for Backends {
    fn refuse(problem: Problem, _site: &Site) -> Response {
        Refusal(problem).into_response()
    }
}

/// A refusal of the API.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) Problem);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static(self.0.kind());
        let unauthorized = self.0.status() == StatusCode::UNAUTHORIZED;
        let mut response = self.0.into_response();
        response.headers_mut().insert(MARK, kind);
        if unauthorized {
            let challenge = HeaderValue::from_static("Bearer realm=\"mainstay\"");
            response.headers_mut().insert(http::header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<base::StoreError> for Refusal {
    fn from(error: base::StoreError) -> Self {
        Self(error.into())
    }
}

/// Whole seconds, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A token whose role does not reach so far.
pub(super) fn insufficient_role(detail: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "insufficient-role", "The API token's role does not allow this")
        .detail(detail)
}

fn needs_attention() -> Problem {
    Problem::new(StatusCode::CONFLICT, "connection-needs-attention", "A person must sign in again")
}

fn disconnected() -> Problem {
    Problem::new(StatusCode::GONE, "connection-disconnected", "The connection was disconnected")
}

fn company_mismatch(detail: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, "company-mismatch", "The credential is for another company")
        .detail(detail)
}

fn changed_meanwhile() -> Problem {
    Problem::new(StatusCode::CONFLICT, "changed-meanwhile", "Somebody else changed it at the same time")
        .detail("Read it again and repeat what is still to be done.")
}

fn refresh_pending(wait: Duration) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "refresh-pending", "A refresh is under way")
        .detail("Nothing is lost. Try again after the time in Retry-After.")
        .retry_after(seconds(wait))
}

impl From<Unusable> for Refusal {
    fn from(error: Unusable) -> Self {
        Self(match error {
            Unusable::NoConnection => Problem::not_found(),
            Unusable::NeedsAttention(reason) => {
                let json = reason_json(Some(&reason));
                needs_attention().detail(reason.sentence).with("reason", json)
            }
            Unusable::NotActive => {
                Problem::new(StatusCode::CONFLICT, "connection-not-active", "The pair waits to be confirmed")
                    .detail("Confirm it with POST /v1/connections/{id}/confirm.")
            }
            Unusable::Disconnected => disconnected(),
            Unusable::RefreshPending { retry_after } => refresh_pending(retry_after),
            Unusable::Degraded { reason, retry_after } => {
                let json = reason_json(Some(&reason));
                Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "provider-degraded",
                    "The provider is out of order",
                )
                .detail(reason.sentence)
                .with("reason", json)
                .retry_after(seconds(retry_after))
            }
            Unusable::NoSuchGeneration => Problem::unprocessable("This end has not reached that generation."),
            Unusable::CannotOpen => {
                tracing::error!("a stored credential cannot be opened or sent");
                Problem::internal()
            }
            Unusable::NotSetUp(provider) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "provider-not-set-up",
                "The provider is not set up here",
            )
            .detail(format!("{provider} is missing in the catalogue of this deployment.")),
            Unusable::Store(error) => error.into(),
        })
    }
}

impl From<ProxyError> for Refusal {
    fn from(error: ProxyError) -> Self {
        Self(match error {
            ProxyError::Path(error) => Problem::bad_request(format!("The path is refused: {error}.")),
            ProxyError::EndsAccess => insufficient_role(format!(
                "This call would end the provider's access for good, so it needs a token with the role `admin`. \
                 To disconnect, send `DELETE /v1/connections/{{id}}` with a token that has the role {}.",
                Need::Connections.roles()
            )),
            ProxyError::Unusable(error) => return error.into(),
            ProxyError::Body => Problem::bad_request("The request ended before its body was complete."),
            ProxyError::Unavailable(error) => {
                let sent = if error.certainly_not_sent() {
                    "The request was not sent, so it can be sent again."
                } else {
                    "It is not known whether the provider acted on the request."
                };
                tracing::warn!(%error, "a call through the proxy has no answer");
                Problem::new(StatusCode::BAD_GATEWAY, "provider-unavailable", "The provider does not answer")
                    .detail(sent)
                    .with("sent", !error.certainly_not_sent())
            }
            ProxyError::SendAgain => refresh_pending(Duration::from_secs(1))
                .detail("The token was renewed while the request was under way, and its body is too large to be kept. Send it again."),
        })
    }
}

impl From<ReauthoriseError> for Refusal {
    fn from(error: ReauthoriseError) -> Self {
        Self(match error {
            ReauthoriseError::NoConnection => Problem::not_found(),
            ReauthoriseError::Disconnected => disconnected(),
            ReauthoriseError::Pending => return Unusable::NotActive.into(),
            ReauthoriseError::NoClient(_) | ReauthoriseError::ReturnTo => {
                Problem::unprocessable(format!("{error}."))
            }
            ReauthoriseError::Store(error) => error.into(),
        })
    }
}

impl From<LinkError> for Refusal {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Connection(error) => error.into(),
            LinkError::Store(error) => error.into(),
            error => Self(Problem::unprocessable(format!("{error}."))),
        }
    }
}

impl From<ReplaceKeyError> for Refusal {
    fn from(error: ReplaceKeyError) -> Self {
        Self(match error {
            ReplaceKeyError::NoConnection => Problem::not_found(),
            ReplaceKeyError::Disconnected => disconnected(),
            ReplaceKeyError::OtherCompany { .. } => company_mismatch(format!("{error}.")),
            ReplaceKeyError::Key(notice) if notice.code == "provider_unavailable" => {
                Problem::new(StatusCode::BAD_GATEWAY, "provider-unavailable", "The provider does not answer")
                    .detail(notice.sentence)
            }
            ReplaceKeyError::Key(notice) => {
                Problem::unprocessable(notice.sentence.clone()).with("code", notice.code)
            }
            ReplaceKeyError::NoKeys(_) => Problem::unprocessable(format!("{error}.")),
            ReplaceKeyError::Stale => changed_meanwhile(),
            ReplaceKeyError::Store(error) => error.into(),
        })
    }
}

impl From<SettingsError> for Refusal {
    fn from(error: SettingsError) -> Self {
        Self(match error {
            SettingsError::NoConnection => Problem::not_found(),
            SettingsError::Reference | SettingsError::TooLarge => Problem::unprocessable(format!("{error}.")),
            SettingsError::Stale => changed_meanwhile(),
            SettingsError::Store(error) => error.into(),
        })
    }
}

impl From<ConfirmError> for Refusal {
    fn from(error: ConfirmError) -> Self {
        Self(match error {
            ConfirmError::NoConnection => Problem::not_found(),
            ConfirmError::Disconnected => disconnected(),
            ConfirmError::Taken(_) => {
                Problem::new(StatusCode::CONFLICT, "company-taken", "A company is connected otherwise by now")
                    .detail(format!("{error}."))
            }
            ConfirmError::Stale => changed_meanwhile(),
            ConfirmError::Store(error) => error.into(),
        })
    }
}

impl From<DisconnectError> for Refusal {
    fn from(error: DisconnectError) -> Self {
        Self(match error {
            DisconnectError::NoConnection => Problem::not_found(),
            DisconnectError::Stale => changed_meanwhile(),
            DisconnectError::Store(error) => error.into(),
        })
    }
}
